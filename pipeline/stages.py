"""The story, stage by stage: fetch, ingest, identify, connect, recommend, publish, notify.

Each stage is driven by state: it does all that is pending, is safe to run twice, and leaves either
the whole new result or the old one. Airflow, the command line and the tests call these functions.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.compute as pc

from models.ranker import Calibration
from models.same_author import load_matcher
from models.store import load_calibration, save_calibration
from pipeline import lake
from pipeline.errors import ConfrereError, WrongUse
from pipeline.graph.connect import WEIGHT_RULE, load_graph
from pipeline.graph.connect import connect as connect_authors
from pipeline.identity.evaluate import (
    TABLES_OF_EVALUATION,
    ClusterEvaluation,
    PairEvaluation,
    evaluate_clusters,
    evaluate_pairs,
)
from pipeline.identity.identify import IDENTITY_RULE
from pipeline.identity.identify import identify as identify_authors
from pipeline.identity.labelled import read_clusters, read_pairs
from pipeline.ingest.fetch import eutilities, mirror
from pipeline.ingest.files import ingest_files
from pipeline.ingest.log_files import is_piece
from pipeline.ingest.spool import source_name
from pipeline.ingest.status import TABLES_OF_STATUS, Status, read_status
from pipeline.outreach.outbox import notify as notify_subscribers
from pipeline.progress import track
from pipeline.recommend.recommend import RANKING_RULE
from pipeline.recommend.recommend import recommend as recommend_candidates
from pipeline.recommend.train import HORIZON_MONTHS
from pipeline.recommend.train import train as train_calibration
from pipeline.scratch import scratch
from pipeline.serving import evidence, queries, suppressions
from pipeline.serving import publish as publishing
from pipeline.serving.database import open_database
from pipeline.serving.export import export as export_table
from pipeline.settings import Settings, months_before

Counts = dict[str, int | str]
"""What a stage did, small enough for a log line or for Airflow to hand on."""

logger = logging.getLogger(__name__)


def plan_fetch(settings: Settings, now: datetime) -> list[str]:
    """Name what of PubMed has not been fetched yet: files of the mirror, slices of the query.

    A day is asked for once it is over for PubMed at the instant `now` (UTC). With neither a mirror
    nor a query there is nothing: then files in the spool are all there is to read.
    """
    spooled = [source_name(path) for path in _waiting(settings)]
    if not (settings.pubmed_query or settings.pubmed_mirror):
        if spooled:
            return []
        raise WrongUse(
            "[settings pubmed_query and pubmed_mirror] are empty: set CONFRERE_PUBMED_QUERY to "
            "what to follow, e.g. 'Geneva[ad]', or CONFRERE_PUBMED_MIRROR to follow all of PubMed, "
            "or read files with `confrere run --files`"
        )
    today = _today(now)
    sources = lake.read(settings.lake_folder, "sources")
    pieces = mirror.pending_files(sources, spooled, settings) if settings.pubmed_mirror else []
    return [*pieces, *eutilities.pending_slices(sources, spooled, today, settings)]


def fetch(settings: Settings, slice_name: str) -> Counts:
    """Fetch one slice, or one piece of the mirror, into the spool."""
    fetch_into_spool = mirror.fetch_files if is_piece(slice_name) else eutilities.fetch_slice
    return {"fetched": fetch_into_spool(slice_name, settings)}


def ingest(settings: Settings, now: datetime, paths: Sequence[Path] | None = None) -> Counts:
    """Read files into the lake: those given, or all that wait in the spool (then removed).

    A file that cannot be read holds up no other: it is named in the log and under `refused`, and
    one of the spool is moved to `spool/refused`, so that it is fetched again.
    """
    waiting = _waiting(settings) if paths is None else list(paths)
    result = ingest_files(waiting, settings, now)
    refused = [file for file, _ in result.refused]
    if paths is None:
        for path in waiting:
            if path in refused:
                settings.refused_folder.mkdir(exist_ok=True)
                path.replace(settings.refused_folder / path.name)
            else:
                path.unlink()
    counts: Counts = asdict(result)
    del counts["refused"]
    if refused:
        counts["refused"] = " ".join(file.name for file in refused)
    return _told("ingest", counts)


def require_whole(ingested: Counts) -> None:
    """Fail if `ingest` refused a file.

    Raises
    ------
    ConfrereError
        It did; all else was read.
    """
    if ingested.get("refused"):
        raise ConfrereError(_refusal(ingested))


def compact(settings: Settings) -> Counts:
    """Merge the layers of tables that have many, which keeps reading fast; changes no row."""
    left = track(lake.compact(settings.lake_folder), "merging layers of tables")
    return _told("compact", dict(left) or {"nothing to merge": 0})


def identify(settings: Settings, as_of: date | None = None, today: date | None = None) -> Counts:
    """Work out who wrote what, from all that had entered PubMed by `as_of`.

    `as_of` defaults to the day the newest record entered, but no later than `today`.
    """
    names = ("publications", "authorships", "mentions", "identities")
    current = lake.datasets(settings.lake_folder, names)
    if current["publications"].is_empty:
        raise ConfrereError(
            f"[{settings.home}] holds no publications: run `confrere run --files …` first"
        )
    as_of = as_of or _newest_entry(current["publications"], today)
    made_from = _fingerprint(
        IDENTITY_RULE,
        current["publications"].version,
        current["authorships"].version,
        as_of,
        settings.author_cap,
    )
    if current["identities"].made_from == made_from:
        return _told("identify", {"nothing pending": 0})
    with lake.begin(settings.lake_folder) as commit:
        result = identify_authors(current, commit, as_of, settings, made_from)
    return _told("identify", {"as_of": as_of.isoformat(), **asdict(result)})


def connect(settings: Settings) -> Counts:
    """Build the coauthorship graph, and list whom retractions and corrections affect."""
    names = ("publications", "identities", "notices", "coauthorships")
    current = lake.datasets(settings.lake_folder, names)
    as_of = _as_of(current["identities"], settings)
    made_from = _fingerprint(
        WEIGHT_RULE,
        current["identities"].version,
        current["publications"].version,
        current["notices"].version,
        settings.half_life_years,
        settings.author_cap,
    )
    if current["coauthorships"].made_from == made_from:
        return _told("connect", {"nothing pending": 0})
    with lake.begin(settings.lake_folder) as commit:
        pair_count = connect_authors(current, commit, as_of, settings, made_from)
    return _told("connect", {"coauthorship_count": pair_count})


def recommend(settings: Settings, wishes: Settings | None = None) -> Counts:
    """Propose, rank and explain collaborators for everybody who is served.

    `wishes` says where the suppressions are kept, when not with these tables.
    """
    names = (
        "publications",
        "topics",
        "identities",
        "authors",
        "coauthorships",
        "recommendations",
    )
    current = lake.datasets(settings.lake_folder, names)
    as_of = _as_of(current["coauthorships"], settings)
    calibration = _calibration(settings)
    database = open_database(wishes or settings)
    suppressed = suppressions.suppressed_author_ids(database, current, settings)
    made_from = _fingerprint(
        current["coauthorships"].version,
        current["authors"].version,
        settings.active_months,
        settings.recommendations_per_author,
        RANKING_RULE,
        calibration,
        hashlib.sha256(suppressed.tobytes()).hexdigest(),
    )
    if current["recommendations"].made_from == made_from:
        return _told("recommend", {"nothing pending": 0})
    graph = load_graph(current["authors"], current["coauthorships"], suppressed)
    with lake.begin(settings.lake_folder) as commit:
        result = recommend_candidates(
            current, graph, suppressed, calibration, commit, as_of, settings, made_from
        )
    return _told("recommend", asdict(result))


def publish(settings: Settings, now: datetime) -> Counts:
    """Put the recommendations into the serving database, check them, move the pointer.

    Raises
    ------
    ConfrereError
        A gate is red; yesterday's run stays served.
    """
    tables = lake.datasets(settings.lake_folder, publishing.SOURCES)
    as_of = _as_of(tables["recommendations"], settings)
    database = open_database(settings)
    if tables["recommendations"].is_empty and queries.current_run(database) is None:
        return _told("publish", {"nothing to publish yet": 0})
    made_from = tables["recommendations"].version
    run_id = f"{now:%Y%m%dT%H%M%SZ}-{made_from[:6]}"
    ranked_by = next(tables["recommendations"].batches(["model_version"]), None)
    version = ranked_by["model_version"][0].as_py() if ranked_by else RANKING_RULE
    run = publishing.Run(run_id, now, as_of, version, made_from)
    result = publishing.publish(database, run, tables, settings)
    if not result.accepted:
        red = ", ".join(name for name, passed in result.gates.items() if not passed)
        raise ConfrereError(
            f"[run {result.run_id}] not published, the run before stays served. Red gates: {red}"
        )
    return _told(
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
    return _told("notify", asdict(result))


def train(settings: Settings) -> Counts:
    """Learn what probability a score means, from 24 months ago; promote the model if it is better.

    The past is made anew in a scratch home, with the records, identities and graph of that day.
    """
    names = ("identities", "publications", "authorships", "topics")
    current = lake.datasets(settings.lake_folder, names)
    since = months_before(_as_of(current["identities"], settings), HORIZON_MONTHS)
    with scratch(settings) as folder:
        past = replace(settings, home=folder)
        lake.lend(settings.lake_folder, past.lake_folder, ["publications", "authorships", "topics"])
        identify(past, as_of=since)
        connect(past)
        recommend(past, wishes=settings)
        proposed = lake.read(past.lake_folder, "candidates")
        in_use = _calibration(settings)
        result = train_calibration(proposed, current, in_use, since, settings)
    if result.model is not None and result.is_better:
        save_calibration(settings.calibration_file, result.model)
    return _told(
        "train",
        {
            "as_of": since.isoformat(),
            "pairs": result.pair_count,
            "new_collaborations": result.positive_count,
            "log_loss": _number(result.loss),
            "in_use": _number(result.loss_in_use),
            "base_rate": _number(result.loss_of_base_rate),
            "promoted": "yes" if result.is_better else "no",
        },
    )


def evaluate_identity(
    settings: Settings,
    files: Sequence[Path],
    now: datetime,
    *,
    pairs: Path | None = None,
    clusters: Path | None = None,
    cross_validate: bool = False,
) -> PairEvaluation | ClusterEvaluation:
    """Ingest `files` into a home that is thrown away, identify, and score on labelled mentions.

    Parameters
    ----------
    pairs, clusters
        One of the two CSV files, see `pipeline.identity.labelled`.
    cross_validate
        Score a matcher trained on the pairs, five-fold, not the shipped one.

    Raises
    ------
    WrongUse
        The CSV file cannot be read, or is not given.
    """
    labelled_pairs = read_pairs(pairs) if pairs else []
    mentions = read_clusters(clusters) if clusters else []
    if bool(pairs) == bool(clusters):
        raise WrongUse("[labels] give either pairs or clusters")
    matcher = None if cross_validate else load_matcher()
    with TemporaryDirectory(prefix="confrere-") as folder:
        own = replace(settings, home=Path(folder))
        require_whole(ingest(own, now, files))
        identify(own)
        current = lake.datasets(own.lake_folder, TABLES_OF_EVALUATION)
        if pairs:
            return evaluate_pairs(current, labelled_pairs, matcher, own)
        return evaluate_clusters(current, mentions, matcher, own)


def suppress(settings: Settings, who: str, now: datetime, created_by: str) -> int | None:
    """Leave a person alone from now on, as recipient and as suggestion.

    The evidence is taken from all that is known of them: ORCID iD, addresses on the roster, and the
    place of their name on each of their papers, so that it holds whatever id they get later.

    Parameters
    ----------
    who
        ORCID iD (any, also one that nothing here knows yet), author id or roster id.

    Returns
    -------
    Pieces of evidence that were not there before; None where `who` is no such id.
    """
    engine = open_database(settings)
    tables = lake.datasets(settings.lake_folder, ("identities", "authors"))
    found = evidence.find_evidence(engine, who, tables)
    if found is None:
        return None
    return suppressions.suppress(
        engine,
        now,
        created_by,
        author_id=found.author_id,
        orcid=found.orcid,
        mentions=found.mentions,
        address_hashes=found.address_hashes,
    )


def export(settings: Settings, name: str, out: Path) -> int:
    """Write a lake table to a file, without the people who asked to be left out."""
    tables = lake.datasets(settings.lake_folder, {name, "identities", "authors"})
    if not tables[name].layers:
        raise ConfrereError(f"[{settings.home}] has no {name} yet: run `confrere run` first")
    engine = open_database(settings)
    hidden = suppressions.suppressed_author_ids(engine, tables, settings)
    mentions = evidence.hidden_mentions(engine, hidden, tables["identities"])
    return export_table(tables[name], hidden, mentions, out)


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


def take_in(settings: Settings, paths: Sequence[Path] | None, now: datetime) -> list[str]:
    """Fetch (unless files are given), ingest and compact; return what went wrong, in words.

    What went wrong holds up nothing else.
    """
    failed = _fetch_pending(settings, now) if paths is None else []
    ingested = ingest(settings, now, paths)
    compact(settings)
    problems = []
    if failed:
        problems.append(
            f"[slices {', '.join(failed)}] were not fetched, all else was read: do what the "
            "warnings above say, then run again."
        )
    if "refused" in ingested:
        problems.append(_refusal(ingested))
    return problems


def status_of_ingest(settings: Settings, now: datetime) -> Status:
    """How far ingest has come."""
    waiting = [source_name(path) for path in _waiting(settings)]
    tables = lake.datasets(settings.lake_folder, TABLES_OF_STATUS)
    return read_status(tables, waiting, _today(now), settings)


def _fetch_pending(settings: Settings, now: datetime) -> list[str]:
    """Fetch all that is pending; return the slices that failed: one must not hold up the rest."""
    failed = []
    for name in plan_fetch(settings, now):
        try:
            fetch(settings, name)
        except ConfrereError as error:
            logger.warning("%s", error)
            failed.append(name)
    return failed


def _refusal(ingested: Counts) -> str:
    return (
        f"[{ingested['refused']}] cannot be read, all else was: do what the warnings above say, "
        "then run again."
    )


def _today(now: datetime) -> date:
    """PubMed's day: it ends at midnight US Eastern time, at most five hours behind UTC."""
    return (now - timedelta(hours=5)).date()


def _calibration(settings: Settings) -> Calibration | None:
    try:
        return load_calibration(settings.calibration_file)
    except ValueError as error:
        raise ConfrereError(f"[{settings.calibration_file}] {error}") from None


def _waiting(settings: Settings) -> list[Path]:
    """Files in the spool, without those still being written."""
    files = (path for path in settings.spool_folder.glob("*") if path.is_file())
    return sorted(path for path in files if not path.name.endswith(".part"))


def _as_of(table: lake.Dataset, settings: Settings) -> date:
    if table.as_of is None:
        raise ConfrereError(
            f"[{settings.home}] has no {table.table.name} yet: run the stages before it, "
            "or all of them with `confrere run`"
        )
    return table.as_of


def _newest_entry(publications: lake.Dataset, today: date | None) -> date:
    newest: date = max(
        pc.max(batch["entered_on"]).as_py() for batch in publications.batches(["entered_on"])
    )
    return min(newest, today) if today else newest


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.5f}"


def _fingerprint(*inputs: object) -> str:
    return " ".join(str(value) for value in inputs)


def _told(stage: str, counts: Counts) -> Counts:
    shown = ", ".join(
        f"{name.replace('_', ' ')} {value:,}" if isinstance(value, int) else f"{name} {value}"
        for name, value in counts.items()
    )
    logger.info("%s: %s", stage, shown)
    return counts
