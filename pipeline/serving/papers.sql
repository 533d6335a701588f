-- One row per paper that a reason names, that is among the newest of a person of the run, or that
-- shows what they write about.
WITH named AS (
    SELECT pmid FROM reasons
    UNION
    SELECT other_pmid FROM reasons
    UNION
    SELECT pmid FROM authored
    UNION
    SELECT last_pmid FROM person_topics
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
