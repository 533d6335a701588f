-- A row is a personal name printed on a paper that had entered PubMed by the day asked for.
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
JOIN publications AS p ON p.pmid = a.pmid
WHERE p.entered_on <= :as_of AND a.last_name IS NOT NULL
ORDER BY a.pmid, a.position
