"""Nightly: what PubMed has new or revised becomes the asset `publications`."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from airflow.sdk import Asset, ExceptionRetryPolicy, RetryAction, RetryRule, dag, task

from pipeline.errors import BadCredentials, QueryRejected, RateLimited, WrongUse
from pipeline.settings import from_environment

PUBLICATIONS = Asset(name="publications", uri="confrere://lake/publications")
RETRY_POLICY = ExceptionRetryPolicy(
    rules=[
        RetryRule(
            [BadCredentials, QueryRejected, WrongUse],
            RetryAction.FAIL,
            reason="a setting must change first",
        ),
        RetryRule(
            RateLimited, RetryAction.RETRY, timedelta(minutes=5), reason="PubMed asked us to wait"
        ),
    ]
)


@dag(
    schedule="0 9 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={
        "retries": 3,
        "retry_delay": timedelta(minutes=2),
        "retry_exponential_backoff": True,
        "retry_policy": RETRY_POLICY,
    },
    tags=["confrere"],
)
def ingest_pubmed() -> None:
    """
    Fetch what PubMed has new and revised, all of it or for a query, and read it into the lake.

    **Reads** baseline and update files from CONFRERE_PUBMED_MIRROR, up to 20 a task, and the
    E-utilities for CONFRERE_PUBMED_QUERY, a slice a day and kind, through pool `ncbi` (its slots
    share NCBI's rate limit), and any file that waits in `$CONFRERE_HOME/spool`. **Writes** what is
    new as a layer of the tables of records, with the ledger `sources`, the log `merges` and what
    could not be read (`quarantine`), all at once or not at all; task `compact` merges layers.

    **When it fails**: a slice or file that was not fetched is asked for again the next night; what
    was fetched is read all the same, and task `complete` fails the run. `BadCredentials`: correct
    CONFRERE_NCBI_API_KEY. `QueryRejected`: correct CONFRERE_PUBMED_QUERY. A missing file: nothing
    behind it is read until the mirror has it. A file of a new year: set CONFRERE_PUBMED_YEAR to
    read its baseline. A file that cannot be read is named in the log of task `ingest`, lies in
    `$CONFRERE_HOME/spool/refused` and is fetched again the next night. Clearing any task is safe at
    any time; `confrere ingest --status` shows how far the lake has come.
    """

    @task
    def plan(logical_date: datetime | None = None) -> list[str]:
        from pipeline import stages

        # the run's own date, so that a backfill asks for what a night of the past would have
        now = logical_date or datetime.now(UTC)
        return stages.plan_fetch(from_environment(os.environ), now)

    @task(pool="ncbi")
    def fetch(slice_name: str) -> dict[str, int | str]:
        from pipeline import stages

        return stages.fetch(from_environment(os.environ), slice_name)

    @task(trigger_rule="all_done")
    def ingest() -> dict[str, int | str]:
        from pipeline import stages

        return stages.ingest(from_environment(os.environ), datetime.now(UTC))

    @task(outlets=[PUBLICATIONS])
    def compact() -> dict[str, int | str]:
        from pipeline import stages

        return stages.compact(from_environment(os.environ))

    @task(trigger_rule="none_failed")
    def complete(ingested: dict[str, int | str]) -> None:
        """Let no run be green in which a fetch failed or a file was refused.

        Airflow judges a run by its last task.
        """
        from pipeline import stages

        stages.require_whole(ingested)

    fetched = fetch.expand(slice_name=plan())
    fetched >> (ingested := ingest())
    ingested >> compact() >> (last := complete(ingested))  # type: ignore[arg-type]  # Airflow hands on the result
    fetched >> last


ingest_pubmed()
