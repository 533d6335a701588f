-- A row is a mention whose author may change: of a block with a mention on a paper that is new or
-- changed; or of another block, bound to one of these by its author or ORCID iD (then its part of the
-- author stays as it is). author_id is who it was, confidence and
-- method what was said of it; null on changed papers.
--
-- A revision may move names within an author list, so there a mention is known again by its block on
-- its paper, not by its position; several of one block are told apart by their order.
WITH known AS (
    SELECT
        m.pmid,
        m.block,
        i.author_id,
        ROW_NUMBER() OVER (PARTITION BY m.pmid, m.block ORDER BY m.position) AS place
    FROM mentions_before AS m
    JOIN changed AS c ON c.pmid = m.pmid
    JOIN identities AS i ON i.pmid = m.pmid AND i.position = m.position
),
here AS (
    SELECT
        m.pmid,
        m.position,
        m.block,
        ROW_NUMBER() OVER (PARTITION BY m.pmid, m.block ORDER BY m.position) AS place
    FROM mentions AS m
    JOIN changed AS c ON c.pmid = m.pmid
),
old AS (
    SELECT i.pmid, i.position, i.author_id, i.confidence, i.method
    FROM identities AS i
    LEFT JOIN changed AS c ON c.pmid = i.pmid
    WHERE c.pmid IS NULL
    UNION ALL
    SELECT h.pmid, h.position, k.author_id, CAST(NULL AS DOUBLE) AS confidence, CAST(NULL AS STRING) AS method
    FROM here AS h
    JOIN known AS k ON k.pmid = h.pmid AND k.block = h.block AND k.place = h.place
),
touched AS (
    SELECT m.block FROM mentions AS m JOIN changed AS c ON c.pmid = m.pmid
    UNION
    SELECT m.block FROM mentions_before AS m JOIN changed AS c ON c.pmid = m.pmid
),
touched_authors AS (
    SELECT DISTINCT i.author_id
    FROM mentions_before AS m
    JOIN touched AS t ON t.block = m.block
    JOIN identities AS i ON i.pmid = m.pmid AND i.position = m.position
),
touched_orcids AS (
    SELECT DISTINCT m.orcid FROM mentions AS m JOIN touched AS t ON t.block = m.block WHERE m.orcid IS NOT NULL
),
bound AS (
    SELECT DISTINCT o.author_id, m.block
    FROM mentions AS m
    JOIN old AS o ON o.pmid = m.pmid AND o.position = m.position
    LEFT JOIN touched_authors AS a ON a.author_id = o.author_id
    LEFT JOIN touched_orcids AS q ON q.orcid = m.orcid
    WHERE a.author_id IS NOT NULL OR q.orcid IS NOT NULL
)
SELECT
    m.pmid,
    m.position,
    m.block,
    m.given_names,
    m.suffix,
    m.orcid,
    o.author_id,
    o.confidence,
    o.method,
    t.block IS NOT NULL AS is_touched
FROM mentions AS m
LEFT JOIN old AS o ON o.pmid = m.pmid AND o.position = m.position
LEFT JOIN touched AS t ON t.block = m.block
LEFT JOIN bound AS b ON b.author_id = o.author_id AND b.block = m.block
WHERE t.block IS NOT NULL OR b.block IS NOT NULL
ORDER BY m.pmid, m.position
