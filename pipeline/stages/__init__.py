"""The story, stage by stage: fetch, ingest, identify, connect, recommend, publish, notify.

Each stage is driven by state: it does all that is pending, is safe to run twice, and leaves either
the whole new result or the old one. Airflow, the command line and the tests call these functions.
"""

from pipeline.stages.evaluation import evaluate_recommendations
from pipeline.stages.intake import (
    compact,
    fetch,
    ingest,
    plan_fetch,
    require_whole,
    status_of_ingest,
    take_in,
)
from pipeline.stages.learning import evaluate_identity, train, train_matcher
from pipeline.stages.night import connect, identify, notify, publish, recommend, run
from pipeline.stages.people import decided_pairs, export, suppress
from pipeline.stages.portals import grant_pipeline, grant_portal, rollback
from pipeline.stages.results import Counts
from pipeline.stages.roster import decide_match, import_roster, match_roster, questions

__all__ = [
    "Counts",
    "compact",
    "connect",
    "decide_match",
    "decided_pairs",
    "evaluate_identity",
    "evaluate_recommendations",
    "export",
    "fetch",
    "grant_pipeline",
    "grant_portal",
    "identify",
    "import_roster",
    "ingest",
    "match_roster",
    "notify",
    "plan_fetch",
    "publish",
    "questions",
    "recommend",
    "require_whole",
    "rollback",
    "run",
    "status_of_ingest",
    "suppress",
    "take_in",
    "train",
    "train_matcher",
]
