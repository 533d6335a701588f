"""Learn how probable a joint paper is at each score, from pairs proposed in the past."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from models.evaluation import log_loss
from models.ranker import Calibration, fit_calibration
from pipeline import engine
from pipeline.lake import Dataset
from pipeline.settings import Settings
from pipeline.tables import MENTIONS_PER_PAPER

HORIZON_MONTHS = 24
POSITIVES_NEEDED = 50
HELD_OUT_SHARE = 5
"""One author in five is held out for the comparison."""


@dataclass(frozen=True, slots=True)
class Trained:
    """A model and how it did on held-out authors (log loss in nats; lower is better)."""

    model: Calibration | None
    pair_count: int
    positive_count: int
    loss: float | None = None
    loss_in_use: float | None = None
    loss_of_base_rate: float | None = None

    @property
    def is_better(self) -> bool:
        """Better than the model in use, and than the same probability for everybody."""
        if self.loss is None or self.loss_of_base_rate is None:
            return False
        in_use = np.inf if self.loss_in_use is None else self.loss_in_use
        return self.loss < min(in_use, self.loss_of_base_rate)


def train(
    proposed: Dataset,
    current: Mapping[str, Dataset],
    in_use: Calibration | None,
    since: date,
    settings: Settings,
) -> Trained:
    """Fit on pairs proposed as of `since`, labelled by the papers of `current` since then.

    Parameters
    ----------
    proposed
        Table candidates as of `since`.
    current
        identities and publications as of today.
    in_use
        The model to beat.
    """
    parameters: dict[str, engine.Value] = {
        "mentions_per_paper": MENTIONS_PER_PAPER,
        "since": since,
        "author_cap": settings.author_cap,
    }
    file = Path(__file__).with_name("outcomes.sql")
    pairs = engine.fetch(file, {**current, "proposed": proposed}, parameters, settings)
    score, is_positive = pairs["score"].to_numpy(), pairs["is_positive"].to_numpy()
    if is_positive.sum() < POSITIVES_NEEDED:
        return Trained(None, len(score), int(is_positive.sum()))
    # authors, not pairs, are held out: the pairs of one author are alike
    held_out = pairs["author_id"].to_numpy() // MENTIONS_PER_PAPER % HELD_OUT_SHARE == 0
    model = fit_calibration(
        score[~held_out], is_positive[~held_out], HORIZON_MONTHS, since.isoformat()
    )
    base_rate = np.full(held_out.sum(), is_positive[~held_out].mean())
    return Trained(
        model,
        len(score),
        int(is_positive.sum()),
        log_loss(model.probability(score[held_out]), is_positive[held_out]),
        log_loss(in_use.probability(score[held_out]), is_positive[held_out]) if in_use else None,
        log_loss(base_rate, is_positive[held_out]),
    )
