-- A row is a person: what the papers with one author_id print about them. Retracted papers count.
WITH printed AS (
    SELECT
        i.author_id,
        TRIM(
            COALESCE(a.fore_name, a.initials, '') || ' ' || a.last_name || COALESCE(' ' || a.suffix, '')
        ) AS display_name,
        m.block,
        m.given_names,
        m.orcid,
        p.entered_on,
        i.pmid,
        i.position,
        i.confidence
    FROM identities AS i
    JOIN mentions AS m ON m.pmid = i.pmid AND m.position = i.position
    JOIN authorships AS a ON a.pmid = i.pmid AND a.position = i.position
    JOIN publications AS p ON p.pmid = i.pmid
),
careers AS (
    SELECT
        author_id,
        MAX(orcid) AS orcid,
        MIN(entered_on) AS first_on,
        MAX(entered_on) AS last_on,
        COUNT(DISTINCT pmid) AS publication_count,
        AVG(confidence) AS confidence
    FROM printed
    GROUP BY author_id
),
fullest AS (
    SELECT
        author_id,
        display_name,
        block,
        given_names,
        ROW_NUMBER() OVER (
            PARTITION BY author_id
            ORDER BY LENGTH(given_names) DESC, LENGTH(display_name) DESC, entered_on DESC, pmid DESC, position
        ) AS place
    FROM printed
)
SELECT
    c.author_id,
    f.display_name,
    f.block,
    f.given_names,
    c.orcid,
    l.institution,
    l.department,
    l.country,
    c.first_on,
    c.last_on,
    CAST(c.publication_count AS INTEGER) AS publication_count,
    ROUND(c.confidence, 10) AS confidence
FROM careers AS c
JOIN fullest AS f ON f.author_id = c.author_id AND f.place = 1
LEFT JOIN author_affiliations AS l ON l.author_id = c.author_id AND l.rank = 1
ORDER BY c.author_id
