-- A row is a link of the newest version of a paper.
SELECT pmid, ref_type, ref_pmid
FROM (
    SELECT links.pmid, ref_type, ref_pmid
    FROM links
    JOIN winners ON winners.pmid = links.pmid AND winners.record = 0
    UNION ALL
    SELECT staged_links.pmid, ref_type, ref_pmid
    FROM staged_links
    JOIN winners ON winners.record = staged_links.record
) AS kept
ORDER BY pmid, ref_type, ref_pmid
