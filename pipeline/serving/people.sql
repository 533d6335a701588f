-- One row per person whom the run serves, suggests, or names as introducer or in a reason, and per
-- strong coauthor of those it serves: 12 each.
WITH named AS (
    SELECT author_id, CAST(1 AS INTEGER) AS served FROM recommendations
    UNION ALL
    SELECT candidate_id, CAST(0 AS INTEGER) FROM recommendations
    UNION ALL
    SELECT introducer_id, CAST(0 AS INTEGER) FROM recommendations
    UNION ALL
    SELECT person_id, CAST(0 AS INTEGER) FROM reasons
    UNION ALL
    SELECT other_person_id, CAST(0 AS INTEGER) FROM reasons
),
once AS (
    SELECT author_id, MAX(served) AS served FROM named GROUP BY author_id
),
ends AS (
    SELECT author_id, coauthor_id, weight FROM coauthorships
    UNION ALL
    SELECT coauthor_id, author_id, weight FROM coauthorships
),
strong AS (
    SELECT
        ends.author_id,
        ends.coauthor_id,
        ROW_NUMBER() OVER (
            PARTITION BY ends.author_id ORDER BY ROUND(ends.weight, 10) DESC, ends.coauthor_id
        ) AS place
    FROM ends
    JOIN once ON once.author_id = ends.author_id
    WHERE once.served = 1
),
tied AS (
    SELECT DISTINCT author_id FROM strong
),
everybody AS (
    SELECT author_id, served FROM once
    UNION ALL
    SELECT coauthor_id, CAST(0 AS INTEGER) FROM strong WHERE place <= 12
),
kept AS (
    SELECT author_id, MAX(served) AS served FROM everybody GROUP BY author_id
)
SELECT
    authors.author_id,
    authors.display_name,
    authors.orcid,
    authors.institution,
    authors.department,
    authors.country,
    authors.publication_count,
    authors.first_on,
    authors.last_on,
    kept.served = 1 AS is_served,
    kept.served = 1 AND (authors.publication_count < 2 OR tied.author_id IS NULL)
        AS has_little_history
FROM kept
JOIN authors ON authors.author_id = kept.author_id
LEFT JOIN tied ON tied.author_id = kept.author_id
ORDER BY authors.author_id
