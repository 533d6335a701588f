-- A row is a paper whose rows in the lake go, replaced or deleted; is_flipped: only those of
-- publications, to change the flag.
SELECT pmid, FALSE AS is_flipped
FROM outcomes
WHERE is_touched AND was_held
UNION ALL
SELECT pmid, TRUE AS is_flipped
FROM flipped
ORDER BY pmid
