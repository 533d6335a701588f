-- A row is a mention asked about, with what its paper prints and how often its names occur.
WITH total AS (
    SELECT COUNT(*) AS mention_count FROM mentions
),
last_name_counts AS (
    SELECT last_name, COUNT(*) AS last_name_count
    FROM mentions GROUP BY last_name
),
first_name_counts AS (
    SELECT SPLIT_PART(given_names, ' ', 1) AS first_name, COUNT(*) AS first_name_count
    FROM mentions GROUP BY SPLIT_PART(given_names, ' ', 1)
)
SELECT
    m.pmid,
    m.position,
    m.block,
    m.last_name,
    m.given_names,
    m.suffix,
    m.orcid,
    m.affiliation_key,
    m.department,
    m.country,
    a.affiliations,
    p.title,
    p.abstract,
    p.languages,
    CAST(EXTRACT(YEAR FROM COALESCE(p.published_on, p.entered_on)) AS INTEGER) AS published_year,
    p.author_count,
    CAST(l.last_name_count AS DOUBLE) AS last_name_count,
    CAST(f.first_name_count AS DOUBLE) AS first_name_count,
    CAST(t.mention_count AS DOUBLE) AS mention_count
FROM asked AS q
JOIN mentions AS m ON m.pmid = q.pmid AND m.position = q.position
JOIN authorships AS a ON a.pmid = q.pmid AND a.position = q.position
JOIN publications AS p ON p.pmid = q.pmid
JOIN last_name_counts AS l ON l.last_name = m.last_name
JOIN first_name_counts AS f ON f.first_name = SPLIT_PART(m.given_names, ' ', 1)
CROSS JOIN total AS t
ORDER BY m.pmid, m.position
