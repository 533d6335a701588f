-- A row is a personal name printed on a paper that is new or changed.
SELECT
    a.pmid,
    a.position,
    a.last_name,
    a.fore_name,
    a.initials,
    a.suffix,
    a.orcid,
    a.affiliations,
    a.affiliation_identifiers
FROM authorships AS a
JOIN changed AS c ON c.pmid = a.pmid
WHERE c.checksum IS NOT NULL AND a.last_name IS NOT NULL
ORDER BY a.pmid, a.position
