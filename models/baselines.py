"""Classic scores of links that are not there yet: what any recommender of coauthors has to beat.

`ties` is a symmetric sparse matrix without diagonal, of ones or of weights, shape (people, people).
A score is of shape (sources, people), sparse or dense; its values for a source and its neighbours
mean nothing. networkx's `link_prediction` is the reference that tests hold the plain ones against.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from models import kernels

Ints = NDArray[np.int64]
Reals = NDArray[np.float64]
Sparse: TypeAlias = Any
"""A scipy.sparse.csr_array: scipy ships no types."""

WALKERS_KEPT = 2_000
"""Best targets of a personalised PageRank; whoever comes behind has score 0."""


def ties_between(wrote: Sparse, weight: Reals) -> Sparse:
    """Weigh ties by the papers that people have in common.

    Parameters
    ----------
    wrote
        Ones where a person wrote a paper, shape (people, papers).
    weight
        What a paper adds to each tie, shape (papers,); 0 for none.
    """
    ties = (wrote * weight[np.newaxis]).tocsr() @ wrote.T.tocsr()
    ties.setdiag(0.0)
    ties.eliminate_zeros()
    ties.sort_indices()
    return ties


def plain(ties: Sparse) -> Sparse:
    """Ties without their weights."""
    return sparse.csr_array((np.ones_like(ties.data), ties.indices, ties.indptr), ties.shape)


def strength(ties: Sparse) -> Reals:
    """Sum of the weights at each person; of plain ties the degree."""
    total: Reals = np.asarray(ties.sum(axis=1), np.float64).ravel()
    return total


def popularity(ties: Sparse, sources: Ints) -> Reals:
    """Number of coauthors, for every source alike.

    Preferential attachment (Barabási et al., Physica A 311, 2002) ranks the same.
    """
    return np.broadcast_to(strength(ties), (sources.size, ties.shape[0]))


def common_neighbours(ties: Sparse, sources: Ints) -> Sparse:
    """Shared coauthors (Newman, Phys. Rev. E 64, 025102, 2001)."""
    return ties[sources] @ ties


def jaccard(ties: Sparse, sources: Ints) -> Sparse:
    """Shared coauthors by all coauthors of the two (Liben-Nowell & Kleinberg, CIKM 2003)."""
    shared = common_neighbours(ties, sources).tocoo()
    degree = strength(ties)
    rows, columns = shared.coords
    either = degree[sources[rows]] + degree[columns] - shared.data
    return sparse.csr_array((shared.data / either, (rows, columns)), shared.shape)


def adamic_adar(ties: Sparse, sources: Ints) -> Sparse:
    """Shared coauthors, each by 1 / ln(coauthors) (Adamic & Adar, Social Networks 25, 2003)."""
    return _over(ties, sources, np.log(np.maximum(strength(ties), 2.0)))


def resource_allocation(ties: Sparse, sources: Ints) -> Sparse:
    """Shared coauthors, each by 1 / strength (Zhou, Lü & Zhang, Eur. Phys. J. B 71, 2009).

    With weights, the product of both ties by the strength of who is shared: reliable routes, Zhao
    et al., Scientific Reports 5, 12261, 2015. So is a walk of two steps, times a source's strength.
    """
    return _over(ties, sources, strength(ties))


def reliable_adamic_adar(ties: Sparse, sources: Ints) -> Sparse:
    """Adamic-Adar on weights: products of both ties by ln(1 + strength) (Zhao et al. 2015)."""
    return _over(ties, sources, np.log1p(strength(ties)))


def katz(ties: Sparse, sources: Ints, attenuation: float = 0.005, longest: int = 4) -> Reals:
    """Walks of up to `longest` steps, each step times `attenuation`.

    Katz, Psychometrika 18, 1953; attenuation as in Liben-Nowell & Kleinberg 2003.
    """
    walks = ties[sources].toarray().T * attenuation
    total = walks.copy()
    for _ in range(longest - 1):
        walks = ties @ walks * attenuation
        total += walks
    return total.T


def paths_of_three(ties: Sparse, sources: Ints) -> Reals:
    """L3: paths source - u - v - target, each by 1 / sqrt of the strengths of u and v.

    Kovács et al., Nature Communications 10, 1240, 2019; with weights, times the three ties.
    """
    by_root = 1 / np.sqrt(np.maximum(strength(ties), 1e-300))
    walks = (ties[sources] * by_root[np.newaxis]).toarray().T
    walks = (ties @ walks) * by_root[:, np.newaxis]
    return (ties @ walks).T


def superposed_walk(ties: Sparse, sources: Ints, steps: int = 3) -> Reals:
    """Probability to be there after 1, 2 … or `steps` random steps, summed.

    Liu & Lü, EPL 89, 58007, 2010: on undirected ties both directions rank alike for a source.
    """
    total = strength(ties)
    onward = 1 / np.where(total > 0, total, 1.0)
    walks = ties[sources].toarray().T * onward[sources][np.newaxis]
    summed = walks.copy()
    for _ in range(steps - 1):
        walks = ties @ (walks * onward[:, np.newaxis])
        summed += walks
    return summed.T


def pagerank(ties: Sparse, sources: Ints, tolerance: float = 1e-6) -> Sparse:
    """Personalised PageRank by forward push, see `kernels.pagerank_top_k`; neighbours have 0."""
    people = np.arange(ties.shape[0])
    graph = kernels.Graph(
        people,
        ties.indptr.astype(np.int64),
        ties.indices.astype(np.int64),
        ties.data,
        strength(ties),
    )
    everyone = np.ones(people.size, np.bool_)
    found = kernels.pagerank_top_k(graph, sources, everyone, WALKERS_KEPT, tolerance=tolerance)
    rows = np.searchsorted(sources, found.sources)
    shape = (sources.size, people.size)
    return sparse.csr_array((found.scores, (rows, found.targets)), shape)


def is_entry(matrix: Sparse, rows: Ints, columns: Ints) -> NDArray[np.bool_]:
    """Whether the matrix has an entry at each place, shape (places,).

    Examples
    --------
    >>> eye = sparse.csr_array(np.eye(2))
    >>> is_entry(eye, np.array([0, 1]), np.array([1, 1])).tolist()
    [False, True]
    """
    own = matrix.tocoo().coords
    return np.isin(rows * matrix.shape[1] + columns, own[0] * matrix.shape[1] + own[1])


def normalised(profiles: Sparse) -> Sparse:
    """Rows of length 1; empty rows stay empty."""
    length = np.sqrt(np.asarray(profiles.power(2).sum(axis=1), np.float64).ravel())
    return (profiles * (1 / np.where(length > 0, length, 1.0))[:, np.newaxis]).tocsr()


def cosine(profiles: Sparse, turned: Sparse, sources: Ints) -> Sparse:
    """Cosine of the sources' rows with all rows.

    Parameters
    ----------
    profiles
        Rows of length 1, see `normalised`, shape (people, features).
    turned
        The same transposed, in sparse rows too, shape (features, people).
    """
    return profiles[sources] @ turned


def _over(ties: Sparse, sources: Ints, cost: Reals) -> Sparse:
    """Sum over shared neighbours z of tie(source, z) · tie(z, target) / cost(z)."""
    share = 1 / np.where(cost > 0, cost, 1.0)
    return (ties[sources] * share[np.newaxis]).tocsr() @ ties
