-- A row is something a paper asked about can have in common with another: its kind, the item, and how
-- many papers of the corpus have it.
WITH printed AS (
    SELECT 'coauthor' AS kind, pmid, block AS item FROM mentions
    UNION ALL
    SELECT 'coauthor_name' AS kind, pmid, last_name || '|' || SPLIT_PART(given_names, ' ', 1) AS item
    FROM mentions WHERE LENGTH(SPLIT_PART(given_names, ' ', 1)) > 1
    UNION ALL
    SELECT 'topic' AS kind, pmid, descriptor_ui AS item FROM topics
    UNION ALL
    SELECT 'grant' AS kind, pmid, UPPER(REPLACE(REPLACE(REPLACE(grant_id, ' ', ''), '-', ''), '/', '')) AS item
    FROM grants WHERE grant_id IS NOT NULL
    UNION ALL
    SELECT 'reference' AS kind, pmid, CAST(ref_pmid AS STRING) AS item FROM citations
    UNION ALL
    SELECT 'journal' AS kind, pmid, LOWER(journal) AS item FROM publications WHERE journal IS NOT NULL
),
item_counts AS (
    SELECT kind, item, COUNT(DISTINCT pmid) AS paper_count FROM printed GROUP BY kind, item
),
asked_papers AS (
    SELECT DISTINCT pmid FROM asked
)
SELECT DISTINCT p.kind, p.pmid, p.item, CAST(c.paper_count AS DOUBLE) AS paper_count
FROM printed AS p
JOIN asked_papers AS q ON q.pmid = p.pmid
JOIN item_counts AS c ON c.kind = p.kind AND c.item = p.item
ORDER BY p.kind, p.pmid, p.item
