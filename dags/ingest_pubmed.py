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
    Fetch what PubMed has new and revised for the configured query, and read it into the lake.

    **Reads** the E-utilities, a slice a day and kind, through pool `ncbi` (its slots share NCBI's
    rate limit), and any file that waits in `$CONFRERE_HOME/spool`. **Writes** publications,
    authorships, topics, links, deletions and the ledger `sources`, all at once or not at all.

    **When it fails**: a slice that was not fetched is asked for again the next night; what was
    fetched is read all the same, and task `complete` fails the run. `BadCredentials`: correct
    CONFRERE_NCBI_API_KEY. `QueryRejected`: correct CONFRERE_PUBMED_QUERY. A file that cannot be
    read is named in the log of task `ingest`, and the lake stays as it was: take it out of the
    spool and clear the task. Clearing any task is safe at any time.
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

    @task(trigger_rule="all_done", outlets=[PUBLICATIONS])
    def ingest() -> dict[str, int | str]:
        from pipeline import stages

        return stages.ingest(from_environment(os.environ))

    @task(trigger_rule="none_failed")
    def complete() -> None:
        """Let no run be green in which a fetch failed: Airflow judges a run by its last task."""

    fetched = fetch.expand(slice_name=plan())
    fetched >> ingest() >> (last := complete())
    fetched >> last


ingest_pubmed()
