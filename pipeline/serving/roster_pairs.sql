-- A row is a pair of mentions of which humans said whether they are one person.
--
-- Of each mention the newest decision on the person holds. One person: mentions of two authors that
-- were confirmed for somebody, and a confirmed mention and the one of its block on a paper that the
-- roster says is theirs. Two persons: a rejected mention and a confirmed one. What is said both ways
-- is left out, and nobody gives more than :pairs_per_person pairs of a kind.
WITH newest AS (
    SELECT person_id, pmid, position, MAX(decision_id) AS decision_id
    FROM decided_mentions GROUP BY person_id, pmid, position
),
standing AS (
    SELECT
        n.person_id,
        d.author_id,
        CASE WHEN d.is_same THEN 1 ELSE 0 END AS is_same,
        m.pmid,
        m.position,
        m.block
    FROM newest AS n
    JOIN decided AS d ON d.decision_id = n.decision_id
    JOIN mentions AS m ON m.pmid = n.pmid AND m.position = n.position
),
own_blocks AS (
    SELECT DISTINCT person_id, block FROM standing WHERE is_same = 1
),
known AS (
    SELECT k.person_id, k.pmid, MAX(m.position) AS position
    FROM known_papers AS k
    JOIN mentions AS m ON m.pmid = k.pmid
    JOIN own_blocks AS b ON b.person_id = k.person_id AND b.block = m.block
    GROUP BY k.person_id, k.pmid
    HAVING COUNT(*) = 1
),
said AS (
    SELECT y.person_id, y.pmid, y.position, k.pmid AS other_pmid, k.position AS other_position, 1 AS is_same
    FROM standing AS y
    JOIN known AS k ON k.person_id = y.person_id AND k.pmid <> y.pmid
    WHERE y.is_same = 1
    UNION ALL
    SELECT y.person_id, y.pmid, y.position, o.pmid, o.position, 1
    FROM standing AS y
    JOIN standing AS o
        ON o.person_id = y.person_id AND o.author_id > y.author_id AND o.pmid <> y.pmid
    WHERE y.is_same = 1 AND o.is_same = 1
    UNION ALL
    SELECT y.person_id, y.pmid, y.position, n.pmid, n.position, 0
    FROM standing AS y
    JOIN standing AS n ON n.person_id = y.person_id
    WHERE y.is_same = 1 AND n.is_same = 0
),
-- the smaller key first
ordered AS (
    SELECT
        person_id,
        LEAST(pmid, other_pmid) AS pmid,
        CASE
            WHEN pmid < other_pmid THEN position
            WHEN pmid > other_pmid THEN other_position
            ELSE LEAST(position, other_position)
        END AS position,
        GREATEST(pmid, other_pmid) AS other_pmid,
        CASE
            WHEN pmid < other_pmid THEN other_position
            WHEN pmid > other_pmid THEN position
            ELSE GREATEST(position, other_position)
        END AS other_position,
        is_same
    FROM said
),
once AS (
    SELECT pmid, position, other_pmid, other_position, MIN(person_id) AS person_id, MIN(is_same) AS is_same
    FROM ordered
    GROUP BY pmid, position, other_pmid, other_position
    HAVING MIN(is_same) = MAX(is_same)
),
-- of many, some that lie far apart: a large prime spreads them
numbered AS (
    SELECT
        pmid, position, other_pmid, other_position, is_same,
        ROW_NUMBER() OVER (
            PARTITION BY person_id, is_same
            ORDER BY (pmid * 7 + other_pmid * 31) % 1000003, pmid, position, other_pmid, other_position
        ) AS place
    FROM once
)
SELECT pmid, position, other_pmid, other_position, is_same = 1 AS is_same
FROM numbered
WHERE place <= :pairs_per_person
ORDER BY pmid, position, other_pmid, other_position
