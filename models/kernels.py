"""Walks on a weighted undirected graph in compressed sparse rows (CSR), as numba kernels.

Nodes are 0 … n-1. `indptr` (n + 1), `indices` and `weights` (one entry for each direction of each
edge) are the three CSR arrays; rows are sorted by neighbour. networkx is the reference that the
tests hold every kernel against.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Graph:
    """A weighted undirected graph.

    Attributes
    ----------
    node_ids
        Identifier of each node, ascending, shape (n,).
    indptr, indices, weights
        CSR arrays; weights are positive.
    strength
        Sum of the weights at each node, shape (n,).
    """

    node_ids: Ints
    indptr: Ints
    indices: Ints
    weights: Floats
    strength: Floats


@dataclass(frozen=True, slots=True)
class Ranked:
    """Best targets of several sources: `scores[i]` of `targets[i]` for `sources[i]`, best first."""

    sources: Ints
    targets: Ints
    scores: Floats


def pagerank_top_k(
    graph: Graph,
    sources: Ints,
    eligible: Flags,
    k: int,
    threads: int = 1,
    damping: float = 0.85,
    tolerance: float = 1e-4,
) -> Ranked:
    """Best targets by personalised PageRank, approximated by forward push.

    Forward push after Andersen, Chung, Lang (FOCS 2006): residual at a node is pushed on while it
    exceeds `tolerance` times the node's degree. Neighbours and the source itself are never targets.

    Parameters
    ----------
    sources
        Nodes to serve, shape (q,).
    eligible
        Nodes that may be targets, shape (n,). The source and its neighbours never are.
    k
        Targets kept for each source.
    threads
        Threads to spread the sources over.
    damping
        Probability to walk on rather than to restart at the source.
    tolerance
        Residual left per neighbour; 0.0001 finds the top targets, smaller comes closer to exact.
    """
    return _spread(_push, graph, sources, eligible, k, threads, (damping, tolerance))


def strongest_paths(graph: Graph, sources: Ints, targets: Ints) -> tuple[Ints, Ints]:
    """Strongest three-step path source - u - v - target of each pair.

    Strength is the product of the three weights; ties go to the smaller nodes. The four nodes
    differ.

    Returns
    -------
    Two arrays of shape (pairs,) with u and v; -1 where no such path exists.
    """
    return _three_hops(graph.indptr, graph.indices, graph.weights, sources, targets)


def _spread(
    kernel: object,
    graph: Graph,
    sources: Ints,
    eligible: Flags,
    k: int,
    threads: int,
    options: tuple[float, ...],
) -> Ranked:
    """Run a kernel over chunks of the sources; the kernels release the interpreter lock."""

    def run(chunk: Ints) -> tuple[Ints, Ints, Floats]:
        return kernel(  # type: ignore[operator]  # numba
            graph.indptr, graph.indices, graph.weights, graph.strength, chunk, eligible, k, *options
        )

    with ThreadPoolExecutor(threads) as pool:
        parts = list(pool.map(run, np.array_split(np.asarray(sources, dtype=np.int64), threads)))
    return Ranked(
        np.concatenate([part[0] for part in parts]),
        np.concatenate([part[1] for part in parts]),
        np.concatenate([part[2] for part in parts]),
    )


@numba.njit(cache=True, nogil=True)
def _push(
    indptr: Ints,
    indices: Ints,
    weights: Floats,
    strength: Floats,
    sources: Ints,
    eligible: Flags,
    k: int,
    damping: float,
    tolerance: float,
) -> tuple[Ints, Ints, Floats]:
    node_count = len(indptr) - 1
    rank = np.zeros(node_count)
    residual = np.zeros(node_count)
    queued = np.zeros(node_count, dtype=np.bool_)
    seen = np.zeros(node_count, dtype=np.bool_)
    touched = np.empty(node_count, dtype=np.int64)
    queue = np.empty(node_count, dtype=np.int64)  # a ring: a node is in it at most once
    found = _empty_result(len(sources) * k)
    size = 0
    for source in sources:
        residual[source] = 1.0
        queue[0], head, waiting = source, 0, 1
        queued[source] = seen[source] = True
        touched[0], count = source, 1
        while waiting:
            node = queue[head]
            head = (head + 1) % node_count
            waiting -= 1
            queued[node] = False
            mass = residual[node]
            residual[node] = 0.0
            if indptr[node] == indptr[node + 1]:
                rank[node] += mass  # nowhere to go: every walk from here restarts here
                continue
            rank[node] += (1.0 - damping) * mass
            share = damping * mass / strength[node]
            for i in range(indptr[node], indptr[node + 1]):
                target = indices[i]
                residual[target] += share * weights[i]
                if not seen[target]:
                    seen[target] = True
                    touched[count] = target
                    count += 1
                degree = indptr[target + 1] - indptr[target]
                if not queued[target] and residual[target] > tolerance * degree:
                    queued[target] = True
                    queue[(head + waiting) % node_count] = target
                    waiting += 1
        size = _keep_best(indptr, indices, source, eligible, rank, touched[:count], k, found, size)
        for i in range(count):
            node = touched[i]
            rank[node] = residual[node] = 0.0
            seen[node] = False
    return found[0][:size], found[1][:size], found[2][:size]


@numba.njit(cache=True, nogil=True)
def _empty_result(length: int) -> tuple[Ints, Ints, Floats]:
    return (
        np.empty(length, dtype=np.int64),
        np.empty(length, dtype=np.int64),
        np.empty(length, dtype=np.float64),
    )


@numba.njit(cache=True, nogil=True)
def _keep_best(
    indptr: Ints,
    indices: Ints,
    source: int,
    eligible: Flags,
    score: Floats,
    touched: Ints,
    k: int,
    found: tuple[Ints, Ints, Floats],
    size: int,
) -> int:
    """Append the k best eligible non-neighbours of `source` to `found`; ties by node."""
    neighbours = indices[indptr[source] : indptr[source + 1]]
    kept = np.empty(len(touched), dtype=np.int64)
    count = 0
    for node in touched:
        if node == source or not eligible[node] or score[node] <= 0.0:
            continue
        place = np.searchsorted(neighbours, node)
        if place < len(neighbours) and neighbours[place] == node:
            continue
        kept[count] = node
        count += 1
    kept = np.sort(kept[:count])
    if count > k:
        # only scores that can be among the best are sorted
        cut = -np.partition(-score[kept], k - 1)[k - 1]
        kept = kept[score[kept] >= cut]
    order = np.argsort(-score[kept], kind="mergesort")
    for i in order[:k]:
        found[0][size] = source
        found[1][size] = kept[i]
        found[2][size] = score[kept[i]]
        size += 1
    return size


@numba.njit(cache=True, nogil=True)
def _three_hops(
    indptr: Ints, indices: Ints, weights: Floats, sources: Ints, targets: Ints
) -> tuple[Ints, Ints]:
    first = np.full(len(sources), -1, dtype=np.int64)
    second = np.full(len(sources), -1, dtype=np.int64)
    to_source = np.zeros(len(indptr) - 1)
    for pair in range(len(sources)):
        source, target = sources[pair], targets[pair]
        for i in range(indptr[source], indptr[source + 1]):
            to_source[indices[i]] = weights[i]
        best = 0.0
        for i in range(indptr[target], indptr[target + 1]):
            v = indices[i]
            if v == source:
                continue
            for j in range(indptr[v], indptr[v + 1]):
                u = indices[j]
                strength = to_source[u] * weights[j] * weights[i]
                better = strength > best or (
                    strength == best > 0.0
                    and (u < first[pair] or (u == first[pair] and v < second[pair]))
                )
                if u != target and better:
                    best, first[pair], second[pair] = strength, u, v
        for i in range(indptr[source], indptr[source + 1]):
            to_source[indices[i]] = 0.0
    return first, second


def best_columns(scores: NDArray[np.float32], k: int) -> Ints:
    """Columns of the k highest finite scores of each row, best first, ties by column.

    Parameters
    ----------
    scores
        Shape (rows, columns); minus infinity stands for none.

    Returns
    -------
    Shape (rows, k); -1 where a row has fewer.
    """
    return _best_columns(scores, k)


@numba.njit(cache=True, nogil=True)
def _best_columns(scores: NDArray[np.float32], k: int) -> Ints:
    """Gather what is above the k-th best so far; cut whenever twice as many have come together."""
    found = np.full((scores.shape[0], k), -1, dtype=np.int64)
    columns = np.empty(2 * k, dtype=np.int64)
    values = np.empty(2 * k, dtype=np.float32)
    for row in range(scores.shape[0]):
        count = 0
        bar = np.float32(-np.inf)
        for column in range(scores.shape[1]):
            score = scores[row, column]
            if score <= bar:
                continue
            columns[count], values[count] = column, score
            count += 1
            if count == 2 * k:
                # mergesort is stable, and columns come in ascending order
                order = np.argsort(-values, kind="mergesort")[:k]
                order = np.sort(order)
                columns[:k], values[:k] = columns[order], values[order]
                bar, count = values[:k].min(), k
        order = np.argsort(-values[:count], kind="mergesort")[:k]
        found[row, : len(order)] = columns[order]
    return found
