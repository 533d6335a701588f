-- A row is a paper of an author, and where on it the name stands.
SELECT author_id, pmid, MIN(position) AS position
FROM identities
GROUP BY author_id, pmid
ORDER BY author_id, pmid
