"""What recommending costs: training, and a full night, beside Adamic-Adar alone by networkx.

python -m tests.benchmarks.recommend     on acl, and on all nightly batches (20 minutes)

Every run is a process of its own: CPU time and peak memory hold all that it did. networkx scores
the pairs at distance two of the same authors on the same graph, and keeps nothing else.
"""

from __future__ import annotations

import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import networkx as nx
import numpy as np

from models.ranker import load_ranker, save_ranker
from pipeline import lake, stages
from pipeline.recommend.records import TABLES_OF_RECORDS, load_records
from pipeline.recommend.train import learn
from pipeline.settings import Settings
from pipeline.stages.results import as_of_table
from tests.benchmarks import measured
from tests.builders import SHARED

NOBODY = np.zeros(0, np.int64)


def make(home: Path, files: list[Path]) -> None:
    """Everything before recommending."""
    settings = Settings(home=home)
    stages.ingest(settings, datetime.now(UTC), files)
    stages.identify(settings)
    print(stages.connect(settings))


def train(home: Path) -> None:
    """Learn a ranker from the home's past, as its first run does."""
    settings = Settings(home=home)
    records = load_records(lake.datasets(settings.lake_folder, TABLES_OF_RECORDS), settings)
    as_of = as_of_table(lake.read(settings.lake_folder, "coauthorships"), settings)
    ranker = learn(records, as_of, NOBODY, load_ranker(), settings)
    print(ranker.trained_on if ranker else "too little came true")


def night(home: Path) -> None:
    """Recommend for everybody with the shipped ranker: candidates, ranking, policy, reasons."""
    settings = Settings(home=home)
    save_ranker(settings.ranker_file, load_ranker())  # a home that need not train any more
    print(stages.recommend(settings))


def adamic_adar(home: Path) -> None:
    """The same authors, one score of theirs."""
    tables = lake.datasets(Settings(home=home).lake_folder, ("coauthorships", "recommendations"))
    ties = tables["coauthorships"].read(["author_id", "coauthor_id"])
    graph = nx.Graph()
    graph.add_edges_from(
        zip(ties["author_id"].to_pylist(), ties["coauthor_id"].to_pylist(), strict=True)
    )
    served = np.unique(tables["recommendations"].read(["author_id"])["author_id"].to_numpy())
    count = 0
    for author in filter(graph.has_node, served.tolist()):
        near = set(graph[author])
        far = {other for coauthor in near for other in graph[coauthor]} - near - {author}
        pairs = [(author, other) for other in far]
        count += sum(1 for _ in nx.adamic_adar_index(graph, pairs))
    print(f"{count:,} pairs of {served.size:,} authors")


STEPS = {"make": make, "train": train, "night": night, "networkx": adamic_adar}


def main() -> None:
    """Print a row a run."""
    nightly = sorted((SHARED / "nightly").glob("*.xml.gz"))
    if not nightly:
        raise SystemExit(f"{SHARED} is not there: the benchmark needs its data")
    corpora = {"acl": [SHARED / "recommend" / "acl.xml.gz"], "nightly": nightly}
    print(f"{'corpus':8} {'run':9} {measured.HEADER}", flush=True)
    for name, files in corpora.items():
        with tempfile.TemporaryDirectory() as folder:
            costs = {}
            for step in STEPS:
                figures = measured.run(
                    __spec__.name, step, folder, *(files if step == "make" else ())
                )
                costs[step] = figures.cpu_seconds
                last = figures.output.splitlines()[-1]
                print(
                    f"{name:8} {step:9} {figures.wall_seconds:8.2f} {figures.cpu_seconds:8.2f} "
                    f"{figures.peak_mb:8.0f} {figures.written_mb:10.1f}  {last}",
                    flush=True,
                )
            print(f"a night costs {costs['night'] / costs['networkx']:.2f} of networkx", flush=True)


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    elif sys.argv[1] == "make":
        make(Path(sys.argv[2]), [Path(file) for file in sys.argv[3:]])
    else:
        STEPS[sys.argv[1]](Path(sys.argv[2]))  # type: ignore[operator]  # `make` is above
