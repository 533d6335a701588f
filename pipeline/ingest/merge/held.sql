-- A row is a paper of the lake that was read again, or that a deletion names.
SELECT
    publications.pmid,
    publications.version,
    COALESCE(publications.revised_on, CAST('0001-01-01' AS DATE)) AS revised_on,
    publications.source_number,
    publications.checksum,
    publications.is_retracted
FROM publications
JOIN (
    SELECT pmid FROM staged_publications
    UNION
    SELECT pmid FROM staged_deletions
) AS seen ON seen.pmid = publications.pmid
ORDER BY pmid
