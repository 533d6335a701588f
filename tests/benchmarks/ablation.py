"""What each group of features and each source of candidates is worth, as the evaluation measures.

python -m tests.benchmarks.ablation FILE CUTOFF     FILE may be `demo`: the made-up world

Rankers learn from windows that ended by the cutoff, drawn to the shipped one, as a first run does.
Without a group its features are 0 for everybody. No policy is applied.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
from scipy import sparse

from models.baselines import Sparse
from models.evaluation import Measure, ndcg
from models.evaluation.scores import shares_of
from models.kernels import Flags, Floats, Ints
from models.ranker import load_ranker
from pipeline import lake, stages
from pipeline.demo.records import article_set, record_xml
from pipeline.demo.world import build_world
from pipeline.recommend.evaluation.evaluate import Ranking, rank
from pipeline.recommend.evaluation.figures import METRICS
from pipeline.recommend.evaluation.labels import TABLES_OF_LABELS, Questions, find_questions
from pipeline.recommend.evaluation.methods import Method
from pipeline.recommend.evaluation.past import TABLES_OF_PAST, Past, load_past, months_later
from pipeline.recommend.features import FEATURES, GROUPS, features_of, group_columns
from pipeline.recommend.known import Known, known_on
from pipeline.recommend.records import TABLES_OF_RECORDS, Singles, load_records
from pipeline.recommend.sources import SOURCES, Source, propose
from pipeline.recommend.train import HORIZON_MONTHS, Window, fit, windows_before
from pipeline.settings import Settings
from pipeline.stages.evaluation import make_past

NOBODY = np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Candidates of who is asked about, and what it cost to find them."""

    sources: Ints
    starts: Ints
    targets: Ints
    cpu_seconds: float

    def scores(self, values: Floats, size: int) -> Sparse:
        """Scores above 0 of the candidates, shape (size, size)."""
        author = np.repeat(self.sources, np.diff(self.starts))
        shifted = values - values.min(initial=0.0) + 1.0
        return sparse.csr_array((shifted, (author, self.targets)), (size, size))


def find(known: Known, asked: Ints, eligible: Flags, used: Mapping[str, Source]) -> Found:
    """Propose by some of the sources."""
    before = time.process_time()
    batches = list(propose(known, asked, eligible, used))
    counts = np.concatenate([np.diff(batch.starts) for batch in batches])
    targets = np.concatenate([batch.targets for batch in batches])
    return Found(asked, np.r_[0, np.cumsum(counts)], targets, time.process_time() - before)


def by_source(known: Known, questions: Questions, eligible: Flags) -> dict[str, Found]:
    """All sources, each alone, and all but each."""
    asked = questions.sources
    found = {"all sources": find(known, asked, eligible, SOURCES)}
    for name in SOURCES:
        found[f"{name} alone"] = find(known, asked, eligible, {name: SOURCES[name]})
    for name in SOURCES:
        others = {other: SOURCES[other] for other in SOURCES if other != name}
        found[f"without {name}"] = find(known, asked, eligible, others)
    return found


def without(windows: Iterable[Window], left_out: Flags) -> list[Window]:
    """The same windows, some columns 0."""
    return [
        replace(w, lists=replace(w.lists, values=np.where(left_out, np.float32(0), w.lists.values)))
        for w in windows
    ]


def by_features(windows: Sequence[Window], values: Singles, trained_on: str) -> dict[str, Floats]:
    """Scores by all features, without each group, and by each group alone."""
    columns = group_columns()
    nothing = np.zeros(len(FEATURES), np.bool_)
    masks = {"all features": nothing}
    masks |= {f"without {group}": columns[group] for group in GROUPS}
    masks |= {f"{group} alone": ~columns[group] for group in GROUPS}
    shipped = load_ranker()
    scores = {}
    for name, left_out in masks.items():
        ranker = fit(without(windows, left_out), shipped, trained_on)
        scores[name] = ranker.score(np.where(left_out, np.float32(0), values))
    return scores


def as_method(scores: Sparse) -> Method:
    """A method that knows its scores."""
    return lambda _past, sources, _before: scores[sources]


def ratio(own: Ranking, whole: Ranking) -> Measure:
    """NDCG@10 beside that of the whole, with the same queries drawn for both."""
    pairs = np.column_stack([ndcg(own.places, 10), ndcg(whole.places, 10)])
    return shares_of(pairs, np.arange(len(pairs)))[0]


def report(past: Past, questions: Questions, made: Mapping[str, Sparse]) -> dict[str, list[str]]:
    """Cells of a row for each: NDCG@10, its ratio to the first, Recall@20 and Recall@500."""
    rankings = rank(past, questions, {name: as_method(own) for name, own in made.items()}).of
    whole = next(iter(rankings.values()))
    rows = {}
    for name, own in rankings.items():
        beside = ratio(own, whole)
        values = [METRICS[key](own.places, own.is_said).mean() for key in METRICS]
        ndcg10, _, recall20, recall500, _ = (f"{100 * value:.1f}" for value in values)
        shown = f"{beside.value:.3f} ({beside.low:.3f}–{beside.high:.3f})"
        rows[name] = [ndcg10, shown, recall20, recall500]
    return rows


def ablate(files: Sequence[Path], cutoff: date, folder: Path) -> None:
    """Print two tables: by source, and by group of features."""
    whole = Settings(home=folder / "whole")
    stages.ingest(whole, datetime.now(UTC), files)
    stages.identify(whole)
    then = make_past(whole, folder / "past", cutoff)
    past = load_past(lake.datasets(then.lake_folder, TABLES_OF_PAST), cutoff, then)
    until = months_later(cutoff, HORIZON_MONTHS)
    labels = lake.datasets(whole.lake_folder, TABLES_OF_LABELS)
    identities = lake.read(then.lake_folder, "identities")
    questions = find_questions(past, identities, labels, until, whole)
    records = load_records(lake.datasets(then.lake_folder, TABLES_OF_RECORDS), then)
    known = known_on(records, cutoff, NOBODY)
    eligible = known.active_since(then.active_since(cutoff))
    size = past.author_ids.size
    found = by_source(known, questions, eligible)
    ones = {name: own.scores(np.zeros(own.targets.size), size) for name, own in found.items()}
    print("| candidates | Recall@500 | of each | CPU ms an author |\n|---|---|---|---|")
    for name, cells in report(past, questions, ones).items():
        each = found[name].targets.size / questions.sources.size
        cost = 1_000 * found[name].cpu_seconds / questions.sources.size
        print(f"| {name} | {cells[-1]} | {each:.0f} | {cost:.1f} |", flush=True)
    used = found["all sources"]
    values, _ = features_of(known, used.sources, used.starts, used.targets, then.threads)
    windows = windows_before(records, cutoff, NOBODY, then)
    scores = by_features(windows, values, "an ablation")
    print("\n| features | NDCG@10 | ratio | Recall@20 |\n|---|---|---|---|")
    made = {name: used.scores(own, size) for name, own in scores.items()}
    for name, cells in report(past, questions, made).items():
        print(f"| {name} | {' | '.join(cells[:3])} |", flush=True)


def main() -> None:
    """Read the corpus, or make it up."""
    what, cutoff = sys.argv[1], date.fromisoformat(sys.argv[2])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = Path(what)
        if what == "demo":
            world, day = build_world(), date(2026, 3, 4)
            file = folder / "demo.xml"
            file.write_text(article_set(record_xml(world, p, day) for p in world.visible(day)))
        ablate([file], cutoff, folder)


if __name__ == "__main__":
    main()
