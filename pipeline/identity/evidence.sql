-- A row is a pair of mentions (row numbers) that evidence ties, strongest first.
-- kind: 0 same ORCID iD, 1 a shared coauthor, 2 a shared affiliation; only the strongest is given.
--
-- Mentions are called by their block and, where it is printed, by last name and full first name: a
-- full name meets by chance more rarely. A trait is what can recur with a person: what a coauthor is
-- called, or an affiliation. Mentions that are called alike and have a trait in common form a chain
-- (each is paired with the one before, in the order of their given names), so that the number of
-- pairs grows with the number of mentions.
-- Rarity guard: if names and traits were thrown together at random, a name with m mentions and a
-- trait with n would meet m * n / total times. A trait counts only if that is a small share (:…_chance,
-- times :full_name_factor for full names) of the times they do meet. `total` is at least
-- :least_total: where papers are few, a name that recurs is mostly a person who recurs.
WITH called AS (
    SELECT mention, pmid, block, affiliation, name, 0 AS is_full, block AS called FROM mentions
    UNION ALL
    SELECT mention, pmid, block, affiliation, name, 1 AS is_full, full_name AS called FROM mentions
    WHERE full_name >= 0
),
papers AS (
    SELECT pmid FROM mentions GROUP BY pmid HAVING COUNT(*) BETWEEN 2 AND :author_cap
),
paper_total AS (
    SELECT CAST(GREATEST(COUNT(*), :least_total) AS DOUBLE) AS total FROM papers
),
recurring AS (
    SELECT is_full, called, CAST(COUNT(*) AS DOUBLE) AS mention_count
    FROM called GROUP BY is_full, called HAVING COUNT(*) > 1
),
bylines AS (
    SELECT c.mention, c.pmid, c.block, c.name, c.is_full, c.called, r.mention_count
    FROM called AS c
    JOIN papers AS p ON p.pmid = c.pmid
    JOIN recurring AS r ON r.is_full = c.is_full AND r.called = c.called
),
coauthors AS (
    SELECT DISTINCT
        m.mention, m.name, m.is_full, m.called, c.called * 2 AS trait,
        m.mention_count * c.mention_count AS product
    FROM bylines AS m
    JOIN bylines AS c ON c.pmid = m.pmid AND c.is_full = m.is_full AND c.block <> m.block
),
placed AS (
    SELECT
        mention, name, is_full, called, affiliation,
        CAST(COUNT(*) OVER (PARTITION BY is_full, called) AS DOUBLE) AS called_count,
        CAST(COUNT(*) OVER (PARTITION BY is_full, affiliation) AS DOUBLE) AS affiliation_count,
        CAST(GREATEST(COUNT(*) OVER (PARTITION BY is_full), :least_total) AS DOUBLE) AS total
    FROM called WHERE affiliation >= 0
),
traits AS (
    SELECT
        mention, name, is_full, called, trait,
        product / total / :coauthor_chance AS least_times
    FROM coauthors CROSS JOIN paper_total
    UNION ALL
    SELECT
        mention, name, is_full, called, affiliation * 2 + 1 AS trait,
        called_count * affiliation_count / total / :affiliation_chance AS least_times
    FROM placed
    WHERE called_count > 1 AND affiliation_count > 1
),
telling AS (
    SELECT is_full, called, trait
    FROM traits
    GROUP BY is_full, called, trait
    HAVING COUNT(*) > 1
        AND COUNT(*) * (CASE WHEN is_full = 1 THEN :full_name_factor ELSE CAST(1 AS DOUBLE) END) >= MAX(least_times)
),
chains AS (
    SELECT
        LAG(t.mention) OVER (
            PARTITION BY t.is_full, t.called, t.trait ORDER BY t.name, t.mention
        ) AS one,
        t.mention, 1 + t.trait % 2 AS kind
    FROM traits AS t
    JOIN telling AS r ON r.is_full = t.is_full AND r.called = t.called AND r.trait = t.trait
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
