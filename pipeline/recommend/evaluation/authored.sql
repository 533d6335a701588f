-- A row is a paper of an author.
SELECT DISTINCT author_id, pmid
FROM identities
ORDER BY author_id, pmid
