"""The demo: two nights over the made-up PubMed, driven by the real DAGs, then what came of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from rich.console import Console

from pipeline import lake, stages, terminal
from pipeline.demo.records import write_files
from pipeline.demo.server import PubMedStandIn, serve
from pipeline.demo.world import World, build_world
from pipeline.errors import ConfrereError
from pipeline.serving import outbox, queries, roster, suppressions
from pipeline.serving.database import open_database
from pipeline.settings import PREFIX, Settings, to_environment

CHECKOUT = Path(__file__).parents[2]
NO_DAGS = "[dags] are in the project's checkout, not in the installed package: run this there"
MARK = "this folder was made by `confrere demo`, which makes it anew each time\n"
DAGS = ("ingest_pubmed", "recommend_collaborators", "send_suggestions")
NIGHTS = 2
SUGGESTIONS_SHOWN = 5


def run_demo(
    home: Path, environ: Mapping[str, str], *, with_airflow: bool, console: Console
) -> None:
    """Make the world, run two nights, show the result.

    Parameters
    ----------
    home
        Emptied first, if an earlier demo made it.
    environ
        The environment for the DAGs' process; CONFRERE_* and AIRFLOW* in it are left out.
    with_airflow
        Run the DAGs in a process of their own, else call the stages here.

    Raises
    ------
    ConfrereError
        The folder holds something else, the DAGs are not at hand, or a night failed.
    """
    if with_airflow and not (CHECKOUT / "dags").is_dir():
        raise ConfrereError(f"{NO_DAGS}, or call the stages instead: --without-airflow")
    _empty(home)
    world = build_world(nights=NIGHTS)
    console.print(
        f"A made-up PubMed: {len(world.people):,} researchers, {len(world.papers):,} papers"
    )
    with serve(world, world.first_night) as pubmed:
        settings = _settings(home, pubmed, world)
        _hand_over(world, settings)
        for number, night in enumerate(world.nights, start=1):
            pubmed.today = night
            console.print(f"\n[bold]Night {number}[/bold] ({night})")
            before = lake.read(settings.lake_folder, "publications").row_count
            if with_airflow:
                _run_dags(settings, environ, night, console)
            else:
                _run_stages(settings, night)
            _show_night(world, settings, before, night, console)
    _show_result(settings, console)


def _empty(home: Path) -> None:
    mark = home / "demo.txt"
    if home.exists() and any(home.iterdir()):
        if not mark.exists():
            raise ConfrereError(f"[{home}] is not empty and no earlier demo: choose another --home")
        shutil.rmtree(home)
    home.mkdir(parents=True, exist_ok=True)
    mark.write_text(MARK, encoding="utf-8")


def _settings(home: Path, pubmed: PubMedStandIn, world: World) -> Settings:
    return Settings(
        home=home.resolve(),
        pubmed_query="all[sb]",
        pubmed_since=world.first_night.isoformat(),
        eutils_url=pubmed.eutils_url,
        deleted_pmids_url=pubmed.deleted_pmids_url,
        ncbi_api_key="demo",
        ncbi_email="demo@example.org",
    )


def _hand_over(world: World, settings: Settings) -> None:
    """Put the backlog where a baseline would be put, and read in the roster."""
    settings.spool_folder.mkdir(parents=True)
    write_files(world, settings.spool_folder, world.first_night - timedelta(days=1))
    file = settings.home / "roster.csv"
    file.write_text(world.roster, encoding="utf-8")
    key = suppressions.secret_key(settings)
    roster.import_roster(open_database(settings), file, key, datetime.now(UTC))


def _run_dags(
    settings: Settings, environ: Mapping[str, str], night: date, console: Console
) -> None:
    """Run the night's DAGs as a scheduler would the morning after."""
    clean = {k: v for k, v in environ.items() if not k.startswith((PREFIX, "AIRFLOW"))}
    date_of_run = f"{_morning_after(night):%Y-%m-%dT%H:%M}"
    command = [sys.executable, "-m", "dags", "run", *DAGS, "--date", date_of_run]
    environment = clean | to_environment(settings)
    with (
        console.status("running the DAGs"),
        subprocess.Popen(
            command, cwd=CHECKOUT, env=environment, stdout=subprocess.PIPE, text=True
        ) as process,
    ):
        for line in process.stdout or ():
            console.print(f"  [dim]{line.rstrip()}[/dim]")
    if process.returncode != 0:
        raise ConfrereError(f"[night {night}] a DAG failed: see {settings.home}/airflow/run.log")


def _run_stages(settings: Settings, night: date) -> None:
    stages.run(settings, None, None, _morning_after(night))


def _morning_after(night: date) -> datetime:
    """When the day `night` is over for PubMed, which keeps US Eastern time."""
    return datetime.combine(night + timedelta(days=1), time(12), UTC)


def _show_night(
    world: World, settings: Settings, before: int, night: date, console: Console
) -> None:
    tables = lake.datasets(settings.lake_folder, ("publications", "authors", "coauthorships"))
    after = tables["publications"].row_count
    changes = [change.kind for change in world.changes if change.changed_on == night]
    happened = ", ".join(f"{changes.count(kind)} {kind}" for kind in dict.fromkeys(changes))
    told = f"; among the changes: {happened}" if happened else ""
    console.print(f"  ingested: {after - before:+,} papers, now {after:,}{told}")
    console.print(
        f"  graph: {tables['authors'].row_count:,} authors, "
        f"{tables['coauthorships'].row_count:,} pairs who have written together"
    )
    run = queries.current_run(open_database(settings))
    if run is not None:
        console.print(f"  published: {run.row_count:,} suggestions for {run.author_count:,} people")


def _show_result(settings: Settings, console: Console) -> None:
    database = open_database(settings)
    digests = sorted(settings.outbox_folder.glob("*/*.eml"))
    reader = next(iter(outbox.opted_in(database)))
    found = queries.suggestions_of(database, reader.person_id, SUGGESTIONS_SHOWN)
    console.print()
    if found is not None:
        terminal.show_suggestions(console, found)
    console.print()
    here = Path.cwd()
    for name, value in (
        ("a digest", digests[0] if digests else None),
        ("the database", settings.home / "serving.sqlite"),
    ):
        shown = value.relative_to(here) if value and value.is_relative_to(here) else value
        console.print(f"{name}: {shown}", soft_wrap=True)
    home = os.path.relpath(settings.home)
    console.print(f"the pages: .venv/bin/confrere serve --home {home}", soft_wrap=True)
    address = f"http://127.0.0.1:8000/people/{reader.person_id}"
    console.print(f"  then open {address}", soft_wrap=True)
