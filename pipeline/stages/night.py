"""From the lake to the digest: identify, connect, recommend, publish, notify."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pyarrow.compute as pc

from models.kernels import Ints
from models.ranker import Ranker, load_ranker, save_ranker
from models.same_author import Matcher
from pipeline import lake
from pipeline.errors import ConfrereError
from pipeline.graph.connect import WEIGHT_RULE
from pipeline.graph.connect import connect as connect_authors
from pipeline.identity.identify import IDENTITY_RULE, TABLES_OF_IDENTITY
from pipeline.identity.identify import identify as identify_authors
from pipeline.outreach.outbox import notify as notify_subscribers
from pipeline.recommend.recommend import RANKING_RULE, model_version, policy_of
from pipeline.recommend.recommend import recommend as recommend_candidates
from pipeline.recommend.records import TABLES_OF_RECORDS, Records, load_records
from pipeline.recommend.train import HORIZON_MONTHS, learn
from pipeline.serving import outbox, queries, suppressions
from pipeline.serving import publish as publishing
from pipeline.serving.database import open_database
from pipeline.serving.roster_matches import matched_author_ids
from pipeline.settings import Settings
from pipeline.stages.intake import take_in
from pipeline.stages.results import (
    Counts,
    as_of_table,
    matcher_in_use,
    ranker_trained_here,
    told,
)
from pipeline.stages.roster import match_roster


def run(
    settings: Settings, paths: Sequence[Path] | None, as_of: date | None, now: datetime
) -> None:
    """The whole path: on files, or (paths None) on what PubMed has new for the configured query.

    Raises
    ------
    ConfrereError
        A stage failed; or slices could not be fetched or files not be read, after all that did
        come was published.
    """
    problems = take_in(settings, paths, now)
    if problems and lake.read(settings.lake_folder, "publications").is_empty:
        raise ConfrereError(" ".join(problems))
    identify(settings, as_of, now.date())
    connect(settings)
    recommend(settings)
    publish(settings, now)
    if as_of is None:  # what was true on a day of the past is no news
        notify(settings, now)
    if problems:
        raise ConfrereError(" ".join(problems))


def identify(
    settings: Settings,
    as_of: date | None = None,
    today: date | None = None,
    matcher: Matcher | None = None,
) -> Counts:
    """Work out who wrote what, from all that had entered PubMed by `as_of`.

    `as_of` defaults to the day the newest record entered, but no later than `today`; `matcher` to
    the one in use.
    """
    current = lake.datasets(settings.lake_folder, TABLES_OF_IDENTITY)
    if current["publications"].is_empty:
        raise ConfrereError(
            f"[{settings.home}] holds no publications: run `confrere run --files …` first"
        )
    as_of = as_of or _newest_entry(current["publications"], today)
    matcher = matcher or matcher_in_use(settings)
    made_from = _fingerprint(
        IDENTITY_RULE,
        matcher.fingerprint,
        current["publications"].version,
        as_of,
        settings.author_cap,
    )
    if current["identities"].made_from == made_from:
        return told("identify", {"nothing pending": 0})
    with lake.begin(settings.lake_folder) as commit:
        result = identify_authors(current, commit, as_of, matcher, settings, made_from)
    return told("identify", {"as_of": as_of.isoformat(), **asdict(result)})


def connect(settings: Settings) -> Counts:
    """Build the coauthorship graph, and list whom retractions and corrections affect."""
    names = ("publications", "identities", "notices", "coauthorships")
    current = lake.datasets(settings.lake_folder, names)
    as_of = as_of_table(current["identities"], settings)
    made_from = _fingerprint(
        WEIGHT_RULE,
        current["identities"].version,
        current["publications"].version,
        current["notices"].version,
        as_of,
        settings.half_life_years,
        settings.author_cap,
    )
    if current["coauthorships"].made_from == made_from:
        return told("connect", {"nothing pending": 0})
    with lake.begin(settings.lake_folder) as commit:
        pair_count = connect_authors(current, commit, as_of, settings, made_from)
    return told("connect", {"coauthorship_count": pair_count})


def recommend(settings: Settings, wishes: Settings | None = None) -> Counts:
    """Propose, rank and explain collaborators for everybody who is served.

    The roster is matched first: whoever is on it is served, also with little history. A home
    without a ranker of its own trains one, if enough has come true in it; else the shipped one
    ranks. `wishes` says where the suppressions are kept, when not with these tables: then nobody
    is served for being on a roster.
    """
    if wishes is None:
        match_roster(settings)
    names = (*TABLES_OF_RECORDS, "coauthorships", "recommendations")
    current = lake.datasets(settings.lake_folder, names)
    as_of = as_of_table(current["coauthorships"], settings)
    ranker = ranker_trained_here(settings)
    database = open_database(wishes or settings)
    suppressed = suppressions.suppressed_author_ids(database, current, settings)
    shown = outbox.impressions(database, as_of)
    on_roster = np.zeros(0, np.int64) if wishes else matched_author_ids(database)
    made_from = _fingerprint(
        current["coauthorships"].version,
        current["authors"].version,
        settings.active_months,
        settings.recommendations_per_author,
        RANKING_RULE,
        (ranker or load_ranker()).fingerprint,
        policy_of(settings),
        hashlib.sha256(suppressed.tobytes()).hexdigest(),
        hashlib.sha256(on_roster.tobytes()).hexdigest(),
        hashlib.sha256(str(shown.to_pydict()).encode()).hexdigest(),
    )
    if current["recommendations"].made_from == made_from:
        return told("recommend", {"nothing pending": 0})
    records = load_records(current, settings)
    ranker = ranker or _first_ranker(records, as_of, suppressed, settings)
    with lake.begin(settings.lake_folder) as commit:
        result = recommend_candidates(
            current,
            records,
            suppressed,
            on_roster,
            shown,
            ranker,
            commit,
            as_of,
            settings,
            made_from,
        )
    return told("recommend", {**asdict(result), "ranked_by": model_version(ranker)})


def _first_ranker(records: Records, as_of: date, suppressed: Ints, settings: Settings) -> Ranker:
    """Train the home's own ranker and keep it; the shipped one where too little has come true."""
    hidden = np.flatnonzero(np.isin(records.author_ids, suppressed))
    shipped = load_ranker()
    own = learn(records, as_of, hidden, shipped, settings)
    if own is None:
        return shipped
    save_ranker(settings.ranker_file, own)
    return own


def publish(settings: Settings, now: datetime) -> Counts:
    """Put the recommendations into the serving database, check them, move the pointer.

    Raises
    ------
    ConfrereError
        A gate is red; yesterday's run stays served.
    """
    tables = lake.datasets(settings.lake_folder, publishing.SOURCES)
    as_of = as_of_table(tables["recommendations"], settings)
    database = open_database(settings)
    if tables["recommendations"].is_empty and queries.current_run(database) is None:
        return told("publish", {"nothing to publish yet": 0})
    # ids may change their meaning without any suggestion being another
    made_from = _fingerprint(tables["recommendations"].version, tables["redirects"].version)
    run_id = f"{now:%Y%m%dT%H%M%SZ}-{made_from[:6]}"
    ranked_by = next(tables["recommendations"].batches(["model_version"]), None)
    version = ranked_by["model_version"][0].as_py() if ranked_by else RANKING_RULE
    run = publishing.Run(run_id, now, as_of, version, made_from, HORIZON_MONTHS)
    result = publishing.publish(database, run, tables, settings)
    if not result.accepted:
        raise ConfrereError(
            f"[run {result.run_id}] not published, the run before stays served. Red: "
            + "; ".join(result.why)
        )
    return told(
        "publish",
        {"run": result.run_id, "rows": result.row_count, "people": result.people_count},
    )


def notify(settings: Settings, now: datetime) -> Counts:
    """Write a digest for everybody on the roster who asked for one and has something new."""
    result = notify_subscribers(open_database(settings), settings, now)
    if result.failed:
        raise ConfrereError(
            f"[digests] {result.failed} failed and {result.delivered} were written: the log and "
            "table deliveries say why; a new run tries again"
        )
    return told("notify", asdict(result))


def _newest_entry(publications: lake.Dataset, today: date | None) -> date:
    newest: date = max(
        pc.max(batch["entered_on"]).as_py() for batch in publications.batches(["entered_on"])
    )
    return min(newest, today) if today else newest


def _fingerprint(*inputs: object) -> str:
    return " ".join(str(value) for value in inputs)
