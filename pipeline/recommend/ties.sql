-- One row an end of a coauthorship: whom a person has written with. People who asked to be left
-- alone have no ties, so they stand in no reason.
WITH hidden AS (
    SELECT author_id AS hidden_id FROM suppressed
),

told AS (
    SELECT
        coauthorships.author_id,
        coauthorships.coauthor_id,
        coauthorships.weight,
        coauthorships.last_pmid
    FROM coauthorships
    LEFT JOIN hidden AS a ON coauthorships.author_id = a.hidden_id
    LEFT JOIN hidden AS b ON coauthorships.coauthor_id = b.hidden_id
    WHERE a.hidden_id IS NULL AND b.hidden_id IS NULL
)

SELECT author_id, coauthor_id, weight, last_pmid FROM told
UNION ALL
SELECT coauthor_id AS author_id, author_id AS coauthor_id, weight, last_pmid FROM told
ORDER BY author_id, coauthor_id
