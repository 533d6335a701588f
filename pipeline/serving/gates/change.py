"""Gates on what changed against earlier runs; the first run has none and passes."""

# ruff: noqa: E501  (what a gate says is one line)
from __future__ import annotations

from pipeline.serving.gates.gate import GIVEN, Gate

_MEANT = (
    "if it is meant (another corpus, another setting), let it pass with CONFRERE_SMALLEST_SHARE "
    "until the median has followed; else see what ingest and identify lost"
)
_TOP = 10

CHANGE = (
    Gate(
        "not_shrunk",
        "error",
        "share of rows lost against the median of the last 7 served runs",
        f"""
        SELECT COALESCE(MAX(1.0 - ({GIVEN}) / middle.row_count), 0.0) FROM (
            SELECT AVG(1.0 * row_count) AS row_count FROM (
                SELECT
                    row_count,
                    ROW_NUMBER() OVER (ORDER BY row_count) AS place,
                    COUNT(*) OVER () AS run_count
                FROM (
                    SELECT row_count FROM runs
                    WHERE status IN ('served', 'retired') AND row_count > 0
                    ORDER BY generated_at DESC LIMIT 7
                ) AS latest
            ) AS ordered
            WHERE place * 2 BETWEEN run_count AND run_count + 2
        ) AS middle
        """,
        remedy=_MEANT,
    ),
    Gate(
        "coverage_kept",
        "error",
        "share of the people served in the current run who would be served no more",
        """
        SELECT COALESCE(AVG(CASE WHEN now.author_id IS NULL THEN 1.0 ELSE 0.0 END), 0.0)
        FROM current_run
        JOIN people AS before ON before.run_id = current_run.run_id
        LEFT JOIN people AS now
            ON now.run_id = :run_id AND now.author_id = before.author_id AND now.is_served
        WHERE before.is_served
        """,
        remedy=_MEANT,
    ),
    Gate(
        "top_10_kept",
        "warning",
        "share of the people served in both runs whose first 10 suggestions are new by more than half",
        # counted, not joined: PostgreSQL would look up each row of a million
        f"""
        SELECT COALESCE(AVG(CASE WHEN kept_count * 2 < row_count THEN 1.0 ELSE 0.0 END), 0.0)
        FROM (
            SELECT author_id, SUM(is_now) AS row_count, SUM(is_now * was_before) AS kept_count
            FROM (
                SELECT
                    author_id, candidate_id,
                    MAX(is_now) AS is_now, MAX(1 - is_now) AS was_before
                FROM (
                    SELECT author_id, candidate_id, 1 AS is_now FROM recommendations
                    WHERE run_id = :run_id AND rank <= {_TOP}
                    UNION
                    SELECT author_id, candidate_id, 0 FROM current_run
                    JOIN recommendations AS given ON given.run_id = current_run.run_id
                    WHERE rank <= {_TOP}
                ) AS named
                GROUP BY author_id, candidate_id
            ) AS pairs
            GROUP BY author_id
            HAVING MAX(is_now) = 1 AND MAX(was_before) = 1
        ) AS changes
        """,
        threshold=0.25,
        remedy="usual after `confrere train` or a changed setting; else look at a few people",
    ),
    Gate(
        "score_steady",
        "warning",
        "how far the mean score moved against the current run, in mean deviations of its scores",
        """
        SELECT COALESCE(MAX(ABS(now.mean - before.mean) / NULLIF(before.spread, 0.0)), 0.0)
        FROM (
            SELECT AVG(given.score) AS mean FROM recommendations AS given
            WHERE given.run_id = :run_id
        ) AS now
        CROSS JOIN (
            SELECT MAX(middle.mean) AS mean, AVG(ABS(given.score - middle.mean)) AS spread
            FROM current_run
            JOIN recommendations AS given ON given.run_id = current_run.run_id
            CROSS JOIN (
                SELECT AVG(given.score) AS mean FROM current_run
                JOIN recommendations AS given ON given.run_id = current_run.run_id
            ) AS middle
        ) AS before
        """,
        threshold=0.5,
        remedy="usual after `confrere train` or a changed setting; else look at `confrere evaluate`",
    ),
    Gate(
        "not_older",
        "warning",
        "runs that know less of PubMed than the current one",
        """
        SELECT COUNT(*) FROM current_run
        JOIN runs AS before ON before.run_id = current_run.run_id
        JOIN runs AS now ON now.run_id = :run_id
        WHERE now.as_of < before.as_of
        """,
        remedy="usual with --as-of; else see that the lake is today's",
    ),
)
