-- A row is a pair compared in this run, or one of before that goes on: stored below the larger PMID, so
-- that new papers add rows and change few.
SELECT pmid, position, other_pmid, other_position, probability FROM scored
UNION ALL
SELECT m.pmid, m.position, m.other_pmid, m.other_position, m.probability
FROM matches AS m
JOIN hidden AS h ON h.pmid = m.pmid
LEFT JOIN changed AS c ON c.pmid = m.pmid
LEFT JOIN changed AS o ON o.pmid = m.other_pmid
WHERE c.pmid IS NULL AND o.pmid IS NULL
ORDER BY 1, 2, 3, 4
