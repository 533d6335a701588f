"""Gates on the reasons: JSON that adds up, and names people and papers that are there."""

# ruff: noqa: E501  (what a gate says is one line)
from __future__ import annotations

from pipeline.serving.gates.gate import GIVEN, Gate

_SAMPLED = f"{GIVEN} AND (given.author_id + given.rank) % :stride = 0"


def _named(key: str) -> str:
    """SQL that selects what the reasons of the rows looked at name under `key`, each once."""
    return f"""
        SELECT DISTINCT CAST(fact.value ->> '{key}' AS BIGINT) AS id
        FROM recommendations AS given, FACTS(given.reasons) AS fact
        WHERE given.run_id = :run_id AND (given.author_id + given.rank) % :stride = 0
    """


FACTS = (
    Gate(
        "reasons_are_json",
        "error",
        "rows whose reasons are no JSON array",
        f"{GIVEN} AND NOT (IS_ARRAY(given.reasons))",
    ),
    Gate(
        "reason_given",
        "error",
        "rows without a reason",
        f"{GIVEN} AND given.reasons = '[]'",
    ),
    Gate(
        "contributions_add_up",
        "error",
        "rows (of a sample) whose contributions do not add up to the score",
        f"""{_SAMPLED} AND NOT COALESCE(ABS(given.score - (
            SELECT SUM(CAST(fact.value ->> 'contribution' AS FLOAT))
            FROM FACTS(given.reasons) AS fact
        )) <= 1e-6 * (1.0 + ABS(given.score)), FALSE)""",
    ),
    Gate(
        "reason_people_known",
        "error",
        "people named in reasons (of a sample) who are not among the people",
        f"""
        SELECT COUNT(*) FROM ({_named("person_id")} UNION {_named("other_person_id")}) AS named
        WHERE named.id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM people WHERE people.run_id = :run_id AND people.author_id = named.id
        )
        """,
    ),
    Gate(
        "reason_papers_known",
        "error",
        "papers named in reasons (of a sample) that are not among the papers",
        f"""
        SELECT COUNT(*) FROM ({_named("pmid")} UNION {_named("other_pmid")}) AS named
        WHERE named.id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM papers WHERE papers.run_id = :run_id AND papers.pmid = named.id
        )
        """,
    ),
    Gate(
        "no_retracted_paper",
        "error",
        "rows with a retracted paper as a reason",
        """
        SELECT COUNT(*) FROM papers
        JOIN recommendations AS given ON given.run_id = papers.run_id
        WHERE papers.run_id = :run_id AND papers.is_retracted AND (
            given.reasons LIKE '%pmid":' || CAST(papers.pmid AS TEXT) || ',%'
            OR given.reasons LIKE '%pmid":' || CAST(papers.pmid AS TEXT) || '}%'
        )
        """,
        remedy="a retraction came in after the suggestions were made: `confrere run` makes them anew",
    ),
)
