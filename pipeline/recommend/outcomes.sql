-- One row a pair proposed in the past: did the two write their first joint paper since?
-- An author id names the mention that founded it (pmid * :mentions_per_paper + position); who that
-- mention is today connects the past's ids with the present's.
WITH today AS (
    SELECT pmid * :mentions_per_paper + position AS founder_id, author_id
    FROM identities
),

written AS (
    SELECT DISTINCT a.author_id, b.author_id AS coauthor_id
    FROM identities AS a
    INNER JOIN identities AS b ON a.pmid = b.pmid
    INNER JOIN publications ON a.pmid = publications.pmid
    WHERE
        publications.entered_on > CAST(:since AS DATE)
        AND publications.author_count <= :author_cap
)

SELECT
    proposed.author_id,
    proposed.candidate_id,
    proposed.resource_allocation + proposed.pagerank AS score,
    written.author_id IS NOT NULL AS is_positive
FROM proposed
INNER JOIN today AS a ON proposed.author_id = a.founder_id
INNER JOIN today AS c ON proposed.candidate_id = c.founder_id
LEFT JOIN written ON a.author_id = written.author_id AND c.author_id = written.coauthor_id
-- two ids of the past that turned out to be one person say nothing
WHERE a.author_id <> c.author_id
ORDER BY proposed.author_id, proposed.candidate_id
