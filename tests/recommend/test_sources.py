"""Who is proposed to whom, on drawn corpora."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.recommend import sources
from pipeline.recommend.known import Known, day_number, known_on
from pipeline.recommend.sources import SOURCES, Asking, Candidates, Source, propose
from tests.recommend.drawn import SOON, Corpus, at_random

NOBODY = np.zeros(0, np.int64)
SEEDS = range(4)


def drawn(seed: int, home: Path) -> Known:
    return known_on(at_random(seed).records(home, author_cap=4), SOON, NOBODY)


def everyone(known: Known) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    size = known.records.author_ids.size
    return np.arange(size), np.ones(size, bool)


def bits_by_pair(found: Sequence[Candidates]) -> dict[tuple[int, int], int]:
    pairs = {}
    for batch in found:
        authors = np.repeat(batch.sources, np.diff(batch.starts))
        for pair in zip(authors, batch.targets, batch.proposed_by, strict=True):
            assert pair[:2] not in pairs
            pairs[int(pair[0]), int(pair[1])] = int(pair[2])
    return pairs


def given(**lists: list[int]) -> dict[str, Source]:
    """Sources that name rows of people for the first author: `a_2=[3, 4]` has share 2."""

    def source(named: list[int]) -> Source:
        return Source(1, "", lambda asking: (np.zeros(len(named), np.int64), np.array(named)))

    return {
        name: Source(float(name.split("_")[1]), "", source(named).propose)
        for name, named in lists.items()
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_nobody_is_proposed_to_themselves_or_to_a_past_coauthor(seed: int, tmp_path: Path) -> None:
    known = drawn(seed, tmp_path)
    records = known.records
    kept = records.days[records.papers] <= day_number(SOON)
    papers: dict[int, set[int]] = {person: set() for person in range(records.author_ids.size)}
    for person, paper in zip(records.persons[kept], records.papers[kept], strict=True):
        papers[int(person)].add(int(paper))
    joint = {paper for own in papers.values() for paper in own if not records.is_told[paper]}
    assert {bool(records.is_retracted[paper]) for paper in joint} == {True, False}  # and above cap
    pairs = bits_by_pair(list(propose(known, *everyone(known))))
    assert pairs
    for author, candidate in pairs:
        assert author != candidate
        assert not papers[author] & papers[candidate]


def test_coauthors_of_papers_that_tie_nobody_stay_out(tmp_path: Path) -> None:
    """Bob would be ann's first choice by every source, but for one paper."""
    papers: list[dict[str, Any]] = [{}, {"is_retracted": True}, {"author_count": 9}]
    for place, paper in enumerate(papers):
        corpus = Corpus()
        for pmid, people in enumerate(("ann cy", "ann cy", "bob cy", "bob cy"), start=1):
            corpus.paper(pmid, people, title="liver bile")
        for name in ("ann", "bob"):
            corpus.works(name, "oslo", "surgery")
        if paper:
            corpus.paper(9, "ann bob", **paper)
        known = known_on(corpus.records(tmp_path / str(place), author_cap=4), SOON, NOBODY)
        pairs = bits_by_pair(list(propose(known, *everyone(known))))
        ann, bob = corpus.rows("ann bob").tolist()
        assert pairs == ({} if paper else {(ann, bob): 0b111, (bob, ann): 0b111})


@pytest.mark.parametrize("seed", SEEDS)
def test_only_eligible_people_are_proposed(seed: int, tmp_path: Path) -> None:
    known = drawn(seed, tmp_path)
    asked, _ = everyone(known)
    eligible = asked % 3 == 0
    pairs = bits_by_pair(list(propose(known, asked, eligible)))
    assert {candidate for _, candidate in pairs} <= set(np.flatnonzero(eligible).tolist())
    # who may not be suggested is served all the same
    assert {author for author, _ in pairs} - set(np.flatnonzero(eligible).tolist())
    assert bits_by_pair(list(propose(known, asked, np.zeros(asked.size, bool)))) == {}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_pair_has_the_bits_of_the_sources_that_name_it(seed: int, tmp_path: Path) -> None:
    known = drawn(seed, tmp_path)
    joint = bits_by_pair(list(propose(known, *everyone(known))))
    assert len(set(joint.values())) > 1
    for place, (name, source) in enumerate(SOURCES.items()):
        alone = bits_by_pair(list(propose(known, *everyone(known), used={name: source})))
        assert set(alone.values()) == {1}
        assert set(alone) == {pair for pair, bits in joint.items() if bits >> place & 1}


@pytest.mark.parametrize("seed", SEEDS)
def test_the_budget_holds_for_each_author(seed: int, tmp_path: Path) -> None:
    known = drawn(seed, tmp_path)
    whole = bits_by_pair(list(propose(known, *everyone(known))))
    for budget in (1, 5):
        for batch in propose(known, *everyone(known), budget=budget):
            available = [sum(a == author for a, _ in whole) for author in batch.sources.tolist()]
            assert np.diff(batch.starts).tolist() == [min(n, budget) for n in available]
            for start, end in zip(batch.starts, batch.starts[1:], strict=False):
                assert (np.diff(batch.targets[start:end]) > 0).all()


@pytest.mark.parametrize(
    ("budget", "kept"),
    [
        (1, {1: 0b01}),  # turns of a: 1/2, 1, 3/2, 2; of b: 1, 2, 3
        (2, {1: 0b01, 2: 0b01}),  # of equal turns the lower row comes first
        (3, {1: 0b01, 2: 0b01, 5: 0b10}),
        (4, {1: 0b01, 2: 0b01, 3: 0b11, 5: 0b10}),  # the earlier turn of 3 counts
        (9, {1: 0b01, 2: 0b01, 3: 0b11, 4: 0b01, 5: 0b10, 6: 0b10}),
    ],
)
def test_places_are_dealt_by_turn(budget: int, kept: dict[int, int], tmp_path: Path) -> None:
    corpus = Corpus()
    for pmid in range(1, 8):
        corpus.paper(pmid, f"p{pmid}")
    known = known_on(corpus.records(tmp_path), SOON, NOBODY)
    asked = np.array([0, 6])
    used = given(a_2=[1, 2, 3, 4], b_1=[5, 6, 3])
    [found] = propose(known, asked, np.ones(7, bool), used, budget)
    assert found.starts.tolist() == [0, len(kept), len(kept)]
    assert dict(zip(found.targets.tolist(), found.proposed_by.tolist(), strict=True)) == kept


def test_the_department_comes_before_the_institution_and_others_never(tmp_path: Path) -> None:
    corpus = Corpus()
    # cy and dee write what ann writes, and a lot; bob something else, once
    corpus.paper(1, "ann", title="liver bile")
    corpus.paper(2, "bob", title="cochlea noise")
    for pmid in range(3, 9):
        corpus.paper(pmid, "cy" if pmid % 2 else "dee", title="liver bile")
    corpus.paper(9, "eve", title="cochlea noise")
    corpus.works("ann", "oslo", "surgery")
    corpus.works("ann", "bergen")
    corpus.works("bob", "oslo", "surgery")
    corpus.works("cy", "oslo", "eye")
    corpus.works("dee", "rome", "surgery")  # a department of that name elsewhere
    corpus.works("eve", "bergen")  # an institution, no department
    known = known_on(corpus.records(tmp_path), SOON, NOBODY)
    ann, bob, cy, eve = corpus.rows("ann bob cy eve").tolist()
    used = {"workplace": SOURCES["workplace"]}
    lists = []
    for budget in (1, 2, 9):
        [found] = propose(known, np.array([ann]), np.ones(5, bool), used, budget)
        lists.append(found.targets.tolist())
    assert lists == [[bob], [bob, cy], [bob, cy, eve]]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_answer_does_not_depend_on_the_batch(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = drawn(seed, tmp_path)
    answers = []
    for size in (1, 5, 24, 1_024):
        monkeypatch.setattr(sources, "AT_ONCE", size)
        found = list(propose(known, *everyone(known), budget=6))
        assert len(found) == -(-24 // size)
        assert np.concatenate([batch.sources for batch in found]).tolist() == list(range(24))
        answers.append(bits_by_pair(found))
    assert all(answer == answers[0] for answer in answers)


def test_a_batch_is_asked_with_everything_a_source_needs(tmp_path: Path) -> None:
    known = drawn(0, tmp_path)
    asked, eligible = everyone(known)
    seen: list[Asking] = []

    def look(asking: Asking) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        seen.append(asking)
        return NOBODY, NOBODY

    [found] = propose(known, asked, eligible & (asked > 3), {"look": Source(1, "", look)})
    assert found.targets.size == 0
    [asking] = seen
    assert asking.open_people.tolist() == list(range(4, 24))
    shut = np.isneginf(asking.alike)
    wrote = known.wrote.toarray()
    assert (shut == ((wrote @ wrote.T > 0) | np.eye(24, dtype=bool))[:, 4:]).all()
