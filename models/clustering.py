"""Join mentions of a person into clusters: average linkage under vetoes that always hold.

Agglomerative clustering by the mean probability over all pairs between two clusters (UPGMA: Sokal
and Michener, Univ. Kansas Science Bulletin 38, 1958), by nearest-neighbour chains (Murtagh,
Computer Journal 26, 1983). A pair that was not compared counts as improbable; a pair that cannot be
one person counts as minus infinity, which no mean outweighs: so what conflicts never shares a
cluster, whatever chain of others lies between.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from models.given_names import conflict

Ints = NDArray[np.int64]
Reals = NDArray[np.float64]

ABSENT = -1
MOST_TOGETHER = 6_000
"""More are not linked at a time (a matrix of 4 bytes a pair): the weakest ties are cut first."""


@dataclass(frozen=True, slots=True)
class Mentions:
    """What the vetoes look at; one row a mention.

    Attributes
    ----------
    paper, block
        Codes, shape (n,). Pairs are of one block.
    orcid, suffix
        Codes, or ABSENT, shape (n,).
    author
        Codes of the authors that they were, or ABSENT, shape (n,).
    name
        Row of `names`, shape (n,).
    names
        Given names from `given_names.name_codes`.
    """

    paper: Ints
    block: Ints
    orcid: Ints
    suffix: Ints
    author: Ints
    name: Ints
    names: Ints


@dataclass(frozen=True, slots=True)
class Clusters:
    """Who belongs together, each of shape (n,).

    Attributes
    ----------
    cluster
        The first mention of the cluster.
    confidence
        Of a mention with others: its mean probability with them. Of one alone: 1 - the greatest
        mean probability with a cluster that no veto keeps it from, but at most 1 - `floor`.
    """

    cluster: Ints
    confidence: Reals


def cluster(
    mentions: Mentions,
    left: Ints,
    right: Ints,
    probability: Reals,
    *,
    threshold: float,
    margin: float,
    floor: float,
    most_together: int = MOST_TOGETHER,
) -> Clusters:
    """Link mentions while the mean probability between two clusters is at least `threshold`.

    In a cluster no two mentions are of one paper, bear two ORCID iDs or two suffixes, or have given
    names that conflict (see `given_names`). Mentions with one ORCID iD start out together, so do
    mentions that were one author, unless a veto keeps them apart. Clusters that were two authors
    have to be linked by `margin` more: so authors do not come and go with every paper.

    Parameters
    ----------
    left, right
        Rows of the pairs that were compared, each pair once, shape (pairs,).
    probability
        That they are one person; pairs not given count as 0.
    floor
        The least probability that is given.
    """
    count = mentions.paper.size
    ties = [_ties(mentions.orcid, mentions.block), _ties(mentions.author, mentions.block)]
    tied, to = (np.concatenate([tie[side] for tie in ties]) for side in (0, 1))
    part = _parts(
        np.concatenate([left, tied]),
        np.concatenate([right, to]),
        np.concatenate([probability, np.ones(tied.size)]),
        count,
        most_together,
    )
    order = np.argsort(part, kind="stable")
    starts = np.flatnonzero(np.diff(part[order], prepend=-1))
    place = np.empty(count, np.int64)
    place[order] = np.arange(count)
    inside = part[left] == part[right]
    left, right, probability = left[inside], right[inside], probability[inside]
    by_part = np.argsort(part[left], kind="stable")
    pair_starts = np.searchsorted(part[left][by_part], part[order][starts])
    linked, confidence = _link(
        np.append(starts, count),
        np.append(pair_starts, left.size),
        place[left][by_part],
        place[right][by_part],
        probability[by_part],
        *(column[order] for column in (mentions.paper, mentions.orcid, mentions.suffix)),
        mentions.author[order],
        mentions.name[order],
        mentions.names,
        threshold,
        margin,
        floor,
    )
    return Clusters(order[linked[place]], confidence[place])


def assign_greedily(left: Ints, right: Ints, left_count: int, right_count: int) -> Ints:
    """Match one to one, taking each pair in the order given whose two ends are still free.

    Returns
    -------
    array, shape (left_count,)
        The partner of each left end, or ABSENT.
    """
    partner = np.full(left_count, ABSENT, np.int64)
    taken = np.zeros(right_count, np.bool_)
    return _assign(np.array(left, np.int64), np.array(right, np.int64), partner, taken)


def _ties(codes: Ints, blocks: Ints) -> tuple[Ints, Ints]:
    """Tie each bearer of a code to the one before in its block."""
    order = np.lexsort((codes, blocks))
    order = order[codes[order] != ABSENT]
    one, other = order[:-1], order[1:]
    same = (codes[one] == codes[other]) & (blocks[one] == blocks[other])
    return one[same], other[same]


def _parts(left: Ints, right: Ints, probability: Reals, count: int, most: int) -> Ints:
    """Number the connected parts; in one of more than `most` mentions the weakest ties are cut."""
    part = _components(left, right, count)
    for weakest in (0.2, 0.4, 0.6, 0.8, 0.9, 0.97):
        large = np.bincount(part, minlength=1)[part] > most
        if not large.any():
            return part
        kept = ~large[left] | (probability >= weakest)
        left, right, probability = left[kept], right[kept], probability[kept]
        part = _components(left, right, count)
    order = np.argsort(part, kind="stable")
    within = np.arange(count) - np.searchsorted(part[order], part[order])
    chunks = part[order] * (count // most + 1) + within // most
    part[order] = np.unique(chunks, return_inverse=True)[1]
    return part


@njit(cache=True)
def _components(left, right, count):  # type: ignore[no-untyped-def]  # compiled by numba
    parent = np.arange(count)
    for pair in range(left.size):
        a, b = left[pair], right[pair]
        while parent[a] != a:
            parent[a] = parent[parent[a]]
            a = parent[a]
        while parent[b] != b:
            parent[b] = parent[parent[b]]
            b = parent[b]
        parent[max(a, b)] = min(a, b)
    for mention in range(count):
        parent[mention] = parent[parent[mention]]  # parents come first, so theirs is the root
    return parent


@njit(cache=True)
def _assign(left, right, partner, taken):  # type: ignore[no-untyped-def]  # compiled by numba
    for pair in range(left.size):
        if partner[left[pair]] == -1 and not taken[right[pair]]:
            partner[left[pair]] = right[pair]
            taken[right[pair]] = True
    return partner


@njit(cache=True)
def _link(  # type: ignore[no-untyped-def]  # compiled by numba
    starts, pair_starts, left, right, probability,
    paper, orcid, suffix, author, name, names, threshold, margin, floor,
):  # fmt: skip
    """Link each part of its own; mentions stand in the order of their parts."""
    count = paper.size
    linked = np.arange(count)
    confidence = np.full(count, 1 - floor)
    for part in range(starts.size - 1):
        first, end = starts[part], starts[part + 1]
        size = end - first
        if size == 1:
            continue
        sums = np.zeros((size, size), np.float32)
        for pair in range(pair_starts[part], pair_starts[part + 1]):
            a, b = left[pair] - first, right[pair] - first
            sums[a, b] = sums[b, a] = probability[pair]
        given = sums.copy()
        distinct = np.unique(name[first:end])
        conflicting = np.zeros((distinct.size, distinct.size), np.bool_)
        for a in range(distinct.size):
            for b in range(a):
                found = conflict(names, distinct[a], distinct[b])
                conflicting[a, b] = conflicting[b, a] = found
        called = np.searchsorted(distinct, name[first:end])
        for a in range(size):
            for b in range(a):
                x, y = first + a, first + b
                if (
                    paper[x] == paper[y]
                    or _differ(orcid[x], orcid[y])
                    or _differ(suffix[x], suffix[y])
                    or conflicting[called[a], called[b]]
                ):
                    sums[a, b] = sums[b, a] = -np.inf
        root = _link_part(sums, orcid[first:end], author[first:end].copy(), threshold, margin)
        _fill(linked[first:end], confidence[first:end], first, root, given, sums, floor)
    return linked, confidence


@njit(cache=True)
def _fill(linked, confidence, first, root, given, sums, floor):  # type: ignore[no-untyped-def]  # compiled by numba
    size = root.size
    members = np.zeros(size, np.int64)
    for a in range(size):
        members[root[a]] += 1
    for a in range(size):
        linked[a] = first + root[a]
        if members[root[a]] > 1:
            together = 0.0
            for b in range(size):
                if b != a and root[b] == root[a]:
                    together += given[a, b]
            confidence[a] = min(together / (members[root[a]] - 1), 1.0)
        else:
            nearest = floor
            for b in range(size):
                if b != a and root[b] == b:
                    nearest = max(nearest, sums[a, b] / members[b])
            confidence[a] = 1 - nearest


@njit(cache=True)
def _link_part(sums, orcid, author, threshold, margin):  # type: ignore[no-untyped-def]  # compiled by numba
    """Nearest-neighbour chains over a matrix of summed probabilities; it ends up in it."""
    size = orcid.size
    root = np.arange(size)
    members = np.ones(size, np.int64)
    is_open = np.ones(size, np.bool_)
    for codes in (orcid.copy(), author.copy()):
        for b in range(size):
            for a in range(b):
                if (
                    codes[b] >= 0
                    and codes[a] == codes[b]
                    and root[a] == a
                    and root[b] == b
                    and sums[a, b] > -np.inf
                ):
                    _merge(sums, root, members, is_open, author, a, b)
    chain = np.empty(size, np.int64)
    length = 0
    begin = 0
    while True:
        if length == 0:
            while begin < size and not is_open[begin]:
                begin += 1
            if begin == size:
                break
            chain[0] = begin
            length = 1
        a = chain[length - 1]
        previous = chain[length - 2] if length > 1 else -1
        nearest, best = -1, np.float64(-np.inf)
        if previous >= 0:  # of equals the one that came before, so that every chain ends
            nearest, best = previous, _mean(sums, members, author, margin, a, previous)
        for b in range(size):
            if is_open[b] and b != a:
                mean = _mean(sums, members, author, margin, a, b)
                if mean > best:
                    nearest, best = b, mean
        if nearest < 0 or best < threshold:
            is_open[a] = False  # means only fall as others merge: it stays as it is
            length -= 1
        elif nearest == previous:
            length -= 2
            _merge(sums, root, members, is_open, author, min(a, nearest), max(a, nearest))
        else:
            chain[length] = nearest
            length += 1
    for a in range(size):
        while root[root[a]] != root[a]:
            root[a] = root[root[a]]
    return root


@njit(cache=True)
def _mean(sums, members, author, margin, a, b):  # type: ignore[no-untyped-def]  # compiled by numba
    """Mean probability, less the margin if both were authors; it never rises as others merge."""
    mean = sums[a, b] / (members[a] * members[b])
    return mean - margin if _differ(author[a], author[b]) else mean


@njit(cache=True)
def _merge(sums, root, members, is_open, author, a, b):  # type: ignore[no-untyped-def]  # compiled by numba
    author[a] = max(author[a], author[b])
    root[b] = a
    is_open[b] = False
    members[a] += members[b]
    for c in range(root.size):
        if c != a:
            sums[a, c] += sums[b, c]
            sums[c, a] = sums[a, c]


@njit(cache=True)
def _differ(a, b):  # type: ignore[no-untyped-def]  # compiled by numba
    return a >= 0 and b >= 0 and a != b
