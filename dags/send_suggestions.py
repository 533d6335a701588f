"""When recommendations changed: a digest for everybody on the roster who asked for one."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from airflow.sdk import Asset, dag, task

from pipeline.settings import from_environment

RECOMMENDATIONS = Asset(name="recommendations", uri="confrere://serving/recommendations")


@dag(
    schedule=[RECOMMENDATIONS],
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={
        "retries": 2,
        "retry_delay": timedelta(minutes=5),
        "retry_exponential_backoff": True,
    },
    tags=["confrere"],
)
def send_suggestions() -> None:
    """
    Write the digests of the current run to the outbox.

    **Reads** the published run, the roster and the suppressions. **Writes** one message a person
    with something new to `$CONFRERE_HOME/outbox`, and a row in table `deliveries` for each.

    **When it fails**: messages already written are not written again; clearing the task is safe.
    Rows of `deliveries` in state `failed` say what was wrong with each.
    """

    @task
    def notify() -> dict[str, int | str]:
        from pipeline import stages

        return stages.notify(from_environment(os.environ), datetime.now(UTC))

    notify()


send_suggestions()
