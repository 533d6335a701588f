-- A row is a printed name of the newest version of a paper.
SELECT pmid, position, last_name, fore_name, initials, suffix, collective_name, orcid, affiliations
FROM (
    SELECT authorships.pmid, position, last_name, fore_name, initials, suffix, collective_name, orcid, affiliations
    FROM authorships
    JOIN winners ON winners.pmid = authorships.pmid AND winners.record = 0
    UNION ALL
    SELECT staged_authorships.pmid, position, last_name, fore_name, initials, suffix, collective_name, orcid, affiliations
    FROM staged_authorships
    JOIN winners ON winners.record = staged_authorships.record
) AS kept
ORDER BY pmid, position
