-- One row per paper that a reason names or that is among the newest of a person of the run.
WITH named AS (
    SELECT pmid FROM reasons
    UNION
    SELECT other_pmid FROM reasons
    UNION
    SELECT pmid FROM authored
)
SELECT
    publications.pmid,
    publications.title,
    publications.journal,
    publications.published_on,
    publications.is_retracted
FROM named
JOIN publications ON publications.pmid = named.pmid
ORDER BY publications.pmid
