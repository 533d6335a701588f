"""What an evaluation found, as plain values for JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from models.evaluation import Measure
from pipeline.recommend.evaluation.figures import Calibrated, Evaluation, Figures


def as_plain(found: Evaluation) -> dict[str, Any]:
    """Corpus, cutoff, number of queries, and the figures by method."""
    return {
        "corpus": found.corpus,
        "cutoff": found.cutoff.isoformat(),
        "queries": found.query_count,
        "methods": {name: _figures(figures) for name, figures in found.methods.items()},
    }


def _figures(figures: Figures) -> dict[str, Any]:
    return {
        **_metrics(figures.metrics),
        "expected_calibration_error": figures.calibrated and _number(figures.calibrated.error),
        **{name: _number(value) for name, value in asdict(figures.shown).items()},
        "versus": {
            other: {**_measure("ratio", own.ratio), **_measure("difference", own.difference)}
            for other, own in figures.versus.items()
        },
        "slices": {
            title: {
                "queries": own.query_count,
                "answers": own.answer_count,
                **_metrics(own.metrics),
            }
            for title, own in figures.slices.items()
        },
        "calibration": _points(figures.calibrated),
    }


def _metrics(metrics: Mapping[str, Measure]) -> dict[str, float | None]:
    return {
        key: value for name, own in metrics.items() for key, value in _measure(name, own).items()
    }


def _measure(name: str, measure: Measure) -> dict[str, float | None]:
    return {
        name: _number(measure.value),
        f"{name}_low": _number(measure.low),
        f"{name}_high": _number(measure.high),
    }


def _points(calibrated: Calibrated | None) -> list[tuple[float, float, int]]:
    """Mean probability, share of right ones, number; of each bin."""
    if calibrated is None:
        return []
    curve = calibrated.curve
    columns = (curve.predicted.tolist(), curve.observed.tolist(), curve.counts.tolist())
    return list(zip(*columns, strict=True))


def _number(value: float) -> float | None:
    """Six places; JSON has no NaN."""
    return None if math.isnan(value) else round(value, 6)
