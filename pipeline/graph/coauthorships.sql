-- One row a pair of people who have written together, the smaller author_id first.
-- A paper of n people gives each of its pairs 1/(n - 1), halved every :half_life_years
-- (fractional counting: Newman, Phys. Rev. E 64, 016132, 2001). Retracted papers and papers of
-- more than :author_cap authors give nothing.
WITH people AS (
    SELECT
        identities.pmid,
        identities.author_id,
        publications.entered_on,
        COUNT(*) OVER (PARTITION BY identities.pmid) AS people_count
    FROM identities
    INNER JOIN publications ON identities.pmid = publications.pmid
    WHERE NOT publications.is_retracted AND publications.author_count <= :author_cap
),

shares AS (
    SELECT
        pmid,
        author_id,
        entered_on,
        POWER(
            CAST(0.5 AS DOUBLE),
            CAST(
                (YEAR(CAST(:as_of AS DATE)) - YEAR(entered_on)) * 12
                + MONTH(CAST(:as_of AS DATE)) - MONTH(entered_on)
                AS DOUBLE
            ) / CAST(12 AS DOUBLE) / CAST(:half_life_years AS DOUBLE)
        ) / CAST(people_count - 1 AS DOUBLE) AS share
    FROM people
    WHERE people_count > 1
)

SELECT
    a.author_id,
    b.author_id AS coauthor_id,
    CAST(COUNT(*) AS INT) AS publication_count,
    -- rounded, so that the order of summation cannot show
    ROUND(SUM(a.share), 12) AS weight,
    MIN(a.entered_on) AS first_on,
    MAX(a.entered_on) AS last_on,
    MAX_BY(
        a.pmid,
        CAST(YEAR(a.entered_on) * 10000 + MONTH(a.entered_on) * 100 + DAY(a.entered_on) AS BIGINT)
        * CAST(10000000000 AS BIGINT) + a.pmid
    ) AS last_pmid
FROM shares AS a
INNER JOIN shares AS b ON a.pmid = b.pmid AND a.author_id < b.author_id
GROUP BY a.author_id, b.author_id
ORDER BY a.author_id, b.author_id
