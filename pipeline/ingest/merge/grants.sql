-- A row is a grant of a paper that is new or changed.
SELECT staged_grants.pmid, place, grant_id, acronym, agency, country
FROM staged_grants
JOIN outcomes ON outcomes.record = staged_grants.record
ORDER BY staged_grants.pmid, place
