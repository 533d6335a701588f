-- One row per person whom the run serves, suggests, or names as introducer or in a reason.
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
    once.served = 1 AS is_served
FROM once
JOIN authors ON authors.author_id = once.author_id
ORDER BY authors.author_id
