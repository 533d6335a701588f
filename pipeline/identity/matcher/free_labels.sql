-- A row is a pair of mentions of one block of which the corpus itself says whether they are one person.
-- source says how: orcid (same iD, or two), email (one address in the affiliations of both), grant (a
-- grant of few papers, and given names that are the same and whole), self_citation (one paper cites the
-- other, and the same), one_paper (a namesake on a paper of the other's), fore_name (two first names).
--
-- Of the mentions that share what speaks for them, each is paired with the one before in the order of
-- their hashes; so are the mentions of a block for those that differ. So pairs grow with mentions, not
-- with their square, and which are drawn depends on what they are, not on the order of rows.
-- :per_block pairs a block, source and answer at most, :per_source in all; then the more frequent of the two
-- answers is thinned to the share :prior of one person, the same number of every source where there is.
WITH named AS (
    SELECT
        m.pmid, m.position, m.block, m.given_names, m.orcid,
        SPLIT_PART(m.given_names, ' ', 1) AS first_name,
        MD5(:seed || CAST(m.pmid AS STRING) || ':' || CAST(m.position AS STRING)) AS place
    FROM mentions AS m
    JOIN publications AS p ON p.pmid = m.pmid
    WHERE p.author_count <= :author_cap
),
whole AS (
    SELECT pmid, position, block, given_names, first_name, place FROM named WHERE LENGTH(first_name) > 1
),
awarded AS (
    SELECT DISTINCT pmid, UPPER(REPLACE(REPLACE(REPLACE(grant_id, ' ', ''), '-', ''), '/', '')) AS award
    FROM grants WHERE grant_id IS NOT NULL
),
rare_awards AS (
    SELECT award FROM awarded GROUP BY award HAVING COUNT(*) BETWEEN 2 AND :award_papers
),
shared AS (
    SELECT 'orcid' AS source, block, orcid AS trait, pmid, position, place
    FROM named WHERE orcid IS NOT NULL
    UNION ALL
    SELECT 'email' AS source, n.block, e.address AS trait, n.pmid, n.position, n.place
    FROM named AS n JOIN addresses AS e ON e.pmid = n.pmid AND e.position = n.position
    UNION ALL
    SELECT 'grant' AS source, w.block, w.given_names || '|' || a.award AS trait, w.pmid, w.position, w.place
    FROM whole AS w
    JOIN awarded AS a ON a.pmid = w.pmid
    JOIN rare_awards AS r ON r.award = a.award
),
chains AS (
    SELECT
        source, block, pmid, position,
        LAG(pmid) OVER (PARTITION BY source, block, trait ORDER BY place) AS other_pmid,
        LAG(position) OVER (PARTITION BY source, block, trait ORDER BY place) AS other_position
    FROM shared
),
positives AS (
    SELECT source, block, pmid, position, other_pmid, other_position
    FROM chains WHERE pmid <> other_pmid
    UNION ALL
    SELECT 'self_citation' AS source, w.block, w.pmid, w.position, o.pmid AS other_pmid, o.position AS other_position
    FROM citations AS c
    JOIN whole AS w ON w.pmid = c.pmid
    JOIN whole AS o ON o.pmid = c.ref_pmid AND o.block = w.block AND o.given_names = w.given_names
    WHERE w.pmid <> o.pmid
),
-- an iD or an address is printed with one of the namesakes on a paper; a grant or a reference is not
ties AS (
    SELECT block, pmid, position, other_pmid, other_position
    FROM positives WHERE source IN ('orcid', 'email')
    UNION ALL
    SELECT block, other_pmid AS pmid, other_position AS position, pmid AS other_pmid, position AS other_position
    FROM positives WHERE source IN ('orcid', 'email')
),
sayings AS (
    SELECT 'orcid' AS source, block, orcid AS says, pmid, position, place
    FROM named WHERE orcid IS NOT NULL
    UNION ALL
    SELECT 'fore_name' AS source, block, first_name AS says, pmid, position, place FROM whole
),
next_to AS (
    SELECT
        source, block, says, pmid, position,
        LAG(says) OVER (PARTITION BY source, block ORDER BY place) AS other_says,
        LAG(pmid) OVER (PARTITION BY source, block ORDER BY place) AS other_pmid,
        LAG(position) OVER (PARTITION BY source, block ORDER BY place) AS other_position
    FROM sayings
),
negatives AS (
    SELECT source, block, pmid, position, other_pmid, other_position
    FROM next_to
    WHERE pmid <> other_pmid AND says <> other_says
        -- a spelling, a short form or a misprint is no other name
        AND (source = 'orcid' OR (
            LEVENSHTEIN(says, other_says) > :misprint
            AND SUBSTRING(says, 1, LENGTH(other_says)) <> other_says
            AND SUBSTRING(other_says, 1, LENGTH(says)) <> says
        ))
    UNION ALL
    SELECT 'one_paper' AS source, t.block, n.pmid, n.position, t.other_pmid, t.other_position
    FROM ties AS t
    JOIN named AS o ON o.pmid = t.pmid AND o.position = t.position
    -- the same name twice may be one person printed twice
    JOIN named AS n ON n.pmid = t.pmid AND n.block = t.block AND n.given_names <> o.given_names
    WHERE n.pmid <> t.other_pmid
),
said AS (
    SELECT source, block, pmid, position, other_pmid, other_position, 1 AS is_same FROM positives
    UNION ALL
    SELECT source, block, pmid, position, other_pmid, other_position, 0 AS is_same FROM negatives
),
ordered AS (
    SELECT
        source, block, is_same,
        CASE WHEN pmid < other_pmid THEN pmid ELSE other_pmid END AS pmid,
        CASE WHEN pmid < other_pmid THEN position ELSE other_position END AS position,
        CASE WHEN pmid < other_pmid THEN other_pmid ELSE pmid END AS other_pmid,
        CASE WHEN pmid < other_pmid THEN other_position ELSE position END AS other_position
    FROM said
),
-- of several sources the surest is named; two that contradict each other say nothing
agreed AS (
    SELECT
        block, pmid, position, other_pmid, other_position, MAX(is_same) AS is_same,
        MIN(CASE source
            WHEN 'orcid' THEN 1 WHEN 'email' THEN 2 WHEN 'grant' THEN 3
            WHEN 'self_citation' THEN 4 WHEN 'one_paper' THEN 5 ELSE 6
        END) AS source_rank
    FROM ordered
    GROUP BY block, pmid, position, other_pmid, other_position
    HAVING MIN(is_same) = MAX(is_same)
),
checked AS (
    SELECT
        a.block, a.pmid, a.position, a.other_pmid, a.other_position, a.is_same, a.source_rank,
        MD5(o.place || n.place) AS place
    FROM agreed AS a
    JOIN named AS o ON o.pmid = a.pmid AND o.position = a.position
    JOIN named AS n ON n.pmid = a.other_pmid AND n.position = a.other_position
    WHERE o.orcid IS NULL OR n.orcid IS NULL
        OR (CASE WHEN o.orcid = n.orcid THEN 1 ELSE 0 END) = a.is_same
),
in_block AS (
    SELECT
        block, pmid, position, other_pmid, other_position, is_same, source_rank, place,
        ROW_NUMBER() OVER (PARTITION BY is_same, source_rank, block ORDER BY place) AS place_in_block
    FROM checked
),
in_source AS (
    SELECT
        block, pmid, position, other_pmid, other_position, is_same, source_rank, place,
        ROW_NUMBER() OVER (PARTITION BY is_same, source_rank ORDER BY place) AS place_in_source
    FROM in_block WHERE place_in_block <= :per_block
),
in_answer AS (
    SELECT
        block, pmid, position, other_pmid, other_position, is_same, source_rank,
        ROW_NUMBER() OVER (PARTITION BY is_same ORDER BY place_in_source, place) AS place_in_answer
    FROM in_source WHERE place_in_source <= :per_source
),
totals AS (
    SELECT
        CAST(SUM(is_same) AS DOUBLE) AS same_count,
        CAST(SUM(1 - is_same) AS DOUBLE) AS other_count
    FROM in_answer
)
SELECT
    a.pmid, a.position, a.other_pmid, a.other_position, a.is_same = 1 AS is_same,
    CASE a.source_rank
        WHEN 1 THEN 'orcid' WHEN 2 THEN 'email' WHEN 3 THEN 'grant'
        WHEN 4 THEN 'self_citation' WHEN 5 THEN 'one_paper' ELSE 'fore_name'
    END AS source,
    a.block
FROM in_answer AS a
CROSS JOIN totals AS t
WHERE a.place_in_answer <= CASE
    WHEN a.is_same = 1 THEN t.other_count * :prior / (1 - :prior)
    ELSE t.same_count * (1 - :prior) / :prior
END
ORDER BY a.pmid, a.position, a.other_pmid, a.other_position
