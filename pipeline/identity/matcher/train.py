"""Train a matcher on the labels that a corpus gives, and compare it with the one in use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from models.evaluation.scores import Measure, shares_of
from models.same_author import Matcher
from pipeline import engine, lake
from pipeline.identity.features import TABLES_OF_FEATURES, pair_features
from pipeline.identity.matcher import learn as matching
from pipeline.identity.matcher.free_labels import PRIOR, TABLES_OF_LABELS, free_labels, hide
from pipeline.settings import Settings

Flags = NDArray[np.bool_]
Reals = NDArray[np.float64]
Texts = NDArray[np.str_]

TABLES_OF_TRAINING = tuple(dict.fromkeys((*TABLES_OF_LABELS, *TABLES_OF_FEATURES)))

LABELS_NEEDED = 1_000
"""Labels that a training needs, and at least a fifth of them of either answer. The shipped matcher
has learned from 1,484 that people gave, which say more."""

LEAST_TO_LEARN = 100
"""Pairs of either answer without which nothing is learned when a source is left out."""

HELD_OUT_SHARE = 5
"""One name block in five, always the same ones, is held out: what is promoted today has not seen
the blocks on which its successor is compared with it."""

MARGIN = 0.01
"""Nats of log loss by which the new matcher has to be better, and surely so: the lower end of the
95 % interval is above 0."""

LEAST_WEIGHED = 20
"""Each source of labels weighs the same in the comparison, as if it had at least so many."""

KEY = ("pmid", "position", "other_pmid", "other_position")


@dataclass(frozen=True, slots=True)
class TrainedMatcher:
    """A matcher and how it did on held-out blocks (log loss in nats, lower is better).

    Attributes
    ----------
    matcher
        None where there are too few labels.
    label_counts
        Source → labels, all blocks.
    same_count
        Labels that say one person.
    compared_count
        Held-out labels that both were tried on.
    gain
        How much lower the new one's loss is, with its interval over blocks.
    """

    matcher: Matcher | None
    label_counts: Mapping[str, int]
    same_count: int
    compared_count: int = 0
    loss: float | None = None
    loss_in_use: float | None = None
    gain: Measure | None = None

    @property
    def is_better(self) -> bool:
        """Better than the one in use by `MARGIN`, and surely better."""
        return self.gain is not None and self.gain.value >= MARGIN and self.gain.low > 0

    @property
    def why(self) -> str:
        """Why it is promoted or not, in a few words."""
        total = sum(self.label_counts.values())
        if self.matcher is None:
            return (
                f"too few labels: {self.same_count:,} of one person and "
                f"{total - self.same_count:,} of two, {LABELS_NEEDED:,} are needed, "
                f"{LABELS_NEEDED // 5:,} of either"
            )
        if self.gain is None:
            return "nothing to compare on: no second source of labels"
        found = f"{self.gain.value:+.3f} nats ({self.gain.low:+.3f} to {self.gain.high:+.3f})"
        if self.is_better:
            return f"better by {found}"
        return f"not surely better by {MARGIN}: {found}"


@dataclass(frozen=True, slots=True)
class Labels:
    """Labelled pairs as `hide` leaves them; rows of all columns match."""

    features: Reals
    is_same: Flags
    sources: Texts
    blocks: Texts
    keys: NDArray[np.int64]

    def __getitem__(self, rows: Flags) -> Labels:
        return Labels(
            self.features[rows],
            self.is_same[rows],
            self.sources[rows],
            self.blocks[rows],
            self.keys[rows],
        )


def train_matcher(
    current: Mapping[str, lake.Dataset],
    decided: pa.Table | None,
    in_use: Matcher,
    is_shipped: bool,
    settings: Settings,
) -> TrainedMatcher:
    """Train on free labels and decided pairs, and compare on blocks that neither has seen.

    The shipped matcher has never learned from a free label; so that no rule learned by heart wins,
    the new one is compared with it on sources that it has not learned from either. People's
    decisions are no rule, and only their blocks are held out.

    Parameters
    ----------
    current
        The tables named in `TABLES_OF_TRAINING`.
    decided
        Pairs that people have decided on: pmid, position, other_pmid, other_position, is_same. Of a
        pair that has a free label too, the decision holds.
    in_use, is_shipped
        The matcher to beat, and whether it is the one of the package.
    """
    pairs = labelled_pairs(current, decided, settings)
    is_same = pc.cast(pairs["is_same"], pa.int8()).to_numpy() == 1
    counts, same_count = Counter(pairs["source"].to_pylist()), int(is_same.sum())
    if is_same.size < LABELS_NEEDED or not _enough(is_same, LABELS_NEEDED // 5):
        return TrainedMatcher(None, counts, same_count)
    labels = _measured(current, pairs, is_same, settings)
    return train_on(labels, in_use, is_shipped)


def train_on(labels: Labels, in_use: Matcher, is_shipped: bool) -> TrainedMatcher:
    """Train on four blocks in five and compare on the others, as `train_matcher` says."""
    counts, same_count = Counter(labels.sources.tolist()), int(labels.is_same.sum())
    held_out = is_held_out(labels.blocks)
    seen, unseen = labels[~held_out], labels[held_out]
    learner = matching.learn([seen.features], seen.is_same, seen.blocks)
    matcher = replace(learner.matcher_, trained_on=matching.fingerprint(seen.keys))
    probability = matcher.probability(unseen.features)
    if is_shipped:
        size = {name: [value] for name, value in learner.best_params_.items()}
        probability = _of_other_sources(seen, unseen, probability, size)
    told = ~np.isnan(probability)
    if not told.any():
        return TrainedMatcher(matcher, counts, same_count)
    unseen = unseen[told]
    new, old, gain = _compared(probability[told], in_use.probability(unseen.features), unseen)
    return TrainedMatcher(matcher, counts, same_count, int(told.sum()), new.value, old.value, gain)


def is_held_out(blocks: Texts) -> Flags:
    """Whether no matcher of a home ever learns from a block, shape (pairs,)."""
    distinct, codes = np.unique(blocks, return_inverse=True)
    held = np.array([crc32(block.encode()) % HELD_OUT_SHARE == 0 for block in distinct], np.bool_)
    return held[codes]


def labelled_pairs(
    current: Mapping[str, lake.Dataset], decided: pa.Table | None, settings: Settings
) -> pa.Table:
    """Free labels and decisions, in order of their keys, as `free_labels` gives them."""
    pairs = free_labels(current, settings)
    if decided is None:
        return pairs
    tables = {"mentions": current["mentions"], "decided": decided}
    file = Path(__file__).with_name("decided.sql")
    known = engine.fetch(file, tables, {}, settings).cast(pairs.schema)
    free = pairs.join(known.select(KEY), list(KEY), join_type="left anti")
    return pa.concat_tables([free, known]).sort_by([(name, "ascending") for name in KEY])


def _measured(
    current: Mapping[str, lake.Dataset], pairs: pa.Table, is_same: Flags, settings: Settings
) -> Labels:
    """Measure labelled pairs, with what gave each label hidden."""
    sources, blocks = (pairs[name].to_numpy().astype(np.str_) for name in ("source", "block"))
    keys = np.column_stack([pairs[name].to_numpy() for name in KEY]).astype(np.int64)
    features = matching.as_matrix(pair_features(current, pairs.select(KEY), settings))
    return Labels(hide(features, sources), is_same, sources, blocks, keys)


def _of_other_sources(
    seen: Labels, unseen: Labels, probability: Reals, size: Mapping[str, Sequence[Any]]
) -> Reals:
    """Probability of each unseen pair from a matcher without its source; NaN if there is none."""
    found = probability.copy()
    for source in np.unique(unseen.sources[unseen.sources != "decided"]):
        others = _thinned(seen[seen.sources != source])
        rows = unseen.sources == source
        if _enough(others.is_same, LEAST_TO_LEARN):
            learner = matching.learn([others.features], others.is_same, others.blocks, size)
            found[rows] = learner.matcher_.probability(unseen.features[rows])
        else:
            found[rows] = np.nan
    return found


def _thinned(labels: Labels) -> Labels:
    """Drop of the more frequent answer what exceeds `PRIOR`: a source mostly gives one answer."""
    same, other = (np.flatnonzero(labels.is_same == answer) for answer in (True, False))
    draw = np.random.default_rng(0)
    same_count = min(same.size, int(other.size * PRIOR / (1 - PRIOR)))
    other_count = min(other.size, int(same.size * (1 - PRIOR) / PRIOR))
    kept = np.zeros(labels.is_same.size, np.bool_)
    kept[draw.permutation(same)[:same_count]] = True
    kept[draw.permutation(other)[:other_count]] = True
    return labels[kept]


def _enough(is_same: Flags, count: int) -> bool:
    return bool(min(is_same.sum(), (~is_same).sum()) >= count)


def _compared(new: Reals, old: Reals, labels: Labels) -> list[Measure]:
    """Log loss of two matchers (nats), and how much lower the first is; sources weigh the same."""
    _, codes, counts = np.unique(labels.sources, return_inverse=True, return_counts=True)
    weights = 1 / np.maximum(counts[codes], LEAST_WEIGHED)
    one, other = (
        -np.log(np.maximum(np.where(labels.is_same, p, 1 - p), 1e-12)) for p in (new, old)
    )
    parts = [part for loss in (one, other, other - one) for part in (weights * loss, weights)]
    return shares_of(np.column_stack(parts), labels.blocks)
