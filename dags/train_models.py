"""Monthly: train, evaluate, and promote a model only if it is better than the one in use."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from airflow.sdk import dag, task

from pipeline.settings import from_environment


@dag(
    schedule="0 12 1 * *",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={
        "retries": 2,
        "retry_delay": timedelta(minutes=10),
        "retry_exponential_backoff": True,
    },
    tags=["confrere"],
)
def train_models() -> None:
    """
    Learn from the last 24 months how probable a joint paper is at each score.

    **Reads** the lake as of 24 months ago, and which of the pairs proposed then have written
    together since. **Writes** `$CONFRERE_HOME/models/probability.json`, only if the new model
    predicts held-out authors better than the one in use; the next run of
    `recommend_collaborators` shows its probabilities.

    **When it fails**: the model in use stays. A lake with less than three years of records has
    nothing to learn from, and the log says so. Clearing the task is safe.
    """

    @task
    def train() -> dict[str, int | str]:
        from pipeline import stages

        return stages.train(from_environment(os.environ))

    train()


train_models()
