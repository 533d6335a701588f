"""Candidates, ranking, reasons: from what is known to checked recommendations."""

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
from models.ranker import Ranker
from pipeline import engine
from pipeline.errors import ConfrereError
from pipeline.lake import Commit, Dataset
from pipeline.progress import track
from pipeline.recommend.features import GROUPS, features_of, group_columns
from pipeline.recommend.known import Known, known_on
from pipeline.recommend.records import Records, Singles
from pipeline.recommend.sources import AT_ONCE, Candidates, propose
from pipeline.scratch import scratch
from pipeline.settings import Settings
from pipeline.tables import CANDIDATES, COUNT, ID, REAL

RANKING_RULE = "linear-1"
"""Changes whenever the same tables would be ranked or explained otherwise."""

SHORTLIST = 60
"""Best candidates of an author that policy chooses from."""

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
SHORTLISTED = pa.schema(
    [
        ("author_id", ID),
        ("candidate_id", ID),
        ("score", REAL),
        ("shares_coauthor", pa.bool_()),
        *((f"from_{group}", REAL) for group in GROUPS),
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
    records: Records,
    suppressed_ids: kernels.Ints,
    ranker: Ranker,
    commit: Commit,
    as_of: date,
    settings: Settings,
    made_from: str,
) -> Recommended:
    """Write `candidates`, `recommendations` and `reasons`.

    Parameters
    ----------
    current
        authors, author_affiliations, coauthorships, identities, publications, topics of one run.
    records
        The same as arrays.
    suppressed_ids
        People who are neither served nor suggested, and stand in no reason.

    Raises
    ------
    ConfrereError
        A reason is not borne out by the tables; nothing is written then.
    """
    hidden = np.flatnonzero(np.isin(records.author_ids, suppressed_ids))
    known = known_on(records, as_of, hidden)
    eligible = known.active_since(settings.active_since(as_of))
    eligible[hidden] = False
    served = np.flatnonzero(eligible & (known.paper_counts >= 2))
    if not served.size:
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
        "model_version": model_version(ranker),
        "intercept": ranker.intercept,
        "slope": ranker.slope,
    }

    def run(name: str, **sources: engine.Source) -> engine.Rows:
        return engine.query(ROOM / f"{name}.sql", {**current, **sources}, parameters, settings)

    suppressed = pa.table({"author_id": pa.array(suppressed_ids, ID)})
    with scratch(settings) as folder:
        shortlist = folder / "shortlist.parquet"
        with pq.ParquetWriter(shortlist, SHORTLISTED) as writer:
            rows = _scored(known, served, eligible, ranker, writer, settings)
            candidate_count = commit.write("candidates", rows, made_from, as_of)
        with (
            run("ties", suppressed=suppressed) as rows,
            engine.spilled(rows, rows.schema, settings) as ties,
            run("ranking", shortlist=shortlist) as rows,
            engine.spilled(rows, rows.schema, settings) as ranking,
            engine.spilled(_paths(known.graph, ranking), PATHS, settings) as paths,
        ):
            with run("reasons", ranking=ranking, paths=paths, ties=ties) as rows:
                reason_count = commit.write("reasons", rows, made_from, as_of)
            reasons = commit.dataset("reasons")
            with run("recommendations", ranking=ranking, reasons=reasons) as rows:
                recommendation_count = commit.write("recommendations", rows, made_from, as_of)
    with run("unsupported", reasons=reasons) as rows:
        _refuse_unsupported(rows.read_all())
    return Recommended(served.size, candidate_count, recommendation_count, reason_count)


def model_version(ranker: Ranker) -> str:
    """Name what ranks, and what it was trained on."""
    return f"{RANKING_RULE}: {ranker.trained_on}"


def _scored(
    known: Known,
    served: kernels.Ints,
    eligible: kernels.Flags,
    ranker: Ranker,
    shortlist: pq.ParquetWriter,
    settings: Settings,
) -> Iterator[pa.RecordBatch]:
    """Score all candidates; the best of each author go to the shortlist, with what they rest on."""
    ids = known.records.author_ids
    batches = -(-served.size // AT_ONCE)
    for found in track(propose(known, served, eligible), "looking for colleagues", batches):
        values = features_of(known, found.sources, found.starts, found.targets, settings.threads)
        score = ranker.score(values).round(10)
        author = np.repeat(found.sources, np.diff(found.starts))
        yield pa.record_batch(
            [ids[author], ids[found.targets], score, found.proposed_by.astype(np.int32)],
            schema=CANDIDATES.schema,
        )
        best = _best(found, author, score)
        shortlist.write_batch(
            _explained(ranker, values[best], ids[author[best]], ids[found.targets[best]])
        )


def _best(found: Candidates, author: kernels.Ints, score: kernels.Floats) -> kernels.Ints:
    """Places of the shortlist of each author, best first, ties by author id."""
    order = np.lexsort((found.targets, -score, author))
    place = np.arange(order.size) - np.searchsorted(author, author)
    best: kernels.Ints = order[place < SHORTLIST]
    return best


def _explained(
    ranker: Ranker, values: Singles, author_ids: kernels.Ints, candidate_ids: kernels.Ints
) -> pa.RecordBatch:
    """Tell what each group of features brings; the score is their sum."""
    each = ranker.contributions(values)
    groups = [each[:, columns].sum(axis=1).round(10) for columns in group_columns().values()]
    shares = values[:, ranker.features.index("shared_coauthors")] > 0
    score = np.sum(groups, axis=0) if groups else np.zeros(len(values))
    columns = [author_ids, candidate_ids, score, shares, *groups]
    return pa.record_batch(columns, schema=SHORTLISTED)


def _paths(graph: kernels.Graph, ranking: Path) -> Iterator[pa.RecordBatch]:
    """Three steps from author to candidate, for each suggestion without a shared coauthor."""
    ranked = pq.read_table(ranking, columns=["author_id", "candidate_id", "shares_coauthor"])
    alone = ranked.filter(pc.invert(ranked["shares_coauthor"]))
    author, candidate = alone["author_id"].to_numpy(), alone["candidate_id"].to_numpy()
    first, second = kernels.strongest_paths(
        graph,
        np.searchsorted(graph.node_ids, author),
        np.searchsorted(graph.node_ids, candidate),
    )
    is_path = first >= 0
    author, candidate = author[is_path], candidate[is_path]
    stops = [author, graph.node_ids[first[is_path]], graph.node_ids[second[is_path]], candidate]
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
