-- A row is a PMID that PubMed has withdrawn, with the highest place in its log that says so.
SELECT pmid, MAX(source_number) AS source_number
FROM (
    SELECT pmid, source_number FROM deletions
    UNION ALL
    SELECT pmid, source_number FROM staged_deletions
) AS every_deletion
GROUP BY pmid
ORDER BY pmid
