"""Baselines against networkx, and on graphs whose answer is known in the head."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from models import baselines

FIFTY = settings(max_examples=50, deadline=None, derandomize=True)


def ties_of(graph: nx.Graph) -> Any:
    return sparse.csr_array(nx.to_scipy_sparse_array(graph, nodelist=sorted(graph), dtype=float))


@st.composite
def graphs(draw: st.DrawFn) -> nx.Graph:
    seed = draw(st.integers(0, 10**6))
    graph = nx.gnp_random_graph(draw(st.integers(2, 12)), draw(st.floats(0.1, 0.7)), seed=seed)
    generator = np.random.default_rng(seed)
    for u, v in graph.edges:
        graph.edges[u, v]["weight"] = float(generator.uniform(0.1, 2.0))
    return graph


def dense(scores: Any) -> Any:
    return scores.toarray() if sparse.issparse(scores) else np.asarray(scores)


def everybody(graph: nx.Graph) -> Any:
    return np.arange(len(graph))


def strangers(graph: nx.Graph) -> list[tuple[int, int]]:
    return [(u, v) for u, v in permutations(graph, 2) if not graph.has_edge(u, v)]


Reference = Callable[[nx.Graph, list[tuple[int, int]]], Any]


@pytest.mark.parametrize(
    ("score", "reference"),
    [
        (baselines.common_neighbours, nx.common_neighbor_centrality),
        (baselines.jaccard, nx.jaccard_coefficient),
        (baselines.adamic_adar, nx.adamic_adar_index),
        (baselines.resource_allocation, nx.resource_allocation_index),
    ],
)
@FIFTY
@given(graph=graphs())
def test_plain_scores_equal_networkx(score: Any, reference: Reference, graph: nx.Graph) -> None:
    found = dense(score(baselines.plain(ties_of(graph)), everybody(graph)))
    options = {"alpha": 1.0} if reference is nx.common_neighbor_centrality else {}
    pairs = strangers(graph)
    for u, v, expected in reference(graph, pairs, **options):
        assert found[u, v] == pytest.approx(expected)


@FIFTY
@given(graphs())
def test_popularity_ranks_as_preferential_attachment(graph: nx.Graph) -> None:
    found = dense(baselines.popularity(baselines.plain(ties_of(graph)), everybody(graph)))
    for u, v, expected in nx.preferential_attachment(graph, strangers(graph)):
        assert found[u, v] * graph.degree(u) == expected


@FIFTY
@given(graphs())
def test_pagerank_equals_networkx_for_strangers(graph: nx.Graph) -> None:
    found = dense(baselines.pagerank(ties_of(graph), everybody(graph), tolerance=1e-13))
    for source in graph:
        exact = nx.pagerank(graph, personalization={source: 1.0}, tol=1e-14, max_iter=5_000)
        for target in graph:
            if target != source and not graph.has_edge(source, target):
                assert found[source, target] == pytest.approx(exact[target], abs=1e-9)


@FIFTY
@given(graphs())
def test_katz_is_the_sum_of_powers(graph: nx.Graph) -> None:
    ties = baselines.plain(ties_of(graph))
    step = ties.toarray() * 0.05
    exact = sum(np.linalg.matrix_power(step, length) for length in range(1, 5))
    assert np.allclose(baselines.katz(ties, everybody(graph), 0.05, 4), exact)
    whole = np.linalg.inv(np.eye(len(graph)) - step / 10) - np.eye(len(graph))
    assert np.allclose(baselines.katz(ties, everybody(graph), 0.005, 4), whole, atol=1e-5)


@FIFTY
@given(graphs())
def test_paths_of_three_equal_a_walk_by_hand(graph: nx.Graph) -> None:
    found = baselines.paths_of_three(ties_of(graph), everybody(graph))
    strength = dict(graph.degree(weight="weight"))
    for source, target in strangers(graph):
        expected = sum(
            graph[source][u]["weight"] * graph[u][v]["weight"] * graph[v][target]["weight"]
            / np.sqrt(strength[u] * strength[v])
            for u in graph[source]
            for v in graph[target]
            if graph.has_edge(u, v)
        )  # fmt: skip
        assert found[source, target] == pytest.approx(expected)


@FIFTY
@given(graphs())
def test_a_superposed_walk_is_the_sum_of_powers_of_its_steps(graph: nx.Graph) -> None:
    ties = ties_of(graph)
    total = np.maximum(ties.toarray().sum(axis=1, keepdims=True), 1e-300)
    step = ties.toarray() / total
    exact = step + step @ step + step @ step @ step
    assert np.allclose(baselines.superposed_walk(ties, everybody(graph)), exact)


def test_a_paper_of_three_ties_each_pair_by_its_weight() -> None:
    wrote = sparse.csr_array(np.array([[1.0, 1], [1, 0], [1, 0], [0, 1]]))
    ties = baselines.ties_between(wrote, np.array([0.5, 2.0])).toarray()
    assert ties.tolist() == [[0, 0.5, 0.5, 2], [0.5, 0, 0.5, 0], [0.5, 0.5, 0, 0], [2, 0, 0, 0]]


def test_a_strong_tie_counts_for_more_than_a_weak_one_on_weights() -> None:
    star = nx.Graph()
    star.add_weighted_edges_from([(0, 1, 1.0), (1, 2, 3.0), (1, 3, 1.0)])
    for score in (baselines.resource_allocation, baselines.reliable_adamic_adar):
        found = dense(score(ties_of(star), np.array([0])))[0]
        assert found[2] == pytest.approx(3 * found[3])
    found = dense(baselines.resource_allocation(ties_of(star), np.array([0])))[0]
    assert found[2] == pytest.approx(3 / 5)


def test_the_cosine_of_same_words_is_one_and_of_others_nothing() -> None:
    words = sparse.csr_array(np.array([[1.0, 2, 0], [2, 4, 0], [0, 0, 1], [0, 0, 0]]))
    rows = baselines.normalised(words)
    found = baselines.cosine(rows, rows.T.tocsr(), np.array([0])).toarray()
    assert found[0].tolist() == pytest.approx([1, 1, 0, 0])


def test_people_without_ties_have_no_score_and_raise_no_warning() -> None:
    alone = sparse.csr_array((3, 3))
    for score in (
        baselines.common_neighbours,
        baselines.jaccard,
        baselines.adamic_adar,
        baselines.resource_allocation,
        baselines.reliable_adamic_adar,
        baselines.katz,
        baselines.paths_of_three,
        baselines.superposed_walk,
        baselines.pagerank,
    ):
        assert not dense(score(alone, np.arange(3))).any()
