-- A row is a paper whose record identity has not seen as it stands on the day asked for.
WITH entered AS (
    SELECT pmid, checksum FROM publications WHERE entered_on <= :as_of
)
SELECT
    COALESCE(e.pmid, i.pmid) AS pmid,
    e.checksum,
    i.pmid IS NOT NULL AS was_there
FROM entered AS e
FULL OUTER JOIN identified AS i ON i.pmid = e.pmid
WHERE :all_anew OR e.pmid IS NULL OR i.pmid IS NULL OR e.checksum <> i.checksum
ORDER BY 1
