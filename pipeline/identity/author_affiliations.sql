-- A row is a department of an institution that a person's papers have printed, however spelt.
WITH printed AS (
    SELECT
        i.author_id,
        i.pmid,
        i.position,
        a.place,
        a.affiliation_key,
        a.department_key,
        a.institution,
        a.department,
        a.country,
        a.ror,
        p.entered_on
    FROM identities AS i
    JOIN affiliations AS a ON a.pmid = i.pmid AND a.position = i.position
    JOIN publications AS p ON p.pmid = i.pmid
    WHERE a.affiliation_key IS NOT NULL
),
latest AS (
    SELECT author_id, MAX(entered_on) AS latest_on
    FROM printed
    GROUP BY author_id
),
stays AS (
    SELECT
        p.author_id,
        p.affiliation_key,
        p.department_key,
        MIN(p.entered_on) AS first_on,
        MAX(p.entered_on) AS last_on,
        COUNT(DISTINCT p.pmid) AS publication_count,
        -- papers of the author's last two years
        COUNT(DISTINCT CASE
            WHEN
                (YEAR(l.latest_on) - YEAR(p.entered_on)) * 12
                + MONTH(l.latest_on) - MONTH(p.entered_on) <= 24
                THEN p.pmid
        END) AS recent_count,
        MAX(p.ror) AS ror,
        MAX(p.pmid) AS last_pmid,
        MIN(p.place) AS first_place
    FROM printed AS p
    JOIN latest AS l ON l.author_id = p.author_id
    GROUP BY p.author_id, p.affiliation_key, p.department_key
),
spelt AS (
    SELECT
        author_id,
        affiliation_key,
        department_key,
        institution,
        department,
        country,
        ROW_NUMBER() OVER (
            PARTITION BY author_id, affiliation_key, department_key
            ORDER BY CASE WHEN country IS NULL THEN 1 ELSE 0 END, entered_on DESC, pmid DESC, position, place
        ) AS newest
    FROM printed
)
SELECT
    s.author_id,
    s.affiliation_key,
    s.department_key,
    CAST(
        ROW_NUMBER() OVER (
            PARTITION BY s.author_id
            ORDER BY
                s.last_on DESC,
                s.recent_count DESC,
                s.last_pmid DESC,
                s.first_place,
                s.affiliation_key,
                s.department_key
        ) AS INTEGER
    ) AS rank,
    t.institution,
    t.department,
    t.country,
    s.ror,
    s.first_on,
    s.last_on,
    CAST(s.publication_count AS INTEGER) AS publication_count
FROM stays AS s
JOIN spelt AS t
    ON t.author_id = s.author_id
    AND t.affiliation_key = s.affiliation_key
    AND t.department_key = s.department_key
    AND t.newest = 1
ORDER BY s.author_id, s.affiliation_key, s.department_key
