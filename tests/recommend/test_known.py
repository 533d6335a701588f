"""What is known on a day: nothing of the future, nothing of those who asked to be left alone."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse

from models.pairs import Rows, World
from pipeline.recommend.known import Known, day_number, known_on
from pipeline.recommend.records import Records
from tests.recommend.drawn import SOON, Corpus, at_random

NOBODY = np.zeros(0, np.int64)
FOUR_YEARS_AGO = date(2020, 6, 1)
TIES = ("recent", "lifetime", "last_year", "introducing", "weight", "freshness")


def square(known: Known, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values of ties as a matrix, shape (people, people)."""
    world, size = known.world, known.records.author_ids.size
    matrix: NDArray[np.float64] = sparse.csr_array(
        (values, world.indices, world.indptr), (size, size)
    ).toarray()
    return matrix


def listed(starts: Any, values: Any, people: Any) -> list[list[Any]]:
    return [values[starts[row] : starts[row + 1]].tolist() for row in people]


def likeness(rows: Rows) -> NDArray[np.float64]:
    codes = int(rows.codes.max(initial=0)) + 1
    shape = (len(rows.starts) - 1, codes)
    dense = sparse.csr_array((rows.weights, rows.codes, rows.starts), shape).toarray()
    return dense @ dense.T


def told(known: Known, ids: NDArray[np.int64]) -> dict[str, Any]:
    """Everything that is known of people, by name, in terms that other records share."""
    world, records = known.world, known.records
    people = np.searchsorted(records.author_ids, ids)
    both = np.ix_(people, people)
    graph = sparse.csr_array(
        (known.graph.weights, known.graph.indices, known.graph.indptr),
        (records.author_ids.size, records.author_ids.size),
    ).toarray()
    assert (known.graph.node_ids == records.author_ids).all()
    pmids = records.pmids[world.papers]
    authors = records.author_ids[world.people]
    weights = zip(records.pmids.tolist(), world.paper_weight.tolist(), strict=True)
    places = np.stack([world.institutions, world.departments], axis=1)
    shared = places[:, np.newaxis] == places
    house, room = shared[..., 0], shared.all(axis=2) & (places[:, 1] >= 0)
    at = np.repeat(np.arange(records.author_ids.size), np.diff(world.place_starts))
    works = (at[:, np.newaxis] == people).astype(int)
    told: dict[str, Any] = {
        "as_of": known.as_of,
        "graph": graph[both],
        "strength": known.graph.strength[people],
        "ties": (square(known, np.ones(world.indices.size)) > 0)[both],
        **{name: square(known, getattr(world, name))[both] for name in TIES},
        "papers": listed(world.paper_starts, pmids, people),
        "people": {
            pmid: listed(world.people_starts, authors, [row])[0]
            for row, pmid in enumerate(records.pmids.tolist())
            if world.people_starts[row] < world.people_starts[row + 1]
        },
        "paper_weight": {pmid: weight for pmid, weight in weights if weight},
        **{name: getattr(world, name)[people]
           for name in ("topics_recent", "topics_lifetime", "topics_around")},
        "words": likeness(world.words)[both],
        "venues": likeness(world.venues)[both],
        "institutions": works.T @ house @ works,
        "departments": works.T @ room @ works,
        "wrote": listed(known.wrote.indptr, records.pmids[known.wrote.indices], people),
        "first_days": known.first_days[people],
        "last_days": known.last_days[people],
        "paper_counts": known.paper_counts[people],
        **{f"trait {name}": values[people] for name, values in known.traits.items()},
    }  # fmt: skip
    return told


def without_later_texts(records: Records, past: Records) -> Records:
    """Give the past the topics and words of the whole: space and rarity are those of all texts."""
    rows = np.searchsorted(records.pmids, past.pmids)
    return replace(past, topics=records.topics[rows], words=records.words[rows])


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("back", [0, 700])
def test_nothing_of_the_future_is_known(seed: int, back: int, tmp_path: Path) -> None:
    corpus, day = at_random(seed), SOON - timedelta(days=back)
    records = corpus.records(tmp_path / "whole", author_cap=4)
    past = corpus.until(day).records(tmp_path / "past", author_cap=4)
    assert past.pmids.size < records.pmids.size
    ids = past.author_ids
    hidden = np.searchsorted(records.author_ids, ids[:2])
    for gone, gone_then in ((NOBODY, NOBODY), (hidden, np.arange(2))):
        then = told(known_on(without_later_texts(records, past), day, gone_then), ids)
        now = told(known_on(records, day, gone), ids)
        assert now.keys() == then.keys()
        for name, value in now.items():
            if isinstance(value, np.ndarray):
                np.testing.assert_allclose(value, then[name], 1e-6, 1e-6, err_msg=name)
            else:
                assert value == then[name], name


def test_the_comparison_leaves_no_field_out() -> None:
    """A field that is added to what is known must be added to `told`."""
    assert [field.name for field in fields(Known)] == [
        "as_of", "records", "graph", "world", "wrote", "first_days", "last_days", "paper_counts",
        "traits",
    ]  # fmt: skip
    assert World._fields == (
        "indptr", "indices", *TIES, "paper_starts", "papers", "people_starts", "people",
        "paper_weight", "topics_recent", "topics_lifetime", "topics_around", "words", "venues",
        "place_starts", "institutions", "departments",
    )  # fmt: skip


def test_who_only_writes_later_is_not_there_yet(tmp_path: Path) -> None:
    corpus = Corpus()
    corpus.paper(1, "ann bob", SOON)
    corpus.paper(2, "ann cy", SOON + timedelta(days=1))
    known = known_on(corpus.records(tmp_path), SOON, NOBODY)
    ann, bob, cy = corpus.rows("ann bob cy")
    assert known.paper_counts[[ann, bob, cy]].tolist() == [1, 1, 0]
    assert known.active_since(date(1900, 1, 1))[[ann, bob, cy]].tolist() == [True, True, False]
    assert known.active_since(SOON)[[ann, bob]].tolist() == [True, True]
    assert not known.active_since(SOON + timedelta(days=1)).any()
    assert square(known, known.world.recent)[ann].tolist() == [0.0, 1.0, 0.0]
    assert known.wrote.toarray()[cy].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("seed", range(5))
def test_hidden_people_tie_nobody(seed: int, tmp_path: Path) -> None:
    corpus = at_random(seed)
    records = corpus.records(tmp_path / "whole", author_cap=4)
    hidden = corpus.rows("p3 p5 p11")
    known, usual = known_on(records, SOON, hidden), known_on(records, SOON, NOBODY)
    for name in TIES:
        ties = square(known, getattr(known.world, name))
        assert not ties[hidden].any()
        assert not ties[:, hidden].any()
    assert not known.graph.strength[hidden].any()
    assert square(usual, usual.world.recent)[hidden].any()
    # what they wrote with whom is not forgotten: past coauthors are never suggested
    assert (known.wrote != usual.wrote).nnz == 0
    assert (known.last_days == usual.last_days).all()


def test_of_a_paper_with_somebody_hidden_the_others_are_tied_as_if_alone(tmp_path: Path) -> None:
    corpus = Corpus()
    corpus.paper(1, "ann bob cy", SOON)
    corpus.paper(2, "ann cy", SOON)
    known = known_on(corpus.records(tmp_path), SOON, corpus.rows("cy"))
    ann, bob, cy = corpus.rows("ann bob cy")
    assert known.graph.strength[[ann, bob, cy]].tolist() == [1.0, 1.0, 0.0]
    assert known.traits["coauthors"][[ann, bob, cy]].tolist() == [1.0, 1.0, 0.0]
    assert known.world.paper_weight.tolist() == [1.0, 0.0]


@pytest.fixture
def career(tmp_path: Path) -> tuple[Known, Corpus]:
    """A paper of ann and bob four years ago; today one of three, and one of ann alone."""
    corpus = Corpus()
    corpus.paper(1, "ann bob", SOON - timedelta(days=1_461))
    corpus.paper(2, "ann cy dee", SOON)
    corpus.paper(3, "ann", SOON)
    corpus.paper(4, "cy bob", SOON - timedelta(days=1_461))
    corpus.paper(5, "cy bob", SOON)
    corpus.paper(6, "eve ann", SOON, is_retracted=True)
    corpus.paper(7, "new cy", SOON + timedelta(days=9))
    return known_on(corpus.records(tmp_path), SOON, NOBODY), corpus


FADED, LAST_YEAR, DECADE = np.exp(-4 / 3), np.exp(-4.0), np.exp(-4 / 5)


TRAITS = [
    ("papers", 4, 3, 1),
    ("papers_last_year", 3 + LAST_YEAR, 1 + 2 * LAST_YEAR, 1),
    ("papers_recent", 3 + FADED, 1 + 2 * FADED, 1),
    ("years_since_paper", 0, 0, 0),
    ("career_years", 4, 4, 0),
    ("coauthors", 3, 2, 2),  # retracted papers tie nobody
    ("new_coauthors", 2, 0, 2),  # cy is not new to bob: they wrote together before
    ("strength", 1 + FADED, 1 + 2 * FADED, 1),
    # a paper alone is no team; of a retracted one all are
    ("team", (np.log(3) + (1 + FADED) * np.log(2)) / (3 + FADED), np.log(2), np.log(3)),
    ("first_author", (2 + DECADE) / (3 + DECADE), 0, 0),
    ("last_author", 1 / (3 + DECADE), 1, 1),  # alone, one closes nothing
]
"""Of ann, bob and dee."""


@pytest.mark.parametrize(("name", "ann", "bob", "dee"), TRAITS)
def test_traits_known_in_the_head(
    career: tuple[Known, Corpus], name: str, ann: float, bob: float, dee: float
) -> None:
    known, corpus = career
    rows = corpus.rows("ann bob dee")
    assert known.traits[name][rows] == pytest.approx([ann, bob, dee], abs=1e-9)


def test_of_people_without_a_paper_yet_every_trait_is_nothing(
    career: tuple[Known, Corpus],
) -> None:
    known, corpus = career
    [new] = corpus.rows("new")
    assert {name: trait[new] for name, trait in known.traits.items() if trait[new]} == {}


def test_every_trait_is_told_here(career: tuple[Known, Corpus]) -> None:
    assert list(career[0].traits) == [name for name, *_ in TRAITS]


def test_ties_and_their_novelty_known_in_the_head(career: tuple[Known, Corpus]) -> None:
    known, corpus = career
    ann, bob, cy, dee = corpus.rows("ann bob cy dee")
    # ann: bob FADED, cy and dee a half each
    total = 1 + FADED
    others = [bob, cy, dee]
    world = known.world
    assert square(known, world.recent)[ann][others] == pytest.approx(
        [FADED / total, 0.5 / total, 0.5 / total]
    )
    assert square(known, world.introducing)[ann][others] == pytest.approx(
        [0, 0.5 / total, 0.5 / total]
    )
    assert square(known, world.lifetime)[ann][others] == pytest.approx([1 / 3] * 3)
    assert square(known, world.last_year)[ann][others] == pytest.approx(
        np.array([LAST_YEAR, 0.5, 0.5]) / (1 + LAST_YEAR)
    )
    assert world.paper_weight == pytest.approx([FADED, 1, 0, FADED, 1, 0, 0])


def unit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(length > 0, length, 1.0)


@pytest.mark.parametrize("seed", range(3))
def test_what_people_write_about_is_the_sum_of_their_papers_that_stand(
    seed: int, tmp_path: Path
) -> None:
    """Of late a paper fades to 1/e in three years; around are coauthors, and theirs by half."""
    records = at_random(seed).records(tmp_path, author_cap=4)
    known = known_on(records, SOON, NOBODY)
    age = (day_number(SOON) - records.days) / 365.25
    wrote = np.zeros((records.author_ids.size, records.days.size))
    wrote[records.persons, records.papers] = (age >= 0)[records.papers]
    wrote[:, records.is_retracted] = 0.0
    faded = wrote * np.exp(-np.maximum(age, 0) / 3)
    late = unit(faded @ records.topics)
    step = square(known, known.world.recent)
    journals = (records.venues[:, np.newaxis] == np.arange(3)).astype(np.float64)
    for found, wanted in (
        (known.world.topics_recent, late),
        (known.world.topics_lifetime, unit(wrote @ records.topics)),
        (known.world.topics_around, unit(late + step @ late + step @ step @ late / 2)),
    ):
        assert found.any()
        np.testing.assert_allclose(found, wanted, atol=1e-5)
    for rows, of_papers in ((known.world.words, records.words), (known.world.venues, journals)):
        profiles = unit(faded @ of_papers)
        np.testing.assert_allclose(likeness(rows), profiles @ profiles.T, atol=1e-5)


def test_workplaces_count_from_the_first_paper_that_prints_them(tmp_path: Path) -> None:
    corpus = Corpus()
    corpus.paper(1, "ann bob", SOON)
    corpus.works("ann", "oslo", "surgery", first_on=FOUR_YEARS_AGO)
    corpus.works("ann", "rome", first_on=SOON)
    corpus.works("bob", "rome", "eye", first_on=SOON)
    records = corpus.records(tmp_path)
    now, then = (
        known_on(records, SOON, NOBODY).world,
        known_on(records, FOUR_YEARS_AGO, NOBODY).world,
    )
    assert now.place_starts.tolist() == [0, 2, 3]
    assert now.institutions[1] == now.institutions[2] != now.institutions[0]
    assert (now.departments >= 0).tolist() == [True, False, True]
    assert then.place_starts.tolist() == [0, 1, 1]
    assert then.institutions.size == then.departments.size == 1


def test_days_are_counted_from_1970() -> None:
    assert day_number(date(1970, 1, 1)) == 0
    assert day_number(date(1969, 12, 31)) == -1
