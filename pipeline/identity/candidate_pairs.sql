-- A row is a pair of mentions to compare, block by block: of one block, of two papers, at least one of
-- them on a paper that is new or changed.
--
-- In a block of at most :block_cap mentions all are compared. In a larger one those that share a trait
-- which recurs: an ORCID iD, a whole given name, an affiliation, a coauthor (by block, by whole name),
-- a heading, grant, journal or reference. What more than :…_cap mentions of a block share is no trait:
-- so the number of pairs grows with the number of mentions.
WITH touched AS (
    SELECT DISTINCT m.block FROM mentions AS m JOIN changed AS c ON c.pmid = m.pmid
),
near AS (
    SELECT
        m.pmid,
        m.position,
        m.block,
        m.last_name,
        m.given_names,
        m.suffix,
        m.orcid,
        m.affiliation_key,
        CASE WHEN c.pmid IS NULL THEN 0 ELSE 1 END AS is_new,
        COUNT(*) OVER (PARTITION BY m.block) AS block_count
    FROM mentions AS m
    JOIN touched AS t ON t.block = m.block
    LEFT JOIN changed AS c ON c.pmid = m.pmid
),
large AS (
    SELECT * FROM near WHERE block_count > :block_cap
),
large_papers AS (
    SELECT DISTINCT pmid FROM large
),
bylines AS (
    SELECT m.pmid, m.block, m.last_name, SPLIT_PART(m.given_names, ' ', 1) AS first_name
    FROM mentions AS m
    JOIN large_papers AS p ON p.pmid = m.pmid
    JOIN (SELECT pmid FROM mentions GROUP BY pmid HAVING COUNT(*) <= :author_cap) AS s ON s.pmid = m.pmid
),
subjects AS (
    SELECT t.pmid, 'topic ' || t.descriptor_ui AS trait FROM topics AS t JOIN large_papers AS p ON p.pmid = t.pmid
    UNION ALL
    SELECT g.pmid, 'grant ' || g.grant_id AS trait FROM grants AS g JOIN large_papers AS p ON p.pmid = g.pmid
    WHERE g.grant_id IS NOT NULL
    UNION ALL
    SELECT j.pmid, 'journal ' || LOWER(j.journal) AS trait FROM publications AS j JOIN large_papers AS p ON p.pmid = j.pmid
    WHERE j.journal IS NOT NULL
    UNION ALL
    SELECT r.pmid, 'paper ' || CAST(r.ref_pmid AS STRING) AS trait
    FROM citations AS r JOIN large_papers AS p ON p.pmid = r.pmid
    UNION ALL
    SELECT pmid, 'paper ' || CAST(pmid AS STRING) AS trait FROM large_papers
),
traits AS (
    SELECT pmid, position, block, is_new, 'orcid ' || orcid AS trait, :trait_cap AS cap FROM large WHERE orcid IS NOT NULL
    UNION ALL
    SELECT pmid, position, block, is_new, 'name ' || given_names AS trait, :trait_cap AS cap
    FROM large WHERE LENGTH(SPLIT_PART(given_names, ' ', 1)) > 1
    UNION ALL
    SELECT pmid, position, block, is_new, 'place ' || affiliation_key AS trait, :trait_cap AS cap
    FROM large WHERE affiliation_key IS NOT NULL
    UNION ALL
    SELECT l.pmid, l.position, l.block, l.is_new, 'with ' || b.block AS trait, :trait_cap AS cap
    FROM large AS l JOIN bylines AS b ON b.pmid = l.pmid AND b.block <> l.block
    UNION ALL
    SELECT l.pmid, l.position, l.block, l.is_new, 'with ' || b.last_name || '/' || b.first_name AS trait, :trait_cap AS cap
    FROM large AS l JOIN bylines AS b ON b.pmid = l.pmid AND b.block <> l.block
    WHERE LENGTH(b.first_name) > 1
    UNION ALL
    SELECT l.pmid, l.position, l.block, l.is_new, s.trait, :subject_cap AS cap
    FROM large AS l JOIN subjects AS s ON s.pmid = l.pmid
),
recurring AS (
    SELECT block, trait FROM traits
    GROUP BY block, trait, cap
    HAVING COUNT(*) > 1 AND COUNT(*) <= cap AND MAX(is_new) = 1
),
telling AS (
    SELECT t.* FROM traits AS t JOIN recurring AS r ON r.block = t.block AND r.trait = t.trait
),
pairs AS (
    SELECT a.block, a.pmid AS one_pmid, a.position AS one_position, b.pmid AS two_pmid, b.position AS two_position
    FROM near AS a JOIN near AS b ON b.block = a.block
    WHERE a.block_count <= :block_cap AND a.is_new = 1 AND a.pmid <> b.pmid AND (b.is_new = 0 OR a.pmid > b.pmid)
    UNION
    SELECT a.block, a.pmid AS one_pmid, a.position AS one_position, b.pmid AS two_pmid, b.position AS two_position
    FROM telling AS a JOIN telling AS b ON b.block = a.block AND b.trait = a.trait
    WHERE a.is_new = 1 AND a.pmid <> b.pmid AND (b.is_new = 0 OR a.pmid > b.pmid)
),
ordered AS (
    SELECT
        block,
        GREATEST(one_pmid, two_pmid) AS pmid,
        CASE WHEN one_pmid > two_pmid THEN one_position ELSE two_position END AS position,
        LEAST(one_pmid, two_pmid) AS other_pmid,
        CASE WHEN one_pmid > two_pmid THEN two_position ELSE one_position END AS other_position
    FROM pairs
)
SELECT o.pmid, o.position, o.other_pmid, o.other_position, a.given_names, b.given_names AS other_given_names
FROM ordered AS o
JOIN near AS a ON a.pmid = o.pmid AND a.position = o.position
JOIN near AS b ON b.pmid = o.other_pmid AND b.position = o.other_position
WHERE
    (a.orcid IS NULL OR b.orcid IS NULL OR a.orcid = b.orcid)
    AND (a.suffix IS NULL OR b.suffix IS NULL OR a.suffix = b.suffix)
    -- another spelling of the last name is a person's only where a rarer thing says so
    AND (
        a.last_name = b.last_name
        OR (a.orcid IS NOT NULL AND a.orcid = b.orcid)
        OR (LENGTH(SPLIT_PART(a.given_names, ' ', 1)) > 1 AND SPLIT_PART(a.given_names, ' ', 1) = SPLIT_PART(b.given_names, ' ', 1))
    )
ORDER BY o.block, o.pmid, o.position, o.other_pmid, o.other_position
