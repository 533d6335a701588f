-- A row is an author of a mention as it was on a paper that changes or goes.
SELECT DISTINCT i.author_id
FROM identities AS i
JOIN changed AS c ON c.pmid = i.pmid
ORDER BY i.author_id
