"""Train the matcher on labelled pairs of mentions, and try it on pairs it has not seen."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from models.same_author import Matcher, SameAuthor
from pipeline import lake
from pipeline.errors import ConfrereError
from pipeline.identity.features import DIRECTIONS, FEATURES
from pipeline.tables import MENTIONS_PER_PAPER

Flags = NDArray[np.bool_]
Reals = NDArray[np.float64]

FOLDS = 5
logger = logging.getLogger(__name__)


def cross_validated(
    pairs: Reals, is_same: Flags, blocks: NDArray[np.str_], views: Sequence[Reals] = ()
) -> Reals:
    """Probability of each pair from a matcher that has seen no pair of its block."""
    probability = np.full(is_same.size, np.nan)
    for matcher, unseen in fold_matchers(views or [pairs], is_same, blocks):
        probability[unseen] = matcher.probability(pairs[unseen])
    return probability


def fold_matchers(
    views: Sequence[Reals], is_same: Flags, blocks: NDArray[np.str_]
) -> Iterator[tuple[Matcher, NDArray[np.intp]]]:
    """Train a matcher on four fifths of the blocks, five times; yield it with the other pairs.

    `views` are the same pairs as one or more corpora measure them.
    Rarity depends on the corpus, and a matcher that knows several takes it less literally.

    Raises
    ------
    ConfrereError
        There are too few pairs or blocks to train on.
    """
    from sklearn.model_selection import GroupKFold

    if (
        np.unique(blocks).size < FOLDS * FOLDS
        or min(is_same.sum(), (~is_same).sum()) < FOLDS * FOLDS
    ):
        raise ConfrereError(
            f"[pairs] are {is_same.size}, too few to train on: leave out --cross-validate"
        )
    folds = GroupKFold(FOLDS, shuffle=True, random_state=0).split(views[0], is_same, blocks)
    for number, (seen, unseen) in enumerate(folds, start=1):
        learner = learn([view[seen] for view in views], is_same[seen], blocks[seen])
        logger.info("fold %d of %d: trees chosen: %s", number, FOLDS, learner.best_params_)
        yield learner.matcher_, unseen


def learn(
    views: Sequence[Reals],
    is_same: Flags,
    blocks: NDArray[np.str_],
    grid: Mapping[str, Sequence[Any]] | None = None,
) -> SameAuthor:
    """Train a matcher on pairs as one or more corpora measure them, each as from `as_matrix`.

    `grid`, as of `SameAuthor`, is given where the size of the trees is known.
    """
    names = [feature.name for feature in FEATURES]
    labels, groups = np.tile(is_same, len(views)), np.tile(blocks, len(views))
    return SameAuthor(names, DIRECTIONS, grid=grid).fit(np.concatenate(views), labels, groups)


def as_table(pairs: NDArray[np.int64]) -> pa.Table:
    """Pairs as `pair_features` takes them."""
    names = ("pmid", "position", "other_pmid", "other_position")
    return pa.table(dict(zip(names, pairs.T, strict=True)))


def as_matrix(features: pa.Table) -> Reals:
    """Features as the matcher takes them, shape (pairs, features)."""
    return np.column_stack([features[feature.name].to_numpy() for feature in FEATURES])


def fingerprint(pairs: NDArray[np.int64]) -> str:
    """Name a set of pairs (pmid, position, other_pmid, other_position), in whatever order."""
    rows = pairs[np.lexsort(pairs.T)].astype("<i8")
    return hashlib.sha256(rows.tobytes()).hexdigest()


def blocks_of(mentions: lake.Dataset, keys: NDArray[np.int64]) -> NDArray[np.str_]:
    """Block of each mention (pmid, position)."""
    table = mentions.read(["pmid", "position", "block"])
    return table["block"].take(pa.array(rows_of(table, keys))).to_numpy().astype(np.str_)


def rows_of(table: pa.Table, keys: NDArray[np.int64]) -> NDArray[np.intp]:
    """Rows of a table sorted by pmid and position."""
    known = table["pmid"].to_numpy() * MENTIONS_PER_PAPER + table["position"].to_numpy()
    return np.searchsorted(known, keys[:, 0] * MENTIONS_PER_PAPER + keys[:, 1])
