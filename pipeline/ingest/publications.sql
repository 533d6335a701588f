-- A row is the newest version of a paper.
SELECT
    kept.pmid, kept.version, kept.title, kept.abstract, kept.journal, kept.published_on,
    kept.entered_on, kept.revised_on, kept.publication_types, kept.language, kept.doi,
    kept.author_count, retracted.pmid IS NOT NULL AS is_retracted, kept.is_preprint,
    kept.source_number, kept.checksum
FROM (
    SELECT
        publications.pmid, version, title, abstract, journal, published_on, entered_on, revised_on,
        publication_types, language, doi, author_count, is_preprint, source_number, checksum
    FROM publications
    JOIN winners ON winners.pmid = publications.pmid AND winners.record = 0
    UNION ALL
    SELECT
        staged_publications.pmid, version, title, abstract, journal, published_on, entered_on,
        revised_on, publication_types, language, doi, author_count, is_preprint, source_number,
        checksum
    FROM staged_publications
    JOIN winners ON winners.record = staged_publications.record
) AS kept
LEFT JOIN retracted ON retracted.pmid = kept.pmid
ORDER BY pmid
