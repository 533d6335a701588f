-- A row is an author list entry of a paper asked about.
WITH asked_papers AS (
    SELECT DISTINCT pmid FROM asked
)
SELECT a.pmid, a.affiliations
FROM authorships AS a
JOIN asked_papers AS q ON q.pmid = a.pmid
ORDER BY a.pmid, a.position
