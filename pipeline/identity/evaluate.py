"""How right identity is, on labelled pairs or persons: the matcher, the author ids, and plain rules."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from models.evaluation import (
    CalibrationCurve,
    Errors,
    Scores,
    b_cubed,
    calibration_curve,
    cluster_pairs,
    expected_calibration_error,
    pair_scores,
    splitting_and_lumping,
    without_singletons,
)
from models.same_author import Matcher, SameAuthor
from pipeline import lake
from pipeline.errors import ConfrereError
from pipeline.identity.features import DIRECTIONS, FEATURES, TABLES_OF_FEATURES, pair_features
from pipeline.identity.labelled import LabelledMention, LabelledPair, Located, locate
from pipeline.settings import Settings
from pipeline.tables import MENTIONS_PER_PAPER

Flags = NDArray[np.bool_]
Reals = NDArray[np.float64]

TABLES_OF_EVALUATION = (*TABLES_OF_FEATURES, "identities")

FOLDS = 5
JOINED_FROM = 0.5
"""Probability from which the matcher's answer counts as yes; never tuned."""

PAIRS_AT_MOST = 200_000
"""Of persons, so many pairs of mentions in a block are drawn for the matcher and the rules."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Calibration:
    """How far the matcher's probabilities can be taken at their word."""

    curve: CalibrationCurve
    error: float


@dataclass(frozen=True, slots=True)
class PairEvaluation:
    """Decisions on pairs of mentions.

    `scores` is slice → what decided → scores: slices are all, whole (both print a whole fore name)
    and initials (one or none does); deciders are matcher, clusters (the author ids) and the rules.
    """

    located: Located
    scores: Mapping[str, Mapping[str, Scores]]
    calibration: Calibration


@dataclass(frozen=True, slots=True)
class ClusterEvaluation:
    """Author ids against persons; `whole` of all mentions, `several` of persons with more than one."""

    located: Located
    person_count: int
    whole: ClusterScores
    several: ClusterScores
    pairs: PairEvaluation


@dataclass(frozen=True, slots=True)
class ClusterScores:
    """What is measured of clusters."""

    mention_count: int
    b_cubed: Scores
    pairwise: Scores
    errors: Errors


RULES = ("all alike", "compatible names", "shared coauthor or equal full names")
"""Names are compatible where no initial and no whole first name differs; full names are equal where
all that is printed is, be it initials only."""


def evaluate_pairs(
    current: Mapping[str, lake.Dataset],
    labelled: Sequence[LabelledPair],
    matcher: Matcher | None,
    settings: Settings,
) -> PairEvaluation:
    """Score all deciders on labelled pairs.

    Parameters
    ----------
    current
        The tables named in `TABLES_OF_EVALUATION`.
    matcher
        What is scored; None trains one on the pairs, five-fold, all pairs of a block in one fold.

    Raises
    ------
    ConfrereError
        None of the pairs is in the tables, or too few to train on.
    """
    located = locate([name for pair in labelled for name in (pair.one, pair.other)], current["authorships"])
    rows = [
        (pair.one.pmid, one, pair.other.pmid, other, pair.is_same)
        for pair, one, other in zip(
            labelled, located.positions[::2], located.positions[1::2], strict=True
        )
        if one is not None and other is not None
    ]
    if not rows:
        raise ConfrereError("[pairs] none of them is in the files: give the files with their PMIDs")
    table = np.array(rows, np.int64)
    return _evaluate(current, table[:, :4], table[:, 4] == 1, located, matcher, settings)


def evaluate_clusters(
    current: Mapping[str, lake.Dataset],
    labelled: Sequence[LabelledMention],
    matcher: Matcher | None,
    settings: Settings,
) -> ClusterEvaluation:
    """Score author ids against persons, and the matcher and the rules on pairs within blocks.

    Raises
    ------
    ConfrereError
        None of the mentions is in the tables, or too few to train on.
    """
    located = locate([mention.printed for mention in labelled], current["authorships"])
    persons = pa.array([mention.person for mention in labelled]).dictionary_encode().indices
    rows = {
        (mention.printed.pmid, position): person
        for mention, position, person in zip(
            labelled, located.positions, persons.to_pylist(), strict=True
        )
        if position is not None
    }
    if not rows:
        raise ConfrereError("[clusters] no name is in the files: give the files with their PMIDs")
    mentions, person = np.array(list(rows), np.int64), np.array(list(rows.values()), np.int64)
    author_ids = _author_ids(current["identities"], mentions)
    several = without_singletons(person)
    pairs, one, other = _pairs_in_blocks(current["mentions"], mentions)
    return ClusterEvaluation(
        located,
        np.unique(person).size,
        _cluster_scores(author_ids, person),
        _cluster_scores(author_ids[several], person[several]),
        _evaluate(current, pairs, person[one] == person[other], located, matcher, settings),
    )


def _cluster_scores(author_ids: NDArray[np.int64], persons: NDArray[np.int64]) -> ClusterScores:
    return ClusterScores(
        persons.size,
        b_cubed(author_ids, persons),
        cluster_pairs(author_ids, persons),
        splitting_and_lumping(author_ids, persons),
    )


def _evaluate(
    current: Mapping[str, lake.Dataset],
    pairs: NDArray[np.int64],
    is_same: Flags,
    located: Located,
    matcher: Matcher | None,
    settings: Settings,
) -> PairEvaluation:
    names = ("pmid", "position", "other_pmid", "other_position")
    table = pa.table(dict(zip(names, pairs.T, strict=True)))
    features = pair_features(current, table, settings)
    matrix = as_matrix(features)
    blocks = blocks_of(current["mentions"], pairs[:, :2])
    if matcher is None:
        probability = cross_validated(matrix, is_same, blocks)
    else:
        probability = matcher.probability(matrix)
    one, other = (_author_ids(current["identities"], side) for side in (pairs[:, :2], pairs[:, 2:]))
    decisions = {"matcher": probability >= JOINED_FROM, "clusters": one == other, **decide(features)}
    is_whole = features["whole_names"].to_numpy() == 2
    slices = {"all": is_whole | True, "whole": is_whole, "initials": ~is_whole}
    return PairEvaluation(
        located,
        {
            name: {
                decider: pair_scores(is_same[rows], decision[rows], blocks[rows])
                for decider, decision in decisions.items()
            }
            for name, rows in slices.items()
        },
        Calibration(
            calibration_curve(probability, is_same),
            expected_calibration_error(probability, is_same),
        ),
    )


def cross_validated(pairs: Reals, is_same: Flags, blocks: NDArray[np.str_]) -> Reals:
    """Probability of each pair from a matcher that has seen no pair of its block.

    Raises
    ------
    ConfrereError
        There are too few pairs or blocks to train on.
    """
    from sklearn.model_selection import GroupKFold

    if np.unique(blocks).size < FOLDS * FOLDS or min(is_same.sum(), (~is_same).sum()) < FOLDS * FOLDS:
        raise ConfrereError(
            f"[pairs] are {is_same.size}, too few to train on: leave out --cross-validate"
        )
    probability = np.full(is_same.size, np.nan)
    folds = GroupKFold(FOLDS, shuffle=True, random_state=0).split(pairs, is_same, blocks)
    for number, (seen, unseen) in enumerate(folds, start=1):
        learner = learn(pairs[seen], is_same[seen], blocks[seen])
        probability[unseen] = learner.matcher_.probability(pairs[unseen])
        logger.info("fold %d of %d: trees chosen: %s", number, FOLDS, learner.best_params_)
    return probability


def learn(pairs: Reals, is_same: Flags, blocks: NDArray[np.str_]) -> SameAuthor:
    """Train a matcher on features as `as_matrix` gives them."""
    names = [feature.name for feature in FEATURES]
    return SameAuthor(names, DIRECTIONS).fit(pairs, is_same, blocks)


def as_matrix(features: pa.Table) -> Reals:
    """Features as the matcher takes them, shape (pairs, features)."""
    return np.column_stack([features[feature.name].to_numpy() for feature in FEATURES])


def decide(features: pa.Table) -> dict[str, Flags]:
    """Answers of the rules that a matcher has to beat."""
    names = ("first_name", "middle_names", "initials", "whole_names", "coauthors")
    first, middle, initials, whole, coauthors = (features[name].to_numpy() for name in names)
    everything = np.ones(first.size, np.bool_)
    compatible = (initials != 0) & ~(first < 1)
    alike = (initials == 1) & ~(first < 1) & ~(middle < 1) & (whole != 1)
    return dict(zip(RULES, (everything, compatible, (coauthors > 0) | alike), strict=True))


def blocks_of(mentions: lake.Dataset, keys: NDArray[np.int64]) -> NDArray[np.str_]:
    """Block of each mention (pmid, position)."""
    table = mentions.read(["pmid", "position", "block"])
    return table["block"].take(pa.array(_rows_of(table, keys))).to_numpy().astype(np.str_)


def _author_ids(identities: lake.Dataset, keys: NDArray[np.int64]) -> NDArray[np.int64]:
    table = identities.read(["pmid", "position", "author_id"])
    ids: NDArray[np.int64] = table["author_id"].to_numpy()[_rows_of(table, keys)]
    return ids


def _rows_of(table: pa.Table, keys: NDArray[np.int64]) -> NDArray[np.intp]:
    """Rows of a table sorted by pmid and position."""
    known = table["pmid"].to_numpy() * MENTIONS_PER_PAPER + table["position"].to_numpy()
    return np.searchsorted(known, keys[:, 0] * MENTIONS_PER_PAPER + keys[:, 1])


def _pairs_in_blocks(
    mentions: lake.Dataset, keys: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.intp], NDArray[np.intp]]:
    """All pairs within a block, or as many as `PAIRS_AT_MOST` of them: keys, and rows of `keys`."""
    _, block = np.unique(blocks_of(mentions, keys), return_inverse=True)
    one, other = np.triu_indices(len(keys), 1)
    together = np.flatnonzero((block[one] == block[other]) & (keys[one, 0] != keys[other, 0]))
    if together.size > PAIRS_AT_MOST:
        together = np.sort(np.random.default_rng(0).choice(together, PAIRS_AT_MOST, replace=False))
    one, other = one[together], other[together]
    return np.hstack([keys[one], keys[other]]), one, other
