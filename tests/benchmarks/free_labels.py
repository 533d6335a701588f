"""What labels for free are worth, and what a probability means at another share of one person."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold

from models.evaluation import expected_calibration_error, log_loss, pair_scores
from models.evaluation.scores import Measure, Scores
from models.same_author import load_matcher
from pipeline import lake, stages
from pipeline.identity.features import FEATURES, pair_features
from pipeline.identity.matcher import learn as matching
from pipeline.identity.matcher.evaluate import JOINED_FROM, locate_pairs
from pipeline.identity.matcher.free_labels import free_labels, hide
from pipeline.identity.matcher.labelled import read_pairs
from pipeline.identity.matcher.train import KEY, TABLES_OF_TRAINING
from pipeline.settings import Settings

Flags = NDArray[np.bool_]
Reals = NDArray[np.float64]

PARTITIONS = 4
NAMES = [feature.name for feature in FEATURES]
PRIORS = (0.10, 0.15, 0.20, 0.30)


@dataclass(frozen=True, slots=True)
class Pairs:
    """Labelled pairs in one corpus; `open` are the features with nothing hidden."""

    hidden: Reals
    open: Reals
    is_same: Flags
    blocks: NDArray[np.str_]
    sources: NDArray[np.str_]


def measure(files: list[Path], pairs_file: Path) -> tuple[Pairs, Pairs]:
    """Measure the free labels of a corpus, and the pairs labelled by hand in it."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder))
        stages.ingest(settings, datetime.now(UTC), files)
        stages.identify(settings)
        current = lake.datasets(settings.lake_folder, TABLES_OF_TRAINING)
        free = free_labels(current, settings)
        sources, blocks = (free[n].to_numpy().astype(np.str_) for n in ("source", "block"))
        seen = matching.as_matrix(pair_features(current, free.select(KEY), settings))
        is_same = free["is_same"].to_numpy(zero_copy_only=False).astype(np.bool_)
        keys, answers, _ = locate_pairs(read_pairs(pairs_file), current["authorships"])
        by_hand = matching.as_matrix(pair_features(current, matching.as_table(keys), settings))
        of_hand = matching.blocks_of(current["mentions"], keys[:, :2])
    return (
        Pairs(hide(seen, sources), seen, is_same, blocks, sources),
        Pairs(by_hand, by_hand, answers, of_hand, np.repeat("decided", answers.size)),
    )


def report(free: Pairs, gold: Pairs) -> None:
    """Print what sources give, and matchers with and without them on the pairs labelled by hand."""
    print(
        "| source | says | labels | blocks | shipped agrees | log loss |\n|---|---|---|---|---|---|"
    )
    shipped = load_matcher().probability(free.hidden)
    for source, answer in sorted(set(zip(free.sources, free.is_same, strict=True))):
        rows = (free.sources == source) & (free.is_same == answer)
        agrees = np.mean((shipped[rows] >= JOINED_FROM) == answer)
        blocks = np.unique(free.blocks[rows]).size
        loss = log_loss(shipped[rows], free.is_same[rows])
        said = "one person" if answer else "two"
        print(
            f"| {source} | {said} | {rows.sum()} | {blocks} | {100 * agrees:.1f} % | {loss:.3f} |"
        )
    print("\n| trained on | tried on | precision | recall | F1 | ECE | log loss |")
    print("|---|---|---|---|---|---|---|")
    learned = {
        "free labels, nothing hidden": matching.learn([free.open], free.is_same, free.blocks),
        "free labels": matching.learn([free.hidden], free.is_same, free.blocks),
    }
    for name, learner in learned.items():
        _rows(name, gold, learner.matcher_.probability(gold.hidden))
    recipes = (("free labels of other blocks", 0, 1), ("hand", 1, 0), ("hand and free", 1, 1))
    for name, by_hand, for_free in recipes:
        tried = [
            crossed(gold if by_hand else None, free if for_free else None, gold, number)
            for number in range(PARTITIONS if by_hand else 1)
        ]
        _rows(name, gold, tried[0])
        f1 = [100 * _scores(gold, p, gold.is_same | True).f1.value for p in tried]
        losses = [log_loss(p, gold.is_same) for p in tried]
        print(f"<!-- {name}: F1 {np.round(f1, 1)}, log loss {np.round(losses, 3)} -->", flush=True)


def crossed(by_hand: Pairs | None, free: Pairs | None, tried: Pairs, seed: int) -> Reals:
    """Probabilities of matchers that saw no pair, of either kind, of a block they are tried on."""
    probability = np.full(tried.is_same.size, np.nan)
    folds = GroupKFold(matching.FOLDS, shuffle=True, random_state=seed)
    for _, unseen in folds.split(tried.hidden, tried.is_same, tried.blocks):
        parts = []
        for pairs in (by_hand, free):
            if pairs is not None:
                seen = ~np.isin(pairs.blocks, tried.blocks[unseen])
                parts.append((pairs.hidden[seen], pairs.is_same[seen], pairs.blocks[seen]))
        features, is_same, blocks = (np.concatenate(part) for part in zip(*parts, strict=True))
        learner = matching.learn([features], is_same, blocks)
        probability[unseen] = learner.matcher_.probability(tried.hidden[unseen])
    return probability


def report_priors(features: Reals, is_same: Flags, probability: Reals) -> None:
    """Print recall and false alarms by how common the name is, and precision at other priors."""
    share = features[:, NAMES.index("last_name_share")]
    is_whole = features[:, NAMES.index("whole_names")] == 2
    common, very = (share >= np.quantile(share, q) for q in (2 / 3, 5 / 6))
    slices = {
        "all": share < np.inf,
        "common names": common,
        "common, initials": common & ~is_whole,
        "common, whole": common & is_whole,
        "very common": very,
    }
    shown = " | ".join(f"at {prior:.2f}" for prior in PRIORS)
    print(f"\n| pairs | one person | mean p | p ≥ | recall | false alarms | {shown} |")
    print("|---|---|---|---|---|---|" + "---|" * len(PRIORS))
    for name, rows in slices.items():
        p, answer = probability[rows], is_same[rows]
        for least in (0.5, 0.7, 0.9):
            recall, alarms = np.mean(p[answer] >= least), np.mean(p[~answer] >= least)
            at = " | ".join(
                f"{100 * prior * recall / (prior * recall + (1 - prior) * alarms):.0f}"
                for prior in PRIORS
            )
            print(
                f"| {name} | {answer.sum()} of {answer.size} | {p.mean():.3f} | {least} "
                f"| {100 * recall:.1f} | {100 * alarms:.1f} | {at} |"
            )


def _rows(name: str, gold: Pairs, probability: Reals) -> None:
    is_whole = gold.hidden[:, NAMES.index("whole_names")] == 2
    for part, rows in (("all", is_whole | True), ("whole", is_whole), ("initials", ~is_whole)):
        scores = _scores(gold, probability, rows)
        shown = " | ".join(printed(m) for m in (scores.precision, scores.recall, scores.f1))
        error = expected_calibration_error(probability[rows], gold.is_same[rows])
        loss = log_loss(probability[rows], gold.is_same[rows])
        print(f"| {name} | {part} | {shown} | {error:.3f} | {loss:.3f} |", flush=True)


def _scores(gold: Pairs, probability: Reals, rows: Flags) -> Scores:
    return pair_scores(gold.is_same[rows], probability[rows] >= JOINED_FROM, gold.blocks[rows])


def printed(measured: Measure) -> str:
    """A figure with its interval."""
    low, value, high = (100 * share for share in (measured.low, measured.value, measured.high))
    return f"{value:.1f} ({low:.1f}–{high:.1f})"
