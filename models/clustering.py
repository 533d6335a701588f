"""Join mentions of a person into clusters, strongest evidence first, under vetoes that always hold.

A union-find over compact arrays. What a cluster may not become is checked against the cluster as it
stands, not only against the pair at hand, so no chain of weak links can join what conflicts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Codes = NDArray[np.int64]

ABSENT = -1
WHOLE_NAME = 0xFFFFFFFF
"""The half of a name code that is 0 for an initial."""
NO_EVIDENCE = np.iinfo(np.int32).max


@dataclass(frozen=True, slots=True)
class Mentions:
    """What the vetoes look at; one row a mention, mentions of one paper next to each other.

    Attributes
    ----------
    paper, block
        Codes, shape (n,).
    orcid, suffix
        Codes, or ABSENT, shape (n,).
    names
        Given names from `name_codes`, one a column, shape (n, w).
    """

    paper: Ints
    block: Ints
    orcid: Ints
    suffix: Ints
    names: Codes


def name_codes(names: list[str], width: int) -> Codes:
    """Code names (tokens between spaces, a single letter is an initial) as integers.

    A code is 0 for no token, else the first letter in the upper half and, for a whole name, its
    rank among all names in the lower: of two compatible codes the greater says more.

    Returns
    -------
    array, shape (len(names), width)
    """
    tokens = sorted({token for name in names for token in name.split() if len(token) > 1})
    rank = {token: place for place, token in enumerate(tokens, start=1)}
    codes = np.zeros((len(names), width), np.int64)
    for row, name in enumerate(names):
        for column, token in enumerate(name.split()[:width]):
            codes[row, column] = (ord(token[0]) << 32) + rank.get(token, 0)
    return codes


def cluster(mentions: Mentions, left: Ints, right: Ints, strength: Ints) -> tuple[Ints, Ints]:
    """Join the pairs in the order given, skipping those that a veto forbids.

    In a cluster, at all times: no two mentions of one paper; at most one ORCID iD and one suffix;
    and within a block, given names that agree token by token (equal, or one the initial of the
    other; a missing token agrees with any). A pair across blocks joins two clusters only if they
    have no block in common (what a veto kept apart is not joined around it) and if given names with
    the same first letter agree; other first letters are taken for another choice of given name.

    Parameters
    ----------
    left, right
        Row numbers of the pairs, strongest evidence first, pairs across blocks after all others.
    strength
        Rank of each pair's evidence, smaller is stronger.

    Returns
    -------
    clusters : shape (n,)
        For each mention the first mention of its cluster.
    evidence : shape (n,)
        For each mention the strongest evidence that it shares with its cluster, or NO_EVIDENCE.

    Raises
    ------
    ValueError
        A pair within a block follows one across blocks.
    """
    across = mentions.block[left] != mentions.block[right]
    if np.any(across[:-1] & ~across[1:]):
        raise ValueError("pairs within blocks come before pairs across blocks")
    columns = (mentions.paper, mentions.block, mentions.orcid, mentions.suffix)
    # copies: the kernel writes into them, and is compiled once, not anew for read-only arrays
    return _cluster(
        *(np.array(column, np.int32) for column in columns),
        np.array(mentions.names, np.int64),
        *(np.array(column, np.int32) for column in (left, right, strength)),
    )


def assign_greedily(left: Codes, right: Codes, left_count: int, right_count: int) -> Codes:
    """Match one to one, taking each pair in the order given whose two ends are still free.

    Returns
    -------
    array, shape (left_count,)
        The partner of each left end, or ABSENT.
    """
    partner = np.full(left_count, ABSENT, np.int64)
    taken = np.zeros(right_count, np.bool_)
    return _assign(np.array(left, np.int64), np.array(right, np.int64), partner, taken)


@njit(cache=True)
def _assign(left, right, partner, taken):  # type: ignore[no-untyped-def]  # compiled by numba
    for pair in range(left.size):
        if partner[left[pair]] == -1 and not taken[right[pair]]:
            partner[left[pair]] = right[pair]
            taken[right[pair]] = True
    return partner


@njit(cache=True)
def _cluster(paper, block, orcid, suffix, names, left, right, strength):  # type: ignore[no-untyped-def]  # compiled by numba
    count = paper.size
    parent = np.arange(count).astype(np.int32)
    size = np.ones(count, np.int32)
    # circular lists: the mentions of a cluster; the clusters of single blocks that it is made of;
    # the mentions of one block on one paper
    member = parent.copy()
    part = parent.copy()
    namesake = _namesakes(paper, block)
    for pair in range(left.size):
        a, b = _find(parent, left[pair]), _find(parent, right[pair])
        if a == b or _differ(orcid[a], orcid[b]) or _differ(suffix[a], suffix[b]):
            continue
        if size[a] > size[b] or (size[a] == size[b] and a < b):
            a, b = b, a  # the smaller joins the greater
        if block[left[pair]] == block[right[pair]]:
            if _names_conflict(names[a], names[b]) or _share_paper(a, b, parent, member, namesake):
                continue
            names[b] = np.maximum(names[a], names[b])
        else:
            if _parts_conflict(a, b, part, block, names) or _share_any_paper(
                a, b, parent, member, paper
            ):
                continue
            part[a], part[b] = part[b], part[a]
        parent[a] = b
        size[b] += size[a]
        orcid[b] = max(orcid[a], orcid[b])
        suffix[b] = max(suffix[a], suffix[b])
        member[a], member[b] = member[b], member[a]
    return _results(parent, left, right, strength)


@njit(cache=True)
def _results(parent, left, right, strength):  # type: ignore[no-untyped-def]  # compiled by numba
    evidence = np.full(parent.size, NO_EVIDENCE, np.int32)
    for pair in range(left.size):
        if _find(parent, left[pair]) == _find(parent, right[pair]):
            evidence[left[pair]] = min(evidence[left[pair]], strength[pair])
            evidence[right[pair]] = min(evidence[right[pair]], strength[pair])
    first = np.full(parent.size, -1, np.int32)
    clusters = np.empty(parent.size, np.int32)
    for mention in range(parent.size):
        root = _find(parent, mention)
        if first[root] < 0:
            first[root] = mention
        clusters[mention] = first[root]
    return clusters, evidence


@njit(cache=True)
def _find(parent, mention):  # type: ignore[no-untyped-def]  # compiled by numba
    while parent[mention] != mention:
        parent[mention] = parent[parent[mention]]
        mention = parent[mention]
    return mention


@njit(cache=True)
def _differ(a, b):  # type: ignore[no-untyped-def]  # compiled by numba
    return a >= 0 and b >= 0 and a != b


@njit(cache=True)
def _names_conflict(a, b):  # type: ignore[no-untyped-def]  # compiled by numba
    for column in range(a.size):
        x, y = a[column], b[column]
        if x == 0 or y == 0 or x == y:
            continue
        if x >> 32 != y >> 32 or (x & WHOLE_NAME and y & WHOLE_NAME):
            return True
    return False


@njit(cache=True)
def _namesakes(paper, block):  # type: ignore[no-untyped-def]  # compiled by numba
    """Link the mentions of one block on one paper in a circle; most are alone."""
    circle = np.arange(paper.size).astype(np.int32)
    if paper.size == 0:
        return circle
    order = np.argsort(paper.astype(np.int64) * (np.int64(block.max()) + 1) + block)
    for place in range(1, order.size):
        a, b = order[place - 1], order[place]
        if paper[a] == paper[b] and block[a] == block[b]:
            circle[a], circle[b] = circle[b], circle[a]
    return circle


@njit(cache=True)
def _share_paper(a, b, parent, member, namesake):  # type: ignore[no-untyped-def]  # compiled by numba
    """Tell whether a mention of cluster `a` has a namesake on its paper in cluster `b`."""
    mention = a
    while True:
        other = namesake[mention]
        while other != mention:
            if _find(parent, other) == b:
                return True
            other = namesake[other]
        mention = member[mention]
        if mention == a:
            return False


@njit(cache=True)
def _share_any_paper(a, b, parent, member, paper):  # type: ignore[no-untyped-def]  # compiled by numba
    mention = a
    while True:
        for step in (-1, 1):
            other = mention + step
            while 0 <= other < paper.size and paper[other] == paper[mention]:
                if _find(parent, other) == b:
                    return True
                other += step
        mention = member[mention]
        if mention == a:
            return False


@njit(cache=True)
def _parts_conflict(a, b, part, block, names):  # type: ignore[no-untyped-def]  # compiled by numba
    x = a
    while True:
        y = b
        while True:
            same_letter = names[x, 0] >> 32 == names[y, 0] >> 32
            if block[x] == block[y] or (same_letter and _names_conflict(names[x], names[y])):
                return True
            y = part[y]
            if y == b:
                break
        x = part[x]
        if x == a:
            return False
