"""Give each cluster of mentions the author id it had, or a new one; tell what became of others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.clustering import ABSENT, assign_greedily
from pipeline.tables import MENTIONS_PER_PAPER

Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Known:
    """Author ids that have been given, each array ascending.

    Attributes
    ----------
    borne
        By somebody today.
    gone
        By nobody, because no mention was left.
    led_on
        By nobody, because the author goes on under another id.
    """

    borne: Ids
    gone: Ids
    led_on: Ids


@dataclass(frozen=True, slots=True)
class Named:
    """Who the mentions are, and what became of the ids they had.

    Attributes
    ----------
    ids
        Author id of each mention, shape (n,).
    new_count
        Clusters whose id nobody had before.
    lost
        Old ids that no cluster took, ascending; without ids that have no mention left.
    lost_to
        The id that most of their mentions have now.
    back
        Ids that were gone and are borne again, ascending.
    moves
        Old id, other id, mentions that went from the one to the other, whether the other is new;
        shape (k, 4).
    """

    ids: Ids
    new_count: int
    lost: Ids
    lost_to: Ids
    back: Ids
    moves: Ids


def name(founding: Ids, clusters: Ids, old_ids: Ids, known: Known) -> Named:
    """Name clusters after the previous identities of their mentions.

    An old id goes to the cluster that holds most of its mentions, and a cluster takes the old id
    that most of its mentions had; ties go to the smaller id. A cluster left without one takes an id
    that is gone and that one of its mentions founded, else the `founding` id of its first mention
    that nobody ever had.

    Parameters
    ----------
    founding
        `pmid * MENTIONS_PER_PAPER + position` of each mention, ascending, shape (n,).
    clusters
        Cluster of each mention, whole numbers from 0, shape (n,).
    old_ids
        Who it was, or ABSENT, shape (n,).
    """
    count = clusters.max(initial=-1) + 1
    borne, old = np.unique(old_ids, return_inverse=True)
    pairs, overlap = np.unique(clusters * max(borne.size, 1) + old, return_counts=True)
    cluster, old = np.divmod(pairs, max(borne.size, 1))
    is_old = borne[old] != ABSENT
    cluster, old, overlap = cluster[is_old], old[is_old], overlap[is_old]
    order = np.lexsort((cluster, old, -overlap))
    partner = assign_greedily(cluster[order], old[order], count, borne.size)
    ids = np.append(borne, ABSENT)[partner]
    back = _name_back(ids, founding, clusters, known)
    new_count = int(np.count_nonzero(ids == ABSENT))
    _name_new(ids, founding, clusters, known)
    was, now = borne[old], ids[cluster]
    moved = was != now
    lost, lost_to = _lost(was, now, overlap, ids)
    is_new = ~_among(now[moved], known.borne) & ~_among(now[moved], back)
    moves = np.stack([was[moved], now[moved], overlap[moved], is_new], axis=1)
    return Named(ids[clusters], new_count, lost, lost_to, back, moves)


def _lost(was: Ids, now: Ids, overlap: Ids, ids: Ids) -> tuple[Ids, Ids]:
    """Old ids that nobody bears now, and who most of their mentions are."""
    gone = ~_among(was, np.sort(ids))
    order = np.lexsort((now[gone], -overlap[gone], was[gone]))
    lost, first = np.unique(was[gone][order], return_index=True)
    return lost, now[gone][order][first]


def _name_back(ids: Ids, founding: Ids, clusters: Ids, known: Known) -> Ids:
    """Fill those of the ABSENT among `ids` in place whose id was gone; return these."""
    again = (ids[clusters] == ABSENT) & _among(founding, known.gone)
    cluster, first = np.unique(clusters[again], return_index=True)
    ids[cluster] = founding[again][first]
    return np.sort(ids[cluster])


def _name_new(ids: Ids, founding: Ids, clusters: Ids, known: Known) -> None:
    """Fill the ABSENT among `ids` (one a cluster) in place."""
    taken = np.sort(np.concatenate([known.borne, known.gone, known.led_on]))
    free = (ids[clusters] == ABSENT) & ~_among(founding, taken)
    cluster, first = np.unique(clusters[free], return_index=True)
    ids[cluster] = founding[free][first]
    nameless = ids[clusters] == ABSENT
    if nameless.any():
        _name_spare(ids, founding[nameless], clusters[nameless], taken)


def _name_spare(ids: Ids, founding: Ids, clusters: Ids, old_ids: Ids) -> None:
    """Name clusters all of whose mentions have founded others, as after a split.

    They count down from the last position of their first paper, where no author list reaches.
    """
    papers = np.unique(founding // MENTIONS_PER_PAPER)
    given = np.concatenate([old_ids, ids])
    taken = set(given[_among(given // MENTIONS_PER_PAPER, papers)].tolist())
    cluster, first = np.unique(clusters, return_index=True)
    for row, mention in zip(cluster.tolist(), founding[first].tolist(), strict=True):
        spare = mention - mention % MENTIONS_PER_PAPER + MENTIONS_PER_PAPER - 1
        while spare in taken:
            spare -= 1
        taken.add(spare)
        ids[row] = spare


def _among(ids: Ids, ascending: Ids) -> NDArray[np.bool_]:
    """Whether each of `ids` is in a sorted array, which may be much longer."""
    place = np.searchsorted(ascending, ids)
    found: NDArray[np.bool_] = np.append(ascending, ABSENT)[place] == ids
    return found
