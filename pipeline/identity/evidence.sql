-- A row is a pair of mentions (row numbers) that evidence ties, strongest first.
-- kind: 0 same ORCID iD, 1 a shared coauthor, 2 a shared affiliation; only the strongest is given.
--
-- A trait is what can recur with a person: the block of a coauthor, or an affiliation. Mentions of a
-- block with a trait in common form a chain (each is paired with the one before, in the order of
-- their given names), so that the number of pairs grows with the number of mentions.
-- Rarity guard: if names and traits were thrown together at random, a block with m mentions and a
-- trait with n would meet m * n / total times. A trait counts only if that is a small share (:…_chance)
-- of the times they do meet. `total` is at least :least_total: where papers are few, a name that
-- recurs is mostly a person who recurs, not a common name.
WITH papers AS (
    SELECT pmid FROM mentions GROUP BY pmid HAVING COUNT(*) BETWEEN 2 AND :author_cap
),
paper_total AS (
    SELECT CAST(GREATEST(COUNT(*), :least_total) AS DOUBLE) AS total FROM papers
),
blocks AS (
    SELECT block, CAST(COUNT(*) AS DOUBLE) AS mention_count
    FROM mentions GROUP BY block HAVING COUNT(*) > 1
),
recurring AS (
    SELECT m.mention, m.pmid, m.block, m.name, b.mention_count
    FROM mentions AS m
    JOIN papers AS p ON p.pmid = m.pmid
    JOIN blocks AS b ON b.block = m.block
),
coauthors AS (
    SELECT DISTINCT
        m.mention, m.block, m.name, c.block * 2 AS trait,
        m.mention_count * c.mention_count AS product
    FROM recurring AS m
    JOIN recurring AS c ON c.pmid = m.pmid AND c.block <> m.block
),
placed AS (
    SELECT
        mention, block, name, affiliation,
        CAST(COUNT(*) OVER (PARTITION BY block) AS DOUBLE) AS block_count,
        CAST(COUNT(*) OVER (PARTITION BY affiliation) AS DOUBLE) AS affiliation_count
    FROM mentions WHERE affiliation >= 0
),
placed_total AS (
    SELECT CAST(GREATEST(COUNT(*), :least_total) AS DOUBLE) AS total FROM placed
),
traits AS (
    SELECT mention, block, name, trait, product / total / :coauthor_chance AS least_times
    FROM coauthors CROSS JOIN paper_total
    UNION ALL
    SELECT
        mention, block, name, affiliation * 2 + 1 AS trait,
        block_count * affiliation_count / total / :affiliation_chance AS least_times
    FROM placed CROSS JOIN placed_total
    WHERE block_count > 1 AND affiliation_count > 1
),
telling AS (
    SELECT block, trait
    FROM traits GROUP BY block, trait HAVING COUNT(*) > 1 AND COUNT(*) >= MAX(least_times)
),
chains AS (
    SELECT
        LAG(t.mention) OVER (PARTITION BY t.block, t.trait ORDER BY t.name, t.mention) AS one,
        t.mention, 1 + t.trait % 2 AS kind
    FROM traits AS t
    JOIN telling AS r ON r.block = t.block AND r.trait = t.trait
),
same_orcid AS (
    SELECT
        LAG(mention) OVER (PARTITION BY orcid, block ORDER BY name, mention) AS one,
        mention, 0 AS kind
    FROM mentions WHERE orcid >= 0
),
-- a change of name: one mention stands for its ORCID iD and block
bearers AS (
    SELECT MIN(mention) AS mention, orcid, block, last_name, initial
    FROM mentions WHERE orcid >= 0 GROUP BY orcid, block, last_name, initial
),
pairs AS (
    SELECT one, mention, kind, 0 AS across FROM same_orcid
    UNION ALL
    SELECT one, mention, kind, 0 AS across FROM chains
    UNION ALL
    SELECT
        LAG(mention) OVER (PARTITION BY orcid, last_name ORDER BY block) AS one,
        mention, 0 AS kind, 1 AS across
    FROM bearers
    UNION ALL
    SELECT
        LAG(mention) OVER (PARTITION BY orcid, initial ORDER BY block) AS one,
        mention, 0 AS kind, 1 AS across
    FROM bearers
)
SELECT
    CAST(one AS INTEGER) AS one,
    CAST(mention AS INTEGER) AS other,
    CAST(MIN(kind) AS INTEGER) AS kind
FROM pairs
WHERE one IS NOT NULL
GROUP BY one, mention, across
ORDER BY across, kind, one, other
