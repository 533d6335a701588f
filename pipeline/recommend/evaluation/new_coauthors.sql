-- A row is two authors of the past, both ways round, who wrote their first joint paper within the
-- window. Who they are is settled by all papers there are; papers of more than :largest_paper
-- authors make nobody new coauthors, but whoever shared one before the window is no new coauthor.
WITH written AS (
    SELECT DISTINCT identities.pmid, identities.author_id AS person_id
    FROM identities
    INNER JOIN publications ON identities.pmid = publications.pmid
    WHERE
        publications.entered_on > CAST(:since AS DATE)
        AND publications.entered_on <= CAST(:until AS DATE)
        AND publications.author_count <= :largest_paper
),

met AS (
    SELECT DISTINCT a.person_id, b.person_id AS other_id
    FROM written AS a
    INNER JOIN written AS b ON a.pmid = b.pmid AND a.person_id < b.person_id
),

known AS (
    SELECT DISTINCT met.person_id, met.other_id
    FROM met
    INNER JOIN identities AS a ON met.person_id = a.author_id
    INNER JOIN identities AS b ON met.other_id = b.author_id AND a.pmid = b.pmid
    INNER JOIN publications ON a.pmid = publications.pmid
    WHERE publications.entered_on <= CAST(:since AS DATE)
),

fresh AS (
    SELECT met.person_id, met.other_id
    FROM met
    LEFT JOIN known ON met.person_id = known.person_id AND met.other_id = known.other_id
    WHERE known.person_id IS NULL
),

both_ways AS (
    SELECT person_id, other_id FROM fresh
    UNION ALL
    SELECT other_id AS person_id, person_id AS other_id FROM fresh
)

SELECT a.author_id, b.author_id AS coauthor_id
FROM both_ways
INNER JOIN persons AS a ON both_ways.person_id = a.person_id
INNER JOIN persons AS b ON both_ways.other_id = b.person_id
ORDER BY a.author_id, b.author_id
