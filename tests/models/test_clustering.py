"""The union-find under vetoes, held to a plain reference on small random inputs."""

from __future__ import annotations

from itertools import combinations, product
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.clustering import ABSENT, NO_EVIDENCE, Mentions, assign_greedily, cluster, name_codes


class Mention(NamedTuple):
    paper: int
    last_name: str
    given_names: str
    orcid: int = ABSENT
    suffix: int = ABSENT

    @property
    def block(self) -> str:
        return f"{self.last_name}|{self.given_names[:1]}"


Pair = tuple[int, int, int]


def clustered(mentions: list[Mention], pairs: list[Pair]) -> tuple[list[int], list[int]]:
    blocks = sorted({mention.block for mention in mentions})
    columns = Mentions(
        paper=np.array([m.paper for m in mentions], np.int32),
        block=np.array([blocks.index(m.block) for m in mentions], np.int32),
        orcid=np.array([m.orcid for m in mentions], np.int32),
        suffix=np.array([m.suffix for m in mentions], np.int32),
        names=name_codes([m.given_names for m in mentions], 3),
    )
    ends = np.array(pairs, np.int32).reshape(-1, 3)
    clusters, evidence = cluster(columns, ends[:, 0], ends[:, 1], ends[:, 2])
    return clusters.tolist(), evidence.tolist()


def agree(a: str, b: str) -> bool:
    return all(
        x == y or (x[0] == y[0] and 1 in (len(x), len(y)))
        for x, y in zip(a.split(), b.split(), strict=False)
    )


def may_be_one(a: Mention, b: Mention) -> bool:
    """Tell whether nothing forbids two mentions to stand in one cluster."""
    if a.paper == b.paper:
        return False
    if ABSENT not in (a.orcid, b.orcid) and a.orcid != b.orcid:
        return False
    if ABSENT not in (a.suffix, b.suffix) and a.suffix != b.suffix:
        return False
    other_choice = a.block != b.block and a.given_names[:1] != b.given_names[:1]
    return other_choice or agree(a.given_names, b.given_names)


def reference(mentions: list[Mention], pairs: list[Pair]) -> list[int]:
    """Follow the same rule by sets and all pairs."""
    home = [{row} for row in range(len(mentions))]
    for one, other, _ in pairs:
        a, b = home[one], home[other]
        across = mentions[one].block != mentions[other].block
        blocks = [{mentions[row].block for row in side} for side in (a, b)]
        if a is b or (across and blocks[0] & blocks[1]):
            continue
        if all(may_be_one(mentions[x], mentions[y]) for x, y in product(a, b)):
            for row in b:
                home[row] = a
            a |= b
    return [min(rows) for rows in home]


MENTION = st.builds(
    Mention,
    paper=st.integers(0, 5),
    last_name=st.sampled_from(["doe", "lee"]),
    given_names=st.sampled_from(["", "j", "jane", "john", "j a", "jane a", "jane b", "k", "kim"]),
    orcid=st.sampled_from([ABSENT, ABSENT, 0, 1]),
    suffix=st.sampled_from([ABSENT, ABSENT, ABSENT, 0, 1]),
)


@st.composite
def problems(draw: st.DrawFn) -> tuple[list[Mention], list[Pair]]:
    mentions = sorted(draw(st.lists(MENTION, min_size=2, max_size=14)), key=lambda m: m.paper)
    row = st.integers(0, len(mentions) - 1)
    pairs = draw(st.lists(st.tuples(row, row, st.integers(0, 2)), max_size=40))
    pairs = [(a, b, kind) for a, b, kind in pairs if a != b]
    return mentions, sorted(pairs, key=lambda p: mentions[p[0]].block != mentions[p[1]].block)


@settings(max_examples=300, deadline=None)
@given(problems())
def test_clusters_equal_those_of_the_plain_reference(
    problem: tuple[list[Mention], list[Pair]],
) -> None:
    assert clustered(*problem)[0] == reference(*problem)


@settings(max_examples=200, deadline=None)
@given(problems())
def test_no_cluster_ever_holds_what_a_veto_forbids(
    problem: tuple[list[Mention], list[Pair]],
) -> None:
    mentions, pairs = problem
    clusters, evidence = clustered(mentions, pairs)
    for a, b in combinations(range(len(mentions)), 2):
        if clusters[a] == clusters[b]:
            assert may_be_one(mentions[a], mentions[b])
    sizes = np.bincount(clusters, minlength=len(mentions))[clusters]
    assert [kind == NO_EVIDENCE for kind in evidence] == [size == 1 for size in sizes]


def test_an_initial_does_not_bridge_two_fore_names() -> None:
    mentions = [Mention(1, "doe", "j"), Mention(2, "doe", "jane"), Mention(3, "doe", "john")]
    assert clustered(mentions, [(0, 1, 1), (0, 2, 1)])[0] == [0, 0, 2]


def test_the_stronger_evidence_of_a_mention_is_told() -> None:
    mentions = [Mention(paper, "doe", "j") for paper in range(4)]
    assert clustered(mentions, [(0, 1, 0), (1, 2, 1), (0, 2, 2)])[1] == [0, 0, 1, NO_EVIDENCE]


def test_pairs_across_blocks_must_come_last() -> None:
    mentions = [Mention(1, "doe", "j"), Mention(2, "lee", "j"), Mention(3, "doe", "j")]
    with pytest.raises(ValueError, match="across blocks"):
        clustered(mentions, [(0, 1, 0), (0, 2, 0)])


def test_a_block_of_ten_thousand_namesakes_half_of_them_on_one_paper_is_clustered() -> None:
    half = 5_000
    count = 2 * half
    columns = Mentions(
        paper=np.minimum(np.arange(count), half).astype(np.int32),
        block=np.zeros(count, np.int32),
        orcid=np.full(count, ABSENT, np.int32),
        suffix=np.full(count, ABSENT, np.int32),
        names=np.zeros((count, 2), np.int64),
    )
    rows = np.arange(count - 1, dtype=np.int32)
    clusters, _ = cluster(columns, rows, rows + 1, np.ones_like(rows))
    assert np.unique(clusters).size == half


def test_name_codes_grow_with_what_a_name_says() -> None:
    none, initial, jane, john, kim = name_codes(["", "j", "jane", "john", "kim"], 1)[:, 0]
    assert none == 0 < initial < jane < john < kim
    assert initial >> 32 == jane >> 32 == john >> 32 != kim >> 32


def test_greedy_assignment_takes_each_end_once_in_the_order_given() -> None:
    left, right = np.array([0, 1, 1, 2]), np.array([5, 5, 3, 3])
    assert assign_greedily(left, right, 4, 6).tolist() == [5, 3, ABSENT, ABSENT]
