"""The drawing of a network: deterministic, nothing on top of anything else."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.serving.queries import Network, Person, Step, Tie
from pipeline.web.drawing import NARROW, WIDE, Drawing, Size, draw, shortened
from tests.outreach.drawn import DAY, person

YOU, TOM, KIM, ANA, LEE = (
    person(number, name) for number, name in enumerate(("You", "Tom", "Kim", "Ana", "Lee"), start=1)
)


def tie(one: Person, other: Person, papers: int = 1) -> Tie:
    first, second = sorted((one.author_id, other.author_id))
    return Tie(first, second, papers, DAY)


def _kinds(drawing: Drawing) -> dict[str, str]:
    return {pill.name: pill.kind for pill in drawing.pills}


def test_you_are_left_coauthors_between_and_suggested_right() -> None:
    network = Network((YOU, TOM, KIM, ANA), (tie(YOU, TOM, 4), tie(YOU, KIM), tie(TOM, ANA)))
    path = [Step(YOU, TOM, None), Step(TOM, ANA, None)]
    drawing = draw(network, [ANA.author_id], path, WIDE)
    places = {pill.name: pill.x for pill in drawing.pills}
    assert places["You"] < places["Tom"] == places["Kim"] < places["Ana"]
    assert _kinds(drawing) == {
        "You": "ego step",
        "Tom": "coauthor step",
        "Kim": "coauthor",
        "Ana": "suggested step",
    }
    assert [line.kind for line in drawing.lines] == ["tie", "step", "step"]
    assert drawing.lines[1].says == "You and Tom: 4 joint papers"


@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_a_longer_path_has_its_people_in_between(size: Size) -> None:
    network = Network((YOU, TOM, ANA), (tie(YOU, TOM),))
    path = [Step(YOU, TOM, None), Step(TOM, LEE, None), Step(LEE, ANA, None)]
    drawing = draw(network, [ANA.author_id], path, size)
    along = [(pill.x, pill.y)[size is NARROW] for pill in drawing.pills]
    assert [pill.name for pill in drawing.pills] == ["You", "Tom", "Lee", "Ana"]
    assert along == sorted(set(along))
    assert len([line for line in drawing.lines if line.kind == "step"]) == 3


def test_somebody_without_anybody_is_drawn_alone() -> None:
    drawing = draw(Network((YOU,), ()), [], [], WIDE)
    assert [pill.label for pill in drawing.pills] == ["You"]
    assert drawing.lines == ()


@given(
    st.integers(0, 9),
    st.integers(0, 7),
    st.lists(st.tuples(st.integers(0, 16), st.integers(0, 16)), max_size=40),
    st.sampled_from([WIDE, NARROW]),
)
def test_pills_never_overlap_and_stay_inside(
    coauthors: int, suggested: int, pairs: list[tuple[int, int]], size: Size
) -> None:
    people = [person(number, f"Some Name {number}") for number in range(1 + coauthors + suggested)]
    ids = [somebody.author_id for somebody in people[1 + coauthors :]]
    ties = {tie(people[a], people[b]) for a, b in pairs if a < b < len(people)}
    network = Network(
        tuple(people), tuple(sorted(ties, key=lambda t: (t.author_id, t.coauthor_id)))
    )
    drawing = draw(network, ids, [], size)
    assert drawing == draw(network, ids, [], size)
    assert len(drawing.pills) == len(people)
    assert len(drawing.lines) == len(ties)
    for pill in drawing.pills:
        assert 0 <= pill.x <= drawing.width - drawing.pill_width
        assert 0 <= pill.y <= drawing.height - drawing.pill_height
    for one, other in combinations(drawing.pills, 2):
        apart = abs(one.x - other.x) >= drawing.pill_width
        assert apart or abs(one.y - other.y) >= drawing.pill_height


@given(st.text(), st.integers(3, 40))
def test_a_shortened_name_is_never_too_long(name: str, length: int) -> None:
    assert len(shortened(name, length)) <= length


def test_particles_are_kept() -> None:
    assert shortened("Saskia de Boer-Janssen", 18) == "S. de Boer-Janssen"
