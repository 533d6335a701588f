"""Candidates, ranking, reasons: from the graph to checked recommendations."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from models import kernels
from models.ranker import SMALLEST_SCORE, Calibration
from pipeline import engine
from pipeline.errors import ConfrereError
from pipeline.lake import Commit, Dataset
from pipeline.progress import track
from pipeline.settings import Settings
from pipeline.tables import CANDIDATES, COUNT, ID

RANKING_RULE = "walks-1"
"""Changes whenever the same tables would be ranked or explained otherwise."""

CANDIDATES_PER_SOURCE = 60
SOURCES_AT_ONCE = 4_096
SHARED_COAUTHORS_SHOWN = 3
SHARED_TOPICS_SHOWN = 2
TELLING_TOPIC_SHARE = 0.02
"""A topic on a larger share of all papers ("Humans", "Female") says nothing about two people."""

ROOM = Path(__file__).parent
logger = logging.getLogger(__name__)
PATHS = pa.schema(
    [
        ("author_id", ID),
        ("candidate_id", ID),
        ("place", COUNT),
        ("person_id", ID),
        ("other_person_id", ID),
    ]
)


@dataclass(frozen=True, slots=True)
class Recommended:
    """What one run of the stage made."""

    served_count: int
    candidate_count: int
    recommendation_count: int
    reason_count: int


def recommend(
    current: Mapping[str, Dataset],
    graph: kernels.Graph,
    suppressed_ids: kernels.Ints,
    calibration: Calibration | None,
    commit: Commit,
    as_of: date,
    settings: Settings,
    made_from: str,
) -> Recommended:
    """Write `candidates`, `recommendations` and `reasons`.

    Parameters
    ----------
    current
        authors, coauthorships, identities, publications, topics of one run.
    graph
        The coauthorship graph over all of `authors`, without the ties of suppressed people.
    suppressed_ids
        People who are neither served nor suggested, and stand in no reason.
    calibration
        Model that turns scores into probabilities; None leaves them null.

    Raises
    ------
    ConfrereError
        A reason is not borne out by the tables; nothing is written then.
    """
    served, eligible = _roles(current["authors"], suppressed_ids, as_of, settings)
    if not served.any():
        logger.warning(
            "nobody to serve as of %s: no author has two papers and one in the last %d months",
            as_of,
            settings.active_months,
        )
        for name in ("candidates", "recommendations", "reasons"):
            commit.write(name, [], made_from, as_of)
        return Recommended(0, 0, 0, 0)
    parameters: dict[str, engine.Value] = {
        "as_of": as_of,
        "author_cap": settings.author_cap,
        "kept": settings.recommendations_per_author,
        "shared_coauthors": SHARED_COAUTHORS_SHOWN,
        "shared_topics": SHARED_TOPICS_SHOWN,
        "topic_share": TELLING_TOPIC_SHARE,
        "model_version": model_version(calibration),
        "is_calibrated": calibration is not None,
        "intercept": calibration.intercept if calibration else 0.0,
        "slope": calibration.slope if calibration else 0.0,
        "smallest_score": SMALLEST_SCORE,
    }

    def run(name: str, **sources: engine.Source) -> engine.Rows:
        return engine.query(ROOM / f"{name}.sql", {**current, **sources}, parameters, settings)

    proposals = _proposals(graph, np.flatnonzero(served), eligible, settings.threads)
    with (
        engine.spilled(proposals, CANDIDATES.schema, settings) as proposed,
        run("candidates", proposals=proposed) as rows,
    ):
        candidate_count = commit.write("candidates", rows, made_from, as_of)
    suppressed = pa.table({"author_id": pa.array(suppressed_ids, ID)})
    with (
        run("ties", suppressed=suppressed) as rows,
        engine.spilled(rows, rows.schema, settings) as ties,
        run("ranking", candidates=commit.dataset("candidates")) as rows,
        engine.spilled(rows, rows.schema, settings) as ranking,
        engine.spilled(_paths(graph, ranking), PATHS, settings) as paths,
    ):
        with run("reasons", ranking=ranking, paths=paths, ties=ties) as rows:
            reason_count = commit.write("reasons", rows, made_from, as_of)
        reasons = commit.dataset("reasons")
        with run("recommendations", ranking=ranking, reasons=reasons) as rows:
            recommendation_count = commit.write("recommendations", rows, made_from, as_of)
    with run("unsupported", reasons=reasons) as rows:
        _refuse_unsupported(rows.read_all())
    return Recommended(int(served.sum()), candidate_count, recommendation_count, reason_count)


def model_version(calibration: Calibration | None) -> str:
    """Name what ranks and what turns scores into probabilities."""
    return f"{RANKING_RULE}+{calibration.trained_as_of}" if calibration else RANKING_RULE


def _roles(
    authors: Dataset,
    suppressed_ids: kernels.Ints,
    as_of: date,
    settings: Settings,
) -> tuple[kernels.Flags, kernels.Flags]:
    """Who is served and who may be suggested, as flags over the authors in order of their id."""
    people = authors.read(["author_id", "last_on", "publication_count"])
    since = pa.scalar(settings.active_since(as_of))
    active = pc.greater_equal(people["last_on"], since).to_numpy()
    eligible = active & ~np.isin(people["author_id"].to_numpy(), suppressed_ids)
    return eligible & (people["publication_count"].to_numpy() >= 2), eligible


def _proposals(
    graph: kernels.Graph, sources: kernels.Ints, eligible: kernels.Flags, threads: int
) -> Iterator[pa.RecordBatch]:
    """Union of both candidate sources, scored; pairs with no path of three steps are left out."""
    chunks = np.array_split(sources, max(1, -(-len(sources) // SOURCES_AT_ONCE)))
    for chunk in track(chunks, "walking the graph", len(chunks)):
        near = kernels.two_hop_top_k(graph, chunk, eligible, CANDIDATES_PER_SOURCE, threads)
        far = kernels.pagerank_top_k(graph, chunk, eligible, CANDIDATES_PER_SOURCE, threads)
        width = len(graph.node_ids)
        far_pairs = far.sources * width + far.targets
        pairs = np.union1d(near.sources * width + near.targets, far_pairs)
        pagerank = np.zeros(len(pairs))
        pagerank[np.searchsorted(pairs, far_pairs)] = far.scores
        source, target = pairs // width, pairs % width
        allocation = kernels.resource_allocation(graph, source, target)
        reached = allocation > 0
        reached[~reached] = (
            kernels.strongest_paths(graph, source[~reached], target[~reached])[0] >= 0
        )
        yield pa.record_batch(
            [
                graph.node_ids[source[reached]],
                graph.node_ids[target[reached]],
                allocation[reached].clip(max=1.0),
                pagerank[reached].clip(max=1.0),
            ],
            schema=CANDIDATES.schema,
        )


def _paths(graph: kernels.Graph, ranking: Path) -> Iterator[pa.RecordBatch]:
    """Three steps from author to candidate for each suggestion without a shared coauthor."""
    ranked = pq.read_table(ranking, columns=["author_id", "candidate_id", "resource_allocation"])
    alone = ranked.filter(pc.equal(ranked["resource_allocation"], 0.0))
    author, candidate = alone["author_id"].to_numpy(), alone["candidate_id"].to_numpy()
    first, second = kernels.strongest_paths(
        graph,
        np.searchsorted(graph.node_ids, author),
        np.searchsorted(graph.node_ids, candidate),
    )
    stops = [author, graph.node_ids[first], graph.node_ids[second], candidate]
    for place in (1, 2, 3):
        steps = np.full(len(author), place, dtype=np.int32)
        columns = [author, candidate, steps, stops[place - 1], stops[place]]
        yield pa.record_batch(columns, schema=PATHS)


def _refuse_unsupported(rows: pa.Table) -> None:
    for row in rows.to_pylist():
        raise ConfrereError(
            "[recommendation {author_id} -> {candidate_id}] its reason {kind} {place} is not "
            "borne out by PMID {pmid}: nothing was written; report this as a defect".format(**row)
        )
