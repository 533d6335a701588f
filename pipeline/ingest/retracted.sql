-- A row is a PMID that is retracted: by its type, by its own notice, or by another paper's notice.
-- All evidence is in the tables, so a notice that is itself withdrawn no longer counts.
SELECT pmid
FROM (
    SELECT publications.pmid
    FROM publications
    JOIN winners ON winners.pmid = publications.pmid AND winners.record = 0
    WHERE array_contains(publications.publication_types, 'Retracted Publication')
    UNION
    SELECT staged_publications.pmid
    FROM staged_publications
    JOIN winners ON winners.record = staged_publications.record
    WHERE array_contains(staged_publications.publication_types, 'Retracted Publication')
    UNION
    SELECT CASE WHEN links.ref_type = 'RetractionOf' THEN links.ref_pmid ELSE links.pmid END AS pmid
    FROM links
    JOIN winners ON winners.pmid = links.pmid AND winners.record = 0
    WHERE links.ref_type IN ('RetractionIn', 'RetractionOf')
    UNION
    SELECT
        CASE
            WHEN staged_links.ref_type = 'RetractionOf' THEN staged_links.ref_pmid
            ELSE staged_links.pmid
        END AS pmid
    FROM staged_links
    JOIN winners ON winners.record = staged_links.record
    WHERE staged_links.ref_type IN ('RetractionIn', 'RetractionOf')
) AS evidence
ORDER BY pmid
