"""The page of an evaluation: plots and tables in one file, without scripts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from models.evaluation import CalibrationCurve, Measure
from pipeline.recommend.evaluation.figures import Evaluation, best_reference
from pipeline.recommend.evaluation.methods import PRODUCT

METRICS_SHOWN = {
    "ndcg10": "NDCG@10",
    "hit10": "Hit@10",
    "recall20": "Recall@20",
    "recall500": "Recall@500",
    "mrr": "MRR",
}
NO_COMMON_COAUTHOR = "no common coauthor"
TICKS = 4


@dataclass(frozen=True, slots=True)
class Bar:
    """A value with its interval on a strip, in percent of the strip's width."""

    name: str
    text: str
    at: float
    low: float
    high: float
    is_product: bool


@dataclass(frozen=True, slots=True)
class Plot:
    """Strips under each other on one axis: places and texts of its ticks."""

    title: str
    says: str
    bars: Sequence[Bar]
    ticks: Sequence[tuple[float, str]]


@dataclass(frozen=True, slots=True)
class Dot:
    """A bin of a calibration curve on a plot of 200 by 200, with a radius for its size."""

    x: float
    y: float
    radius: float
    text: str


@dataclass(frozen=True, slots=True)
class CalibrationPlot:
    """Predicted against observed; both axes end at `top`."""

    name: str
    over: str
    error: str
    top: str
    dots: Sequence[Dot]


def as_page(found: Evaluation) -> str:
    """Write the page: HTML that needs nothing else, at any width, light and dark."""
    environment = Environment(
        loader=PackageLoader("pipeline.recommend.evaluation"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    best = best_reference(found)
    return environment.get_template("page.html").render(
        found=found,
        plots=list(filter(None, (_accuracy(found), _beyond(found), _candidates(found)))),
        best=best,
        versus=_versus(found),
        slices=_slice_rows(found, best),
        calibrations=_calibrations(found),
        metrics=METRICS_SHOWN,
        rows=_rows(found),
        shown=_shown_rows(found),
    )


def percent(value: float, digits: int = 1) -> str:
    """Text of a share; an en dash where there is none."""
    return "–" if math.isnan(value) else f"{100 * value:.{digits}f}"


def _accuracy(found: Evaluation) -> Plot:
    measures = {name: own.metrics["ndcg10"] for name, own in found.methods.items()}
    says = (
        "How high the first ten put whom somebody went on to work with; 100 is all of them first."
    )
    return _plot("NDCG@10, in percent", says, measures)


def _beyond(found: Evaluation) -> Plot | None:
    measures = {
        name: own.slices[NO_COMMON_COAUTHOR].metrics["recall20"]
        for name, own in found.methods.items()
        if NO_COMMON_COAUTHOR in own.slices
    }
    says = "Of new coauthors who share no coauthor with the person, how many the first twenty hold."
    title = "Beyond shared coauthors: Recall@20, in percent"
    return _plot(title, says, measures, 2) if measures else None


def _candidates(found: Evaluation) -> Plot:
    measures = {name: own.metrics["recall500"] for name, own in found.methods.items()}
    says = "Of all new coauthors, how many are among the 500 best candidates of a method."
    return _plot("Candidates: Recall@500, in percent", says, measures)


def _plot(title: str, says: str, measures: Mapping[str, Measure], digits: int = 1) -> Plot:
    order = sorted(measures, key=lambda name: -measures[name].value)
    highest = max(_end(measure) for measure in measures.values())
    step = _round_step(100 * highest / TICKS)
    top = max(math.ceil(100 * highest / step), 1) * step / 100
    bars = [_bar(name, measures[name], top, digits) for name in order]
    count = round(100 * top / step)
    ticks = [(100 * place / count, f"{place * step:g}") for place in range(count + 1)]
    return Plot(title, says, bars, ticks)


def _bar(name: str, measure: Measure, top: float, digits: int) -> Bar:
    at, low, high = (
        100 * _or(number, measure.value) / top
        for number in (measure.value, measure.low, measure.high)
    )
    return Bar(name, percent(measure.value, digits), at, low, high, name in PRODUCT)


def _end(measure: Measure) -> float:
    return _or(measure.high, measure.value)


def _or(number: float, other: float) -> float:
    return other if math.isnan(number) else number


def _round_step(step: float) -> float:
    """Next of 1, 2 or 5 times a power of ten."""
    if step <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(step))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= step * 0.999)


def _versus(found: Evaluation) -> list[tuple[str, str, str]]:
    product = next((name for name in PRODUCT if name in found.methods), None)
    if product is None:
        return []
    return [
        (
            other,
            f"{own.ratio.value:.3f} ({own.ratio.low:.3f}–{own.ratio.high:.3f})",
            " to ".join(percent(number, 2) for number in (own.difference.low, own.difference.high)),
        )
        for other, own in found.methods[product].versus.items()
    ]


def _slice_rows(found: Evaluation, best: str) -> list[tuple[str, int, int, str, str, str]]:
    """Slice, queries, answers, its metric, and the figures of the product and of the best."""
    product = next((name for name in PRODUCT if name in found.methods), best)
    rows = []
    for title, own in found.methods[product].slices.items():
        metric = "ndcg10" if "ndcg10" in own.metrics else "recall20"
        pair = (own.metrics[metric], found.methods[best].slices[title].metrics[metric])
        texts = [interval(measure) for measure in pair]
        rows.append(
            (title, own.query_count, own.answer_count, METRICS_SHOWN[metric], texts[0], texts[1])
        )
    return rows


def interval(measure: Measure, digits: int = 1) -> str:
    """Text of a measure in percent, with its interval."""
    low, value, high = (percent(n, digits) for n in (measure.low, measure.value, measure.high))
    return f"{value} ({low}–{high})"


def _rows(found: Evaluation) -> list[tuple[str, list[str]]]:
    return [
        (name, [interval(own.metrics[metric]) for metric in METRICS_SHOWN])
        for name, own in found.methods.items()
    ]


def _shown_rows(found: Evaluation) -> list[tuple[str, list[str]]]:
    return [
        (
            name,
            [
                percent(own.shown.coverage),
                f"{own.shown.exposure_gini:.3f}",
                percent(own.shown.early_career_share),
                percent(own.shown.cross_institution_share),
            ],
        )
        for name, own in found.methods.items()
    ]


def _calibrations(found: Evaluation) -> list[CalibrationPlot]:
    return [
        _calibration(name, own.calibrated.error, own.calibrated.curve)
        for name, own in found.methods.items()
        if own.calibrated is not None and own.calibrated.curve.counts.size
    ]


def _calibration(name: str, error: float, curve: CalibrationCurve) -> CalibrationPlot:
    highest = max(curve.predicted.max(), curve.observed.max())
    top = max(math.ceil(10 * highest), 1) / 10
    largest = curve.counts.max()
    dots = [
        Dot(
            200 * predicted / top,
            200 - 200 * observed / top,
            3 + 7 * math.sqrt(count / largest),
            f"said {percent(predicted)} %, came true {percent(observed)} %, {count:,} pairs",
        )
        for predicted, observed, count in zip(
            curve.predicted.tolist(), curve.observed.tolist(), curve.counts.tolist(), strict=True
        )
    ]
    over = (
        "all that is served to anybody"
        if name in PRODUCT
        else "the first twenty of each list of those asked about"
    )
    return CalibrationPlot(name, over, f"{error:.4f}", f"{top:g}", dots)
