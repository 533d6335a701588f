-- A row is a pair whose tie rests, or rested, on a paper that a notice speaks of.
SELECT
    a.pmid,
    a.kind,
    a.author_id,
    b.author_id AS coauthor_id,
    a.noted_on
FROM affected_authors AS a
JOIN affected_authors AS b
    ON b.pmid = a.pmid AND b.kind = a.kind AND b.author_id > a.author_id
JOIN publications ON publications.pmid = a.pmid
WHERE publications.author_count <= :author_cap
ORDER BY a.pmid, a.kind, a.author_id, b.author_id
