"""How right identity is, on labelled pairs or persons: matcher, author ids, and plain rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

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
from models.same_author import Matcher
from pipeline import lake
from pipeline.errors import ConfrereError
from pipeline.identity.features import TABLES_OF_FEATURES, pair_features
from pipeline.identity.matcher.labelled import LabelledMention, LabelledPair, Located, locate
from pipeline.identity.matcher.learn import (
    as_matrix,
    as_table,
    blocks_of,
    fingerprint,
    fold_matchers,
    rows_of,
)
from pipeline.settings import Settings

Flags = NDArray[np.bool_]
Reals = NDArray[np.float64]

TABLES_OF_EVALUATION = (*TABLES_OF_FEATURES, "identities")

JOINED_FROM = 0.5
"""Probability from which the matcher's answer counts as yes; never tuned."""

PAIRS_AT_MOST = 200_000
"""Of persons, so many pairs of mentions in a block are drawn for the matcher and the rules."""


IdentifyWith = Callable[[Matcher], lake.Dataset]


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
    is_seen: bool
    """The matcher was trained on these very pairs: its scores here are not what to expect."""


@dataclass(frozen=True, slots=True)
class ClusterEvaluation:
    """Author ids against persons: of all (`whole`), and of persons with `several` mentions."""

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
    identify_with: IdentifyWith,
) -> PairEvaluation:
    """Score all deciders on labelled pairs.

    Parameters
    ----------
    current
        The tables named in `TABLES_OF_EVALUATION`.
    matcher
        What is scored; None trains one on the pairs, five-fold, all pairs of a block in one fold.
    identify_with
        Gives the identities by another matcher: of each fold the author ids are scored that come of
        the matcher which has not seen it.

    Raises
    ------
    ConfrereError
        None of the pairs is in the tables, or too few to train on.
    """
    pairs, is_same, located = locate_pairs(labelled, current["authorships"])
    return _evaluate(current, pairs, is_same, located, matcher, settings, identify_with)


def locate_pairs(
    labelled: Sequence[LabelledPair], authorships: lake.Dataset
) -> tuple[NDArray[np.int64], Flags, Located]:
    """Find labelled pairs: their keys, shape (pairs, 4), their labels, and what is not found.

    Raises
    ------
    ConfrereError
        None of them is in the tables.
    """
    located = locate([name for pair in labelled for name in (pair.one, pair.other)], authorships)
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
    return table[:, :4], table[:, 4] == 1, located


def evaluate_clusters(
    current: Mapping[str, lake.Dataset],
    labelled: Sequence[LabelledMention],
    matcher: Matcher | None,
    settings: Settings,
    identify_with: IdentifyWith,
) -> ClusterEvaluation:
    """Score author ids against persons, and the deciders of `evaluate_pairs` on pairs of a block.

    Raises
    ------
    ConfrereError
        None of the mentions is in the tables, or too few to train on.
    """
    mentions, person, located = locate_persons(labelled, current["authorships"])
    author_ids = _author_ids(current["identities"], mentions)
    several = without_singletons(person)
    pairs, one, other = _pairs_in_blocks(current["mentions"], mentions)
    return ClusterEvaluation(
        located,
        np.unique(person).size,
        _cluster_scores(author_ids, person),
        _cluster_scores(author_ids[several], person[several]),
        _evaluate(
            current, pairs, person[one] == person[other], located, matcher, settings, identify_with
        ),
    )


def locate_persons(
    labelled: Sequence[LabelledMention], authorships: lake.Dataset
) -> tuple[NDArray[np.int64], NDArray[np.int64], Located]:
    """Find labelled mentions: their keys, shape (mentions, 2), persons' codes, what is not found.

    Two persons that share the one name of a paper are ambiguous like two names for one person.

    Raises
    ------
    ConfrereError
        None of them is in the tables.
    """
    located = locate([mention.printed for mention in labelled], authorships)
    codes = pa.array([mention.person for mention in labelled]).dictionary_encode().indices
    found = [
        (mention.printed.pmid, position, code)
        for mention, position, code in zip(
            labelled, located.positions, codes.to_pylist(), strict=True
        )
        if position is not None
    ]
    if not found:
        raise ConfrereError("[clusters] no name is in the files: give the files with their PMIDs")
    rows = np.unique(np.array(found, np.int64), axis=0)
    keys, first, counts = np.unique(rows[:, :2], axis=0, return_index=True, return_counts=True)
    shared = int(counts[counts > 1].sum())
    located = replace(located, ambiguous_count=located.ambiguous_count + shared)
    return keys[counts == 1], rows[first[counts == 1], 2], located


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
    identify_with: IdentifyWith,
) -> PairEvaluation:
    features = pair_features(current, as_table(pairs), settings)
    matrix = as_matrix(features)
    blocks = blocks_of(current["mentions"], pairs[:, :2])
    if matcher is None:
        probability, is_joined = np.full(is_same.size, np.nan), np.zeros_like(is_same)
        for fold_matcher, unseen in fold_matchers([matrix], is_same, blocks):
            probability[unseen] = fold_matcher.probability(matrix[unseen])
            is_joined[unseen] = _is_joined(identify_with(fold_matcher), pairs[unseen])
    else:
        probability = matcher.probability(matrix)
        is_joined = _is_joined(current["identities"], pairs)
    is_seen = matcher is not None and matcher.trained_on == fingerprint(pairs)
    decisions = {
        "matcher": probability >= JOINED_FROM,
        "clusters": is_joined,
        **decide(features),
    }
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
        is_seen,
    )


def decide(features: pa.Table) -> dict[str, Flags]:
    """Answers of the rules that a matcher has to beat."""
    names = ("first_name", "middle_names", "initials", "whole_names", "coauthors")
    first, middle, initials, whole, coauthors = (features[name].to_numpy() for name in names)
    everything = np.ones(first.size, np.bool_)
    compatible = (initials != 0) & ~(first < 1)
    alike = (initials == 1) & ~(first < 1) & ~(middle < 1) & (whole != 1)
    return dict(zip(RULES, (everything, compatible, (coauthors > 0) | alike), strict=True))


def _is_joined(identities: lake.Dataset, pairs: NDArray[np.int64]) -> Flags:
    """Whether the two of a pair have one author id."""
    return _author_ids(identities, pairs[:, :2]) == _author_ids(identities, pairs[:, 2:])


def _author_ids(identities: lake.Dataset, keys: NDArray[np.int64]) -> NDArray[np.int64]:
    table = identities.read(["pmid", "position", "author_id"])
    ids: NDArray[np.int64] = table["author_id"].to_numpy()[rows_of(table, keys)]
    return ids


def _pairs_in_blocks(
    mentions: lake.Dataset, keys: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.intp], NDArray[np.intp]]:
    """All pairs within a block, or as many as `PAIRS_AT_MOST` of them: keys, and rows of `keys`."""
    _, block = np.unique(blocks_of(mentions, keys), return_inverse=True)
    order = np.argsort(block, kind="stable")
    members = np.split(order, np.flatnonzero(np.diff(block[order])) + 1)
    sides = [np.triu_indices(rows.size, 1) for rows in members]
    one, other = (
        np.concatenate([rows[side[k]] for rows, side in zip(members, sides, strict=True)])
        for k in (0, 1)
    )
    together = np.flatnonzero(keys[one, 0] != keys[other, 0])
    if together.size > PAIRS_AT_MOST:
        together = np.sort(np.random.default_rng(0).choice(together, PAIRS_AT_MOST, replace=False))
    one, other = one[together], other[together]
    return np.hstack([keys[one], keys[other]]), one, other
