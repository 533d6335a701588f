-- A row is a mention on a paper where an identity changes: decided in this run, or as it was.
SELECT pmid, position, author_id, confidence, method FROM decided
UNION ALL
SELECT i.pmid, i.position, i.author_id, i.confidence, i.method
FROM identities AS i
JOIN hidden AS h ON h.pmid = i.pmid
LEFT JOIN changed AS c ON c.pmid = i.pmid
LEFT JOIN decided AS d ON d.pmid = i.pmid AND d.position = i.position
WHERE c.pmid IS NULL AND d.pmid IS NULL
ORDER BY 1, 2
