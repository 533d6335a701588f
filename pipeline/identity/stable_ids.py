"""Give each cluster of mentions the author id it had, or a new one that nobody has had."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.clustering import ABSENT, assign_greedily
from pipeline.tables import MENTIONS_PER_PAPER

Ids = NDArray[np.int64]


def author_ids(
    founding: Ids,
    clusters: NDArray[np.int32],
    old_founding: Ids,
    old_author_ids: Ids,
    taken: Ids,
) -> tuple[Ids, int]:
    """Name clusters after the previous identities of their mentions.

    An old id goes to the cluster that holds most of its mentions, and a cluster takes the old id
    that most of its mentions had; ties go to the smaller id. A cluster left without one takes the
    `founding` id of its first mention that is not taken already.

    Parameters
    ----------
    founding
        `pmid * MENTIONS_PER_PAPER + position` of each mention, ascending, shape (n,).
    clusters
        Cluster of each mention, any whole numbers, shape (n,).
    old_founding, old_author_ids
        Mentions that were there before, by where they stand today, and who they were; ascending
        by the first, shape (m,).
    taken
        All author ids of before, ascending: none of them is given to somebody else.

    Returns
    -------
    ids : shape (n,)
        Author id of each mention.
    kept_count
        Clusters that kept an old id.
    """
    count = clusters.max(initial=-1) + 1
    old_ids, old_index = np.unique(old_author_ids, return_inverse=True)
    ids = _kept(founding, clusters, old_founding, old_index, old_ids, count)
    kept_count = int(np.count_nonzero(ids != ABSENT))
    _name_new(ids, founding, clusters, taken)
    return ids[clusters], kept_count


def _kept(
    founding: Ids,
    clusters: NDArray[np.int32],
    old_founding: Ids,
    old_index: NDArray[np.intp],
    old_ids: Ids,
    count: int,
) -> Ids:
    """Match clusters to old ids, greatest overlap first; ABSENT where a cluster gets none."""
    _, here, there = np.intersect1d(founding, old_founding, assume_unique=True, return_indices=True)
    pairs = clusters[here].astype(np.int64) * max(old_ids.size, 1) + old_index[there]
    pairs, overlap = np.unique(pairs, return_counts=True)
    cluster, old = np.divmod(pairs, max(old_ids.size, 1))
    order = np.lexsort((cluster, old, -overlap))
    partner = assign_greedily(cluster[order], old[order], count, old_ids.size)
    return np.append(old_ids, ABSENT)[partner]


def _name_new(ids: Ids, founding: Ids, clusters: NDArray[np.int32], taken: Ids) -> None:
    """Fill the ABSENT among `ids` (one a cluster) in place."""
    free = (ids[clusters] == ABSENT) & ~np.isin(founding, taken)
    cluster, first = np.unique(clusters[free], return_index=True)
    ids[cluster] = founding[free][first]
    nameless = np.isin(clusters, np.flatnonzero(ids == ABSENT))
    if nameless.any():
        _name_spare(ids, founding[nameless], clusters[nameless], taken)


def _name_spare(ids: Ids, founding: Ids, clusters: NDArray[np.int32], old_ids: Ids) -> None:
    """Name clusters all of whose mentions have founded others, as after a split.

    They count down from the last position of their first paper, where no author list reaches.
    """
    taken = set(old_ids.tolist()) | set(ids.tolist())
    cluster, first = np.unique(clusters, return_index=True)
    for row, mention in zip(cluster.tolist(), founding[first].tolist(), strict=True):
        spare = mention - mention % MENTIONS_PER_PAPER + MENTIONS_PER_PAPER - 1
        while spare in taken:
            spare -= 1
        taken.add(spare)
        ids[row] = spare
