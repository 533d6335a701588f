"""The kernels against networkx, and graphs whose answer is known in the head."""

from __future__ import annotations

from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import kernels

TWO_HUNDRED = settings(max_examples=200, deadline=None, derandomize=True)


def graph_of(reference: nx.Graph) -> kernels.Graph:
    ids = sorted(reference)
    ties = nx.to_scipy_sparse_array(reference, ids, dtype=float, format="csr")
    ties.sort_indices()
    indptr, indices = ties.indptr.astype(np.int64), ties.indices.astype(np.int64)
    strength = np.asarray(ties.sum(axis=1), np.float64).ravel()
    return kernels.Graph(np.array(ids), indptr, indices, ties.data, strength)


def weighted(reference: nx.Graph) -> nx.Graph:
    nx.set_edge_attributes(reference, 1.0, "weight")
    return reference


@st.composite
def random_graphs(draw: st.DrawFn) -> nx.Graph:
    size = draw(st.integers(1, 14))
    generator = np.random.default_rng(draw(st.integers(0, 2**31)))
    reference = nx.gnp_random_graph(
        size, draw(st.floats(0, 0.7)), seed=int(generator.integers(10**9))
    )
    for u, v in reference.edges:
        reference.edges[u, v]["weight"] = float(generator.uniform(0.01, 3.0))
    return reference


def by_target(ranked: kernels.Ranked, source: int) -> dict[int, float]:
    chosen = ranked.sources == source
    return dict(zip(ranked.targets[chosen].tolist(), ranked.scores[chosen].tolist(), strict=True))


@TWO_HUNDRED
@given(random_graphs())
def test_pagerank_equals_networkx(reference: nx.Graph) -> None:
    nodes = np.array(sorted(reference))
    everyone = np.ones(len(nodes), dtype=bool)
    ranked = kernels.pagerank_top_k(
        graph_of(reference), nodes, everyone, k=len(nodes), tolerance=1e-14
    )
    for source in nodes.tolist():
        exact = nx.pagerank(
            reference, alpha=0.85, personalization={source: 1.0}, tol=1e-15, max_iter=5000
        )
        far = {v for v in reference if v != source and v not in reference[source]}
        expected = {v: exact[v] for v in far if nx.has_path(reference, source, v)}
        assert by_target(ranked, source) == pytest.approx(expected, abs=1e-9)


@TWO_HUNDRED
@given(random_graphs())
def test_the_strongest_path_is_the_best_of_all_paths(reference: nx.Graph) -> None:
    graph = graph_of(reference)
    pairs = [(s, t) for s in reference for t in reference if s != t]
    sources, targets = np.array([p[0] for p in pairs], int), np.array([p[1] for p in pairs], int)
    first, second = kernels.strongest_paths(graph, sources, targets)
    for (source, target), u, v in zip(pairs, first.tolist(), second.tolist(), strict=True):
        strengths = [
            np.prod([reference[a][b]["weight"] for a, b in pairwise(path)])
            for path in nx.all_simple_paths(reference, source, target, cutoff=3)
            if len(path) == 4
        ]
        if not strengths:
            assert (u, v) == (-1, -1)
        else:
            found = reference[source][u]["weight"] * reference[u][v]["weight"]
            assert found * reference[v][target]["weight"] == pytest.approx(max(strengths))


def test_everybody_in_a_complete_graph_knows_everybody() -> None:
    graph = graph_of(weighted(nx.complete_graph(5)))
    nodes, everyone = np.arange(5), np.ones(5, bool)
    assert len(kernels.pagerank_top_k(graph, nodes, everyone, 5).sources) == 0
    assert len(kernels.pagerank_top_k(graph, nodes, everyone, 5).sources) == 0


def test_the_best_k_come_in_order_and_ties_go_to_the_smaller_node() -> None:
    star = weighted(nx.star_graph(6))
    star.edges[0, 4]["weight"] = 3.0
    ranked = kernels.pagerank_top_k(graph_of(star), np.array([1]), np.ones(7, bool), 3)
    assert ranked.targets.tolist() == [4, 2, 3]


def test_only_eligible_nodes_are_targets() -> None:
    eligible = np.array([True, True, False, True])
    ranked = kernels.pagerank_top_k(
        graph_of(weighted(nx.star_graph(3))), np.array([1]), eligible, 5
    )
    assert ranked.targets.tolist() == [3]


@TWO_HUNDRED
@given(st.integers(0, 2**31), st.integers(1, 9), st.integers(0, 60))
def test_best_columns_equals_a_stable_sort(seed: int, k: int, columns: int) -> None:
    generator = np.random.default_rng(seed)
    # few values, so that there are ties; up to many times 2 k columns
    scores = generator.integers(-3, 4, size=(4, columns)).astype(np.float32)
    scores[generator.random(scores.shape) < generator.random()] = -np.inf
    found = kernels.best_columns(scores, k)
    assert found.shape == (4, k)
    for row, chosen in zip(scores, found, strict=True):
        order = np.argsort(-row, kind="stable")
        wanted = order[np.isfinite(row[order])][:k].tolist()
        assert chosen.tolist() == wanted + [-1] * (k - len(wanted))


def test_best_columns_in_any_order_of_scores() -> None:
    """Ascending scores are cut again and again; of descending ones the first k stay."""
    ascending = np.arange(50, dtype=np.float32)[np.newaxis]
    assert kernels.best_columns(ascending, 3).tolist() == [[49, 48, 47]]
    assert kernels.best_columns(-ascending, 3).tolist() == [[0, 1, 2]]
    assert kernels.best_columns(0 * ascending, 3).tolist() == [[0, 1, 2]]


def test_best_columns_of_nothing() -> None:
    nothing = np.full((2, 5), -np.inf, np.float32)
    assert (kernels.best_columns(nothing, 2) == -1).all()
    assert kernels.best_columns(nothing[:0], 2).shape == (0, 2)
    assert kernels.best_columns(nothing[:, :0], 2).tolist() == [[-1, -1], [-1, -1]]
