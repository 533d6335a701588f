"""Named questions to the serving database: who is this, whom should they meet, and why.

Every answer is of one run and leaves the suppressed out: not as a person, not as an introducer, not
by name inside a reason. An author id that was given up is followed to who bears it now.
"""

from pipeline.serving.queries.network import Network, Tie, TopicOf, network_of, papers_of, topics_of
from pipeline.serving.queries.people import (
    OnRoster,
    Sought,
    find_people,
    find_person,
    listed_as,
    person_of_id,
    person_on_roster,
    place_of,
    search_people,
    works_at,
)
from pipeline.serving.queries.records import (
    Paper,
    Person,
    Reason,
    Recommendation,
    ServedRun,
    Step,
    Suggestions,
    steps_of,
)
from pipeline.serving.queries.runs import current_run, kept_run, kept_runs, run_now
from pipeline.serving.queries.suggestions import (
    EXPORTED,
    Wanted,
    exported,
    recommendation_of,
    recommendations,
    recommendations_of,
    suggestions_of,
)
from pipeline.serving.queries.team import Expertise, TeamFound, find_team, load_expertise
from pipeline.serving.queries.written import written_recommendations

__all__ = [
    "EXPORTED",
    "Expertise",
    "Network",
    "OnRoster",
    "Paper",
    "Person",
    "Reason",
    "Recommendation",
    "ServedRun",
    "Sought",
    "Step",
    "Suggestions",
    "TeamFound",
    "Tie",
    "TopicOf",
    "Wanted",
    "current_run",
    "exported",
    "find_people",
    "find_person",
    "find_team",
    "kept_run",
    "kept_runs",
    "listed_as",
    "load_expertise",
    "network_of",
    "papers_of",
    "person_of_id",
    "person_on_roster",
    "place_of",
    "recommendation_of",
    "recommendations",
    "recommendations_of",
    "run_now",
    "search_people",
    "steps_of",
    "suggestions_of",
    "topics_of",
    "works_at",
    "written_recommendations",
]
