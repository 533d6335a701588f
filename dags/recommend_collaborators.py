"""When publications changed: identities, graph, suggestions; the asset `recommendations`."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from airflow.sdk import Asset, dag, task

from pipeline.settings import from_environment

PUBLICATIONS = Asset(name="publications", uri="confrere://lake/publications")
RECOMMENDATIONS = Asset(name="recommendations", uri="confrere://serving/recommendations")


@dag(
    schedule=[PUBLICATIONS],
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={
        "retries": 2,
        "retry_delay": timedelta(minutes=1),
        "retry_exponential_backoff": True,
    },
    tags=["confrere"],
)
def recommend_collaborators() -> None:
    """
    Work out who wrote what, build the coauthorship graph, rank collaborators, publish them.

    **Reads** publications and authorships. **Writes** identities, authors, coauthorships,
    candidates, recommendations and reasons to the lake, then a new run to the serving database.
    A stage whose inputs have not changed does nothing.

    **When it fails**: the run before stays served. A red gate in task `publish` is named in its log
    and in table `gate_results`; when the change is meant, correct the data or the gate and clear
    the task. Clearing any task is safe at any time.
    """

    @task
    def identify() -> dict[str, int | str]:
        from pipeline import stages

        return stages.identify(from_environment(os.environ), today=datetime.now(UTC).date())

    @task
    def connect() -> dict[str, int | str]:
        from pipeline import stages

        return stages.connect(from_environment(os.environ))

    @task
    def recommend() -> dict[str, int | str]:
        from pipeline import stages

        return stages.recommend(from_environment(os.environ))

    @task(outlets=[RECOMMENDATIONS])
    def publish() -> dict[str, int | str]:
        from pipeline import stages

        return stages.publish(from_environment(os.environ), datetime.now(UTC))

    identify() >> connect() >> recommend() >> publish()


recommend_collaborators()
