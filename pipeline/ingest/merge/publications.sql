-- A row is a paper that is new or changed.
SELECT
    staged_publications.pmid, version, title, abstract, journal, published_on, entered_on,
    revised_on, publication_types, languages, doi, author_count,
    retracted.pmid IS NOT NULL AS is_retracted, is_preprint, source_number, checksum
FROM staged_publications
JOIN outcomes ON outcomes.record = staged_publications.record
LEFT JOIN retracted ON retracted.pmid = staged_publications.pmid
UNION ALL
SELECT
    publications.pmid, version, title, abstract, journal, published_on, entered_on, revised_on,
    publication_types, languages, doi, author_count, NOT is_retracted AS is_retracted, is_preprint,
    source_number, checksum
FROM publications
JOIN flipped ON flipped.pmid = publications.pmid
ORDER BY pmid
