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
    Learn who is who, and whom people write with next.

    **Reads** the lake of today, for the labels that papers give for free (the same ORCID iD, e-mail
    address or grant, a self-citation; other iDs, other fore names), and what was known 24, 36, 48
    and 60 months ago, with who has written together since. **Writes**
    `$CONFRERE_HOME/models/same_author.json` and `ranker.json`, each only if the new model is surely
    better than the one in use on what it has not seen; the next run of `recommend_collaborators`
    uses them. (The first run of a home trains its ranker by itself.)

    **When it fails**: the models in use stay. A home with few labels, or with less than three years
    of records, has nothing to learn from, and the log says so. Clearing the tasks is safe.
    """

    @task
    def train_matcher() -> dict[str, int | str]:
        from pipeline import stages

        return stages.train_matcher(from_environment(os.environ))

    @task
    def train() -> dict[str, int | str]:
        from pipeline import stages

        return stages.train(from_environment(os.environ))

    train_matcher()
    train()


train_models()
