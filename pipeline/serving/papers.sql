-- One row per paper that a reason names.
WITH named AS (
    SELECT pmid FROM reasons
    UNION
    SELECT other_pmid FROM reasons
)
SELECT publications.pmid, publications.title, publications.journal, publications.published_on
FROM named
JOIN publications ON publications.pmid = named.pmid
ORDER BY publications.pmid
