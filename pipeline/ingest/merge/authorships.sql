-- A row is a printed name of a paper that is new or changed.
SELECT
    staged_authorships.pmid, position, last_name, fore_name, initials, suffix, collective_name,
    orcid, equal_contribution, affiliations, affiliation_identifiers
FROM staged_authorships
JOIN outcomes ON outcomes.record = staged_authorships.record
ORDER BY staged_authorships.pmid, position
