"""Average linkage under vetoes, held to a plain reference on small random inputs."""

from __future__ import annotations

from itertools import combinations, product
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.clustering import ABSENT, Mentions, assign_greedily, cluster
from models.given_names import name_codes

FLOOR = 0.1


class Mention(NamedTuple):
    paper: int
    given_names: str
    orcid: int = ABSENT
    suffix: int = ABSENT
    author: int = ABSENT
    block: int = 0


Pairs = dict[tuple[int, int], float]


def clustered(
    mentions: list[Mention], pairs: Pairs, **options: int
) -> tuple[list[int], list[float]]:
    ends = np.array(list(pairs), np.int64).reshape(-1, 2)
    found = cluster(
        columns(mentions),
        ends[:, 0],
        ends[:, 1],
        np.array(list(pairs.values()), np.float64),
        threshold=0.5,
        margin=0.1,
        floor=FLOOR,
        **options,
    )
    return found.cluster.tolist(), found.confidence.tolist()


def columns(mentions: list[Mention]) -> Mentions:
    return Mentions(
        paper=np.array([m.paper for m in mentions], np.int64),
        block=np.array([m.block for m in mentions], np.int64),
        orcid=np.array([m.orcid for m in mentions], np.int64),
        suffix=np.array([m.suffix for m in mentions], np.int64),
        author=np.array([m.author for m in mentions], np.int64),
        name=np.arange(len(mentions)),
        names=name_codes([m.given_names for m in mentions]),
    )


def may_be_one(a: Mention, b: Mention) -> bool:
    """Tell whether nothing forbids two mentions to stand in one cluster."""
    return (
        a.paper != b.paper
        and (ABSENT in (a.orcid, b.orcid) or a.orcid == b.orcid)
        and (ABSENT in (a.suffix, b.suffix) or a.suffix == b.suffix)
        and agree(a.given_names, b.given_names)
    )


def agree(a: str, b: str) -> bool:
    return all(
        x == y or (x[0] == y[0] and 1 in (len(x), len(y)))
        for x, y in zip(a.split(), b.split(), strict=False)
    )


def reference(mentions: list[Mention], pairs: Pairs) -> list[int]:
    """Join the two clusters of the greatest mean, over and over."""
    clusters = [{row} for row in range(len(mentions))]

    def allowed(a: set[int], b: set[int]) -> bool:
        return all(may_be_one(mentions[x], mentions[y]) for x, y in product(a, b))

    def mean(a: set[int], b: set[int]) -> float:
        found = (pairs.get((min(x, y), max(x, y)), 0.0) for x, y in product(a, b))
        return sum(found) / (len(a) * len(b))

    while True:
        open_pairs = [
            (mean(a, b), n, m)
            for (n, a), (m, b) in combinations(enumerate(clusters), 2)
            if allowed(a, b)
        ]
        best = max(open_pairs, default=(0.0, 0, 0))
        if best[0] < 0.5:
            break
        clusters[best[1]] |= clusters.pop(best[2])
    return [min(own) for row in range(len(mentions)) for own in clusters if row in own]


MENTION = st.builds(
    Mention,
    paper=st.integers(0, 12),
    given_names=st.sampled_from(["j", "jane", "john", "jane a", "j b", "j a"]),
    orcid=st.just(ABSENT),
    author=st.just(ABSENT),
    block=st.just(0),
    suffix=st.sampled_from([ABSENT, ABSENT, ABSENT, 0, 1]),
)


@st.composite
def problems(draw: st.DrawFn) -> tuple[list[Mention], Pairs]:
    mentions = draw(st.lists(MENTION, min_size=1, max_size=9))
    every = list(combinations(range(len(mentions)), 2))
    # irrational enough that no two means tie
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    kept = [pair for pair in every if rng.random() < 0.7]
    return mentions, {pair: float(rng.uniform(FLOOR, 1)) for pair in kept}


@given(problem=problems())
@settings(max_examples=300, deadline=None)
def test_chains_of_nearest_neighbours_end_where_greedy_joining_ends(
    problem: tuple[list[Mention], Pairs],
) -> None:
    mentions, pairs = problem
    assert clustered(mentions, pairs)[0] == reference(mentions, pairs)


@given(problem=problems(), orcids=st.lists(st.integers(-1, 2), min_size=9, max_size=9))
@settings(max_examples=200, deadline=None)
def test_no_cluster_holds_what_cannot_be_one_person(
    problem: tuple[list[Mention], Pairs], orcids: list[int]
) -> None:
    mentions, pairs = problem
    mentions = [m._replace(orcid=orcid) for m, orcid in zip(mentions, orcids, strict=False)]
    found, confidence = clustered(mentions, pairs)
    for a, b in combinations(range(len(mentions)), 2):
        assert found[a] != found[b] or may_be_one(mentions[a], mentions[b])
    assert all(0 <= value <= 1 for value in confidence)


def test_a_veto_holds_through_a_mention_between() -> None:
    jane, bare, john = Mention(1, "jane"), Mention(2, "j"), Mention(3, "john")
    found, _ = clustered([jane, bare, john], {(0, 1): 0.9, (1, 2): 0.95})
    assert found == [0, 1, 1]


def test_mentions_with_one_orcid_start_out_together_even_if_never_compared() -> None:
    found, _ = clustered([Mention(1, "jane", 7), Mention(2, "jane"), Mention(3, "j", 7)], {})
    assert found == [0, 1, 0]


def test_mentions_that_were_one_author_stay_together_unless_a_veto_parts_them() -> None:
    mentions = [Mention(1, "jane", author=7), Mention(2, "j", author=7), Mention(3, "j", author=8)]
    assert clustered(mentions, {})[0] == [0, 0, 2]
    mentions[1] = Mention(1, "j", author=7)
    assert clustered(mentions, {})[0] == [0, 1, 2]


def test_two_that_were_authors_need_more_to_become_one_than_a_new_mention_to_join() -> None:
    two = [Mention(1, "jane", author=7), Mention(2, "jane", author=8), Mention(3, "j")]
    assert clustered(two, {(0, 1): 0.55, (1, 2): 0.55})[0] == [0, 1, 1]
    assert clustered(two, {(0, 1): 0.65})[0] == [0, 0, 2]


def test_one_orcid_ties_within_a_block_only() -> None:
    found, _ = clustered([Mention(1, "jane", 7), Mention(2, "jane", 7, block=1)], {})
    assert found == [0, 1]


def test_confidence_is_the_mean_with_the_others_and_what_is_left_to_doubt_of_one_alone() -> None:
    mentions = [Mention(paper, "j") for paper in range(5)]
    pairs = {(0, 1): 0.9, (0, 2): 0.8, (1, 2): 0.6, (2, 3): 0.6}
    found, confidence = clustered(mentions, pairs)
    assert found == [0, 0, 0, 3, 4]
    assert confidence[:3] == pytest.approx([0.85, 0.75, 0.7])
    # with the three 0.6 / 3 on the mean; the last was compared with nobody
    assert confidence[3:] == pytest.approx([1 - 0.2, 1 - FLOOR])


def test_of_a_part_that_is_too_large_the_weakest_ties_are_cut_first() -> None:
    mentions = [Mention(paper, "j") for paper in range(6)]
    pairs = {(0, 1): 0.95, (1, 2): 0.15, (2, 3): 0.95, (3, 4): 0.15, (4, 5): 0.95}
    assert clustered(mentions, pairs, most_together=2)[0] == [0, 0, 2, 2, 4, 4]


def test_a_part_that_cannot_be_cut_is_linked_in_pieces() -> None:
    mentions = [Mention(paper, "j") for paper in range(5)]
    pairs = dict.fromkeys(combinations(range(5), 2), 0.99)
    assert clustered(mentions, pairs, most_together=2)[0] == [0, 0, 2, 2, 4]


def test_nothing_gives_nothing() -> None:
    assert clustered([], {}) == ([], [])


def test_partners_are_assigned_greedily_and_once() -> None:
    left, right = np.array([0, 1, 1, 2]), np.array([1, 1, 0, 0])
    assert assign_greedily(left, right, 3, 2).tolist() == [1, 0, ABSENT]
