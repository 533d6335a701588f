"""Candidates, ranking, reasons: from what is known to checked recommendations."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from models import kernels
from models.pairs import closest_papers
from models.policy import CAUSES, NO_TEAM, Policy, Shortlists, rerank
from models.ranker import Ranker
from pipeline import engine
from pipeline.lake import Commit, Dataset
from pipeline.progress import track
from pipeline.recommend.features import FEATURES, GROUPS, features_of, group_columns
from pipeline.recommend.known import EARLY_YEARS, PAPERS_NEEDED, Known, day_number, known_on
from pipeline.recommend.records import Records, Singles
from pipeline.recommend.sources import Candidates, batches, propose
from pipeline.scratch import scratch
from pipeline.settings import Settings
from pipeline.tables import CANDIDATES, COUNT, ID, REAL

RANKING_RULE = "linear-2"
"""Changes whenever the same tables would be ranked or explained otherwise."""

SHORTLIST = 60
"""Best candidates of an author that policy chooses from."""

SHARED_COAUTHORS_SHOWN = 3
SHARED_TOPICS_SHOWN = 2
UNSUPPORTED_TOLD = 5
"""So many reasons that do not hold are named in the log, the others counted."""

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
        ("through_id", ID),
        ("is_other_institution", pa.bool_()),
        ("is_other_department", pa.bool_()),
        ("is_early_career", pa.bool_()),
        *((f"from_{group}", REAL) for group in GROUPS),
    ]
)
RANKED = pa.schema(
    [
        *(SHORTLISTED.field(name) for name in ("author_id", "candidate_id", "score")),
        ("rank", COUNT),
        ("probability", REAL),
        ("placed_by", pa.string()),
        ("pmid", ID),
        ("other_pmid", ID),
        *(field for field in SHORTLISTED if field.name.startswith(("from_", "shares_"))),
    ]
)


@dataclass(frozen=True, slots=True)
class Pairs:
    """Rows of people, their features, and through whom each pair is reached (-1: nobody)."""

    sources: kernels.Ints
    targets: kernels.Ints
    values: Singles
    through: kernels.Ints


@dataclass(frozen=True, slots=True)
class Recommended:
    """What one run of the stage made.

    Attributes
    ----------
    unsupported_count
        Suggestions left out because the tables do not bear out one of their reasons.
    """

    served_count: int
    candidate_count: int
    recommendation_count: int
    reason_count: int
    unsupported_count: int = 0


def recommend(
    current: Mapping[str, Dataset],
    records: Records,
    suppressed_ids: kernels.Ints,
    roster_ids: kernels.Ints,
    shown: pa.Table,
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
    roster_ids
        People who are served however little they have written, and whenever.
    shown
        author_id, candidate_id, impression_count: what digests have suggested already.

    Notes
    -----
    A suggestion of which a reason is not borne out by the tables is left out and named in the log;
    those behind it move up.
    """
    hidden = np.flatnonzero(np.isin(records.author_ids, suppressed_ids))
    known = known_on(records, as_of, hidden)
    eligible = known.active_since(settings.active_since(as_of))
    eligible[hidden] = False
    served = _served(known, eligible, hidden, roster_ids)
    if not served.size:
        logger.warning(
            "nobody to serve as of %s: no author has two papers and one in the last %d months, and "
            "no roster names any",
            as_of,
            settings.active_months,
        )
        for name in ("candidates", "recommendations", "reasons"):
            commit.write(name, [], made_from, as_of)
        return Recommended(0, 0, 0, 0)
    parameters: dict[str, engine.Value] = {
        "as_of": as_of,
        "author_cap": settings.author_cap,
        "shared_coauthors": SHARED_COAUTHORS_SHOWN,
        "shared_topics": SHARED_TOPICS_SHOWN,
        "topic_share": TELLING_TOPIC_SHARE,
        "model_version": model_version(ranker),
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
            run("shortlist", shortlist=shortlist) as rows,
            engine.spilled(
                _ranked(known, rows, shown, ranker, settings), RANKED, settings
            ) as ranking,
            engine.spilled(_paths(known.graph, ranking), PATHS, settings) as paths,
        ):
            with (
                run("reasons", ranking=ranking, paths=paths, ties=ties) as rows,
                engine.spilled(rows, rows.schema, settings) as told,
            ):
                with run("unsupported", reasons=told) as rows:
                    unsupported = _name_unsupported(rows.read_all())
                with run("supported", reasons=told, unsupported=unsupported) as rows:
                    reason_count = commit.write("reasons", rows, made_from, as_of)
            reasons = commit.dataset("reasons")
            with run(
                "recommendations", ranking=ranking, reasons=reasons, unsupported=unsupported
            ) as rows:
                recommendation_count = commit.write("recommendations", rows, made_from, as_of)
    return Recommended(
        served.size,
        candidate_count,
        recommendation_count,
        reason_count,
        unsupported.num_rows,
    )


def _served(
    known: Known, eligible: kernels.Flags, hidden: kernels.Ints, roster_ids: kernels.Ints
) -> kernels.Ints:
    """Rows of who receives suggestions: active with two papers, or on the roster with any."""
    is_served = eligible & (known.paper_counts >= PAPERS_NEEDED)
    is_served |= np.isin(known.records.author_ids, roster_ids) & (known.paper_counts > 0)
    is_served[hidden] = False
    return np.flatnonzero(is_served)


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
    count = len(batches(served, eligible))
    for found in track(propose(known, served, eligible), "looking for colleagues", count):
        values, through = features_of(
            known, found.sources, found.starts, found.targets, settings.threads
        )
        score = ranker.score(values).round(10)
        author = np.repeat(found.sources, np.diff(found.starts))
        yield pa.record_batch(
            [ids[author], ids[found.targets], score, found.proposed_by.astype(np.int32)],
            schema=CANDIDATES.schema,
        )
        best = _best(found, author, score)
        pairs = Pairs(author[best], found.targets[best], values[best], through[best])
        shortlist.write_batch(_explained(known, ranker, pairs))


def _best(found: Candidates, author: kernels.Ints, score: kernels.Floats) -> kernels.Ints:
    """Places of the shortlist of each author, best first, ties by author id."""
    order = np.lexsort((found.targets, -score, author))
    place = np.arange(order.size) - np.searchsorted(author, author)
    best: kernels.Ints = order[place < SHORTLIST]
    return best


def _explained(known: Known, ranker: Ranker, pairs: Pairs) -> pa.RecordBatch:
    """Tell what each group of features brings; the score is their sum."""
    each = ranker.contributions(pairs.values)
    groups = [each[:, columns].sum(axis=1).round(10) for columns in group_columns().values()]
    ids = known.records.author_ids
    is_early = known.traits["career_years"][pairs.targets] < EARLY_YEARS
    columns = [
        ids[pairs.sources],
        ids[pairs.targets],
        np.sum(groups, axis=0).round(10),
        pairs.through >= 0,
        np.where(pairs.through >= 0, ids[pairs.through], 0),
        *_elsewhere(known, pairs),
        is_early,
        *groups,
    ]
    return pa.record_batch(columns, schema=SHORTLISTED)


def _elsewhere(known: Known, pairs: Pairs) -> tuple[kernels.Flags, kernels.Flags]:
    """Whether the two work at other institutions, and in other departments; False if unknown."""
    starts = known.world.place_starts
    names_one = np.diff(starts) > 0
    named = np.add.reduceat(
        np.r_[known.world.departments >= 0, False], np.minimum(starts[:-1], starts[-1])
    )
    names_department = names_one & (named > 0)
    is_same = [
        pairs.values[:, [f.name for f in FEATURES].index(name)] > 0
        for name in ("institution", "department")
    ]
    both = [flags[pairs.sources] & flags[pairs.targets] for flags in (names_one, names_department)]
    return both[0] & ~is_same[0], both[1] & ~is_same[1]


def _ranked(
    known: Known,
    shortlist: Iterable[pa.RecordBatch],
    shown: pa.Table,
    ranker: Ranker,
    settings: Settings,
) -> Iterator[pa.RecordBatch]:
    """Choose from all shortlists together, by policy; see `models.policy`."""
    table = pa.Table.from_batches(shortlist, SHORTLISTED)
    flags = {
        name: table[name].to_numpy()
        for name in (
            "is_other_institution",
            "is_other_department",
            "is_early_career",
            "shares_coauthor",
        )
    }
    through = table["through_id"].to_numpy()
    chosen = rerank(
        Shortlists(
            author=_code(table["author_id"]),
            candidate=_code(table["candidate_id"]),
            probability=ranker.probability(table["score"].to_numpy()),
            impressions=_impressions(table, shown),
            team=np.where(through > 0, _code(table["through_id"]), NO_TEAM),
            **flags,
        ),
        policy_of(settings),
    )
    rows = table.take(pa.array(chosen.pairs))
    causes = pa.array(np.array(CAUSES)[chosen.causes])
    given = {
        "rank": pa.array(chosen.places, COUNT),
        # here, not in SQL: engines differ in the last digit of an exponential
        "probability": pa.array(ranker.probability(rows["score"].to_numpy())),
        "placed_by": causes,
        **_closest_papers(known, rows),
    }
    columns = [given.get(field.name, rows[field.name] if field.name in rows.schema.names else None)
               for field in RANKED]  # fmt: skip
    yield from pa.table(columns, schema=RANKED).to_batches()


def _closest_papers(known: Known, rows: pa.Table) -> dict[str, pa.Array]:
    """PMIDs of the two papers of each pair that are closest in topic; null where none are."""
    records = known.records
    stands = ~records.is_retracted & (records.days <= day_number(known.as_of))
    told = (known.wrote * stands[np.newaxis]).tocsr()
    told.eliminate_zeros()
    ends = [
        np.searchsorted(records.author_ids, rows[name].to_numpy())
        for name in ("author_id", "candidate_id")
    ]
    starts, papers = told.indptr.astype(np.int64), told.indices.astype(np.int64)
    found = closest_papers(starts, papers, records.topics, *ends)
    return {
        name: pa.array(records.pmids[papers_of], ID, mask=papers_of < 0)
        for name, papers_of in zip(("pmid", "other_pmid"), found, strict=True)
    }


def policy_of(settings: Settings) -> Policy:
    """Policy as the settings say; each of its parts is a setting of the same name."""
    named = {field.name for field in fields(Policy)} - {"kept"}
    said = {name: getattr(settings, name) for name in named}
    return Policy(kept=settings.recommendations_per_author, **said)


def _impressions(pairs: pa.Table, shown: pa.Table) -> kernels.Ints:
    """How often each pair was shown already, shape (pairs,)."""
    ends = ["author_id", "candidate_id"]
    row = pa.array(np.arange(pairs.num_rows))
    joined = pairs.select(ends).append_column("row", row).join(shown, ends, join_type="inner")
    counts = np.zeros(pairs.num_rows, np.int64)
    counts[joined["row"].to_numpy()] = joined["impression_count"].to_numpy()
    return counts


def _code(ids: pa.ChunkedArray) -> kernels.Ints:
    codes: kernels.Ints = np.unique(ids.to_numpy(), return_inverse=True)[1]
    return codes


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


def _name_unsupported(reasons: pa.Table) -> pa.Table:
    """Say which reasons do not hold; give the pairs they were to explain, each once."""
    for row in reasons.slice(0, UNSUPPORTED_TOLD).to_pylist():
        logger.warning(
            "[recommendation %(author_id)d -> %(candidate_id)d] left out: its reason %(kind)s "
            "%(place)d is not borne out by PMID %(pmid)d; report this as a defect",
            row,
        )
    pairs = reasons.group_by(["author_id", "candidate_id"]).aggregate([])
    if pairs.num_rows:
        logger.warning("%d suggestions left out for reasons that do not hold", pairs.num_rows)
    return pairs
