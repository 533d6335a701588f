-- A row is what a decision on a person of the roster says of an author as the tables call them now.
--
-- Of each mention, and of each ORCID iD, the newest decision on the person holds. A decision means an
-- author if most of one lies in the other: they share at least half of the mentions of the smaller
-- (the overlap coefficient), so that it outlives new ids, splits and merges, and one stray mention
-- does not carry it along. An author of another ORCID iD is never meant.
WITH newest AS (
    SELECT person_id, pmid, position, MAX(decision_id) AS decision_id
    FROM decided_mentions GROUP BY person_id, pmid, position
),
standing AS (
    SELECT n.decision_id, i.author_id, COUNT(*) AS shared_count
    FROM newest AS n
    JOIN identities AS i ON i.pmid = n.pmid AND i.position = n.position
    GROUP BY n.decision_id, i.author_id
),
decision_sizes AS (
    SELECT d.decision_id, COUNT(*) AS mention_count
    FROM decided_mentions AS d
    JOIN identities AS i ON i.pmid = d.pmid AND i.position = d.position
    GROUP BY d.decision_id
),
author_sizes AS (
    SELECT i.author_id, COUNT(*) AS mention_count
    FROM identities AS i
    JOIN (SELECT DISTINCT author_id FROM standing) AS s ON s.author_id = i.author_id
    GROUP BY i.author_id
),
newest_orcids AS (
    SELECT person_id, orcid, MAX(decision_id) AS decision_id
    FROM decided WHERE orcid IS NOT NULL GROUP BY person_id, orcid
),
meant AS (
    SELECT s.decision_id, s.author_id
    FROM standing AS s
    JOIN decision_sizes AS d ON d.decision_id = s.decision_id
    JOIN author_sizes AS z ON z.author_id = s.author_id
    WHERE 2 * s.shared_count >= LEAST(d.mention_count, z.mention_count)
    UNION
    SELECT n.decision_id, a.author_id
    FROM newest_orcids AS n
    JOIN authors AS a ON a.orcid = n.orcid
)
SELECT m.decision_id, m.author_id
FROM meant AS m
JOIN decided AS d ON d.decision_id = m.decision_id
JOIN authors AS a ON a.author_id = m.author_id
WHERE d.orcid IS NULL OR a.orcid IS NULL OR a.orcid = d.orcid
ORDER BY m.decision_id, m.author_id
