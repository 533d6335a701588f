-- One row a pair of people of the run who have written together, the smaller author_id first.
SELECT
    coauthorships.author_id,
    coauthorships.coauthor_id,
    coauthorships.publication_count,
    coauthorships.last_on
FROM coauthorships
JOIN people AS a ON a.author_id = coauthorships.author_id
JOIN people AS b ON b.author_id = coauthorships.coauthor_id
ORDER BY coauthorships.author_id, coauthorships.coauthor_id
