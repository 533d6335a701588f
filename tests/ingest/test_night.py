"""A night's fetch and ingest as the stages and the DAG drive them, one slice of it failing."""

from __future__ import annotations

import gzip
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline import lake, stages
from pipeline.errors import ConfrereError
from pipeline.ingest.spool import query_hash
from pipeline.settings import Settings, to_environment
from tests.ingest.conftest import QUERY, Form, PubMed, found, records
from tests.ingest.drawn import tables

ROOT = Path(__file__).parents[2]
AT = f"@{query_hash(QUERY)}"
MORNING = datetime(2026, 11, 23, 9, tzinfo=UTC)
DAYS = [
    f"new/2026-11-21{AT}",
    f"revised/2026-11-21{AT}",
    f"new/2026-11-22{AT}",
    f"revised/2026-11-22{AT}",
    "deleted/2026-11-22",
]


def poison(own: PubMed, form: Form) -> bytes:
    """Refuse what was new on the 21st."""
    if '"2026/11/21"[CRDT]' in form["term"]:
        return b"<eSearchResult><ERROR>poison</ERROR></eSearchResult>"
    return found(own.ids)


def pmids(settings: Settings) -> list[int]:
    return [row["pmid"] for row in tables(settings.home)["publications"]]


def test_a_day_is_asked_for_once_it_is_over_on_the_east_coast(settings: Settings) -> None:
    assert stages.plan_fetch(settings, MORNING) == DAYS
    assert stages.plan_fetch(settings, datetime(2026, 11, 23, 5, tzinfo=UTC)) == DAYS
    evening_there = datetime(2026, 11, 23, 4, 59, tzinfo=UTC)
    assert stages.plan_fetch(settings, evening_there) == [*DAYS[:2], "deleted/2026-11-21"]


def test_a_fetched_slice_in_the_spool_is_not_planned_again(settings: Settings) -> None:
    stages.fetch(settings, DAYS[0])
    stages.fetch(settings, DAYS[4])
    assert stages.plan_fetch(settings, MORNING) == DAYS[1:4]


def test_a_slice_that_fails_holds_up_no_other_and_is_named_at_the_end(
    pubmed: PubMed, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    pubmed.search = poison
    with pytest.raises(ConfrereError, match=rf"slices new/2026-11-21{AT}\] were not.*run again"):
        stages.run(settings, None, None, MORNING)
    assert "poison" in caplog.text
    assert pmids(settings) == [11, 12, 13]
    # the stages after ingest ran too
    assert lake.read(settings.lake_folder, "identities").row_count == 3
    assert stages.plan_fetch(settings, MORNING) == DAYS[:1]


def test_where_nothing_came_at_all_the_slices_are_named(pubmed: PubMed, settings: Settings) -> None:
    pubmed.failures = [(400, {}, b"no")] * len(DAYS)
    with pytest.raises(ConfrereError, match=r"slices new/.*deleted/2026-11-22\] were not"):
        stages.run(settings, None, None, MORNING)


def run_dag(settings: Settings, times: int = 1) -> list[str]:
    """Run the real DAG; return how each run ended."""
    dags = ["ingest_pubmed"] * times
    result = subprocess.run(
        [sys.executable, "-m", "dags", "run", *dags, "--date", "2026-11-23T09:00"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, **to_environment(settings)},
    )
    return re.findall(r"ingest_pubmed: (\w+)", result.stdout)


@pytest.mark.airflow
def test_the_dag_reads_what_came_but_is_red_where_a_task_failed_else_green(
    pubmed: PubMed, settings: Settings
) -> None:
    pubmed.search = poison
    assert run_dag(settings) == ["failed"]
    assert pmids(settings) == pubmed.ids
    assert stages.plan_fetch(settings, MORNING) == DAYS[:1]
    pubmed.search = lambda own, _: found(own.ids)
    # the first fetches what was missing, the second has no slice to fetch
    assert run_dag(settings, 2) == ["success", "success"]
    assert stages.plan_fetch(settings, MORNING) == []
    # no fetch, and an ingest that fails
    (settings.spool_folder / "bad.xml.gz").write_bytes(gzip.compress(records("1"))[:-9])
    assert run_dag(settings) == ["failed"]


DECIDE = """
from dags.ingest_pubmed import RETRY_POLICY
from pipeline import errors
names = "BadCredentials QueryRejected WrongUse RateLimited TimedOut Incomplete"
for name in names.split():
    decision = RETRY_POLICY.evaluate(getattr(errors, name)("[a] b: c"), 1, 3)
    print("decided", name, decision.action.value, decision.retry_delay)
"""


@pytest.mark.airflow
def test_airflow_tries_again_what_may_pass_and_nothing_else(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-c", DECIDE],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "AIRFLOW_HOME": f"{tmp_path}"},
        check=True,
    )
    assert re.findall(r"^decided (.*)$", result.stdout, re.MULTILINE) == [
        "BadCredentials fail None",
        "QueryRejected fail None",
        "WrongUse fail None",
        "RateLimited retry 0:05:00",
        "TimedOut default None",
        "Incomplete default None",
    ]
