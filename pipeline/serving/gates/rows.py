"""Gates on the rows of a run: there, whole, within their ranges, and about people who are known."""

# ruff: noqa: E501  (what a gate says is one line)
from __future__ import annotations

from pipeline.serving.gates.gate import GIVEN, Gate, unknown

_PEOPLE = "SELECT COUNT(*) FROM people WHERE people.run_id = :run_id"

ROWS = (
    Gate(
        "not_empty",
        "error",
        "runs without any recommendation",
        f"SELECT CASE WHEN ({GIVEN}) = 0 THEN 1 ELSE 0 END",
        remedy="nobody is served yet: read more papers, or look at the counts in the log of recommend",
    ),
    Gate(
        "no_self",
        "error",
        "rows that suggest people to themselves",
        f"{GIVEN} AND given.author_id = given.candidate_id",
    ),
    Gate(
        "no_coauthor",
        "error",
        "rows that suggest somebody with whom the author has written before",
        f"""{GIVEN} AND EXISTS (
            SELECT 1 FROM ties WHERE ties.run_id = given.run_id
            AND ties.author_id = CASE WHEN given.author_id < given.candidate_id
                THEN given.author_id ELSE given.candidate_id END
            AND ties.coauthor_id = CASE WHEN given.author_id < given.candidate_id
                THEN given.candidate_id ELSE given.author_id END
        )""",
    ),
    Gate(
        "ranks_contiguous",
        "error",
        "people whose ranks do not run 1, 2, 3, …",
        """
        SELECT COUNT(*) FROM (
            SELECT author_id FROM recommendations WHERE run_id = :run_id
            GROUP BY author_id HAVING MIN(rank) <> 1 OR MAX(rank) <> COUNT(*)
        ) AS broken
        """,
    ),
    Gate(
        "no_duplicate_candidate",
        "error",
        "people to whom somebody is suggested more than once",
        """
        SELECT COUNT(*) FROM (
            SELECT author_id FROM recommendations WHERE run_id = :run_id
            GROUP BY author_id HAVING COUNT(DISTINCT candidate_id) <> COUNT(*)
        ) AS twice
        """,
    ),
    Gate(
        "author_known",
        "error",
        "rows whose author is not among the people",
        f"{GIVEN} AND {unknown('given', 'author_id')}",
    ),
    Gate(
        "candidate_known",
        "error",
        "rows whose candidate is not among the people",
        f"{GIVEN} AND {unknown('given', 'candidate_id')}",
    ),
    Gate(
        "introducer_known",
        "error",
        "rows whose introducer is not among the people",
        f"{GIVEN} AND given.introducer_id IS NOT NULL AND {unknown('given', 'introducer_id')}",
    ),
    Gate(
        "introducer_is_a_third",
        "error",
        "rows whose introducer is the author or the candidate",
        f"{GIVEN} AND given.introducer_id IN (given.author_id, given.candidate_id)",
    ),
    Gate(
        "score_in_range",
        "error",
        "rows whose score is missing or not finite; it may be below 0",
        f"{GIVEN} AND (given.score IS NULL OR NOT (given.score > -1e300 AND given.score < 1e300))",
    ),
    Gate(
        "probability_in_range",
        "error",
        "rows whose probability is missing or outside [0, 1]",
        f"""{GIVEN} AND (given.probability IS NULL
        OR NOT (given.probability >= 0.0 AND given.probability <= 1.0))""",
    ),
    Gate(
        "placed_by_known",
        "error",
        "rows that do not say what placed them",
        f"""{GIVEN} AND given.placed_by NOT IN
        ('score', 'other_institution', 'other_department', 'early_career')""",
    ),
    Gate(
        "served_have_rows",
        "error",
        "people marked as served who get nothing, or who get something and are not so marked",
        f"""{_PEOPLE} AND people.is_served <> EXISTS (
            SELECT 1 FROM recommendations AS given
            WHERE given.run_id = people.run_id AND given.author_id = people.author_id
        )""",
    ),
    Gate(
        "people_named",
        "error",
        "people without a name",
        f"{_PEOPLE} AND TRIM(people.display_name) = ''",
    ),
    Gate(
        "orcid_form",
        "error",
        "people whose ORCID iD is not written 0000-0000-0000-000X",
        f"""{_PEOPLE} AND people.orcid IS NOT NULL AND (
            people.orcid NOT LIKE '____-____-____-____'
            OR TRIM(REPLACE(SUBSTR(people.orcid, 1, 18), '-', ''), '0123456789') <> ''
            OR TRIM(SUBSTR(people.orcid, 19), '0123456789X') <> ''
        )""",
    ),
    Gate(
        "orcid_once",
        "warning",
        "ORCID iDs that two people of the run have",
        """
        SELECT COUNT(*) FROM (
            SELECT orcid FROM people WHERE run_id = :run_id AND orcid IS NOT NULL
            GROUP BY orcid HAVING COUNT(*) > 1
        ) AS twice
        """,
        remedy="a paper may print the iD of a coauthor: look both people up, and tell PubMed",
    ),
    Gate(
        "days_in_order",
        "error",
        "people whose first paper is after their last",
        f"{_PEOPLE} AND people.first_on > people.last_on",
    ),
    Gate(
        "ties_known",
        "error",
        "ties whose ends are not among the people, or not in order",
        f"""
        SELECT COUNT(*) FROM ties WHERE ties.run_id = :run_id AND (
            ties.author_id >= ties.coauthor_id
            OR {unknown("ties", "author_id")} OR {unknown("ties", "coauthor_id")}
        )
        """,
    ),
    Gate(
        "authored_known",
        "error",
        "papers of people that are not among the papers, are retracted, or are nobody's",
        f"""
        SELECT COUNT(*) FROM authored
        LEFT JOIN papers ON papers.run_id = authored.run_id AND papers.pmid = authored.pmid
        WHERE authored.run_id = :run_id AND (
            papers.pmid IS NULL OR papers.is_retracted OR {unknown("authored", "author_id")}
        )
        """,
    ),
    Gate(
        "topics_known",
        "error",
        "topics of nobody among the people",
        f"""
        SELECT COUNT(*) FROM person_topics
        WHERE person_topics.run_id = :run_id AND {unknown("person_topics", "author_id")}
        """,
    ),
    Gate(
        "redirects_of_nobody",
        "error",
        "ids that lead to somebody else though somebody of the run bears them",
        f"""
        SELECT COUNT(*) FROM redirects
        WHERE redirects.run_id = :run_id AND NOT ({unknown("redirects", "author_id")})
        """,
    ),
    Gate(
        "run_in_time",
        "error",
        "runs that are made before their last day of records, or stale when made",
        """
        SELECT COUNT(*) FROM runs
        WHERE run_id = :run_id AND (valid_until <= generated_at OR as_of > :tomorrow)
        """,
        remedy="see that the clock of the machine and the day given with --as-of are right",
    ),
)
