-- A row is an author whom somebody on the roster may be, with what speaks for it and against it.
--
-- first_agrees: 2 the whole first names are equal, 1 one is an initial or the beginning of the other,
-- 0 they differ. middle_agrees: 1 equal or an initial of the other, 0 one has none, -1 they differ.
-- An author is a candidate by name if none of the spellings in the block differs; by a known paper
-- (one that the roster lists, or that prints the address) if exactly one of its names agrees; by
-- ORCID iD. A different ORCID iD rules an author out.
WITH called AS (
    SELECT DISTINCT m.block, m.given_names
    FROM mentions AS m
    JOIN (SELECT DISTINCT block FROM readings) AS r ON r.block = m.block
),
sides AS (
    SELECT
        r.person_id,
        r.last_name,
        c.block,
        c.given_names,
        SPLIT_PART(r.given_names, ' ', 1) AS first_name,
        SPLIT_PART(r.given_names, ' ', 2) AS middle_name,
        REPLACE(r.given_names, ' ', '') AS joined,
        SPLIT_PART(c.given_names, ' ', 1) AS other_first,
        SPLIT_PART(c.given_names, ' ', 2) AS other_middle,
        REPLACE(c.given_names, ' ', '') AS other_joined
    FROM readings AS r
    JOIN called AS c ON c.block = r.block
),
agreements AS (
    SELECT
        person_id, last_name, block, given_names, first_name,
        CASE
            WHEN LENGTH(first_name) > 1 AND (first_name = other_first OR joined = other_joined) THEN 2
            WHEN SUBSTRING(first_name, 1, LENGTH(other_first)) = other_first THEN 1
            WHEN SUBSTRING(other_first, 1, LENGTH(first_name)) = first_name THEN 1
            ELSE 0
        END AS first_agrees,
        CASE
            WHEN middle_name = '' AND other_middle = '' THEN 0
            WHEN joined = other_joined THEN 1
            WHEN middle_name = '' OR other_middle = '' THEN 0
            WHEN SUBSTRING(middle_name, 1, LENGTH(other_middle)) = other_middle THEN 1
            WHEN SUBSTRING(other_middle, 1, LENGTH(middle_name)) = middle_name THEN 1
            ELSE -1
        END AS middle_agrees
    FROM sides
),
spellings AS (
    SELECT DISTINCT m.block, m.given_names, i.author_id
    FROM mentions AS m
    JOIN (SELECT DISTINCT block FROM readings) AS r ON r.block = m.block
    JOIN identities AS i ON i.pmid = m.pmid AND i.position = m.position
),
-- how common the names are, among authors
name_parts AS (
    SELECT
        SPLIT_PART(block, '|', 1) AS last_name,
        SPLIT_PART(block, '|', 2) AS initial,
        SPLIT_PART(given_names, ' ', 1) AS first_name
    FROM authors
),
last_counts AS (SELECT last_name, COUNT(*) AS last_count FROM name_parts GROUP BY last_name),
initial_counts AS (SELECT initial, COUNT(*) AS initial_count FROM name_parts GROUP BY initial),
first_counts AS (SELECT first_name, COUNT(*) AS first_count FROM name_parts GROUP BY first_name),
by_name AS (
    SELECT
        a.person_id,
        s.author_id,
        MAX(a.first_agrees) AS first_agrees,
        MAX(a.middle_agrees) AS middle_agrees,
        MIN(CASE WHEN a.first_agrees = 0 OR a.middle_agrees < 0 THEN 0 ELSE 1 END) AS is_compatible,
        MAX(COALESCE(l.last_count, 0)) AS last_count,
        MAX(COALESCE(f.first_count, 0)) AS first_count,
        MAX(COALESCE(n.initial_count, 0)) AS initial_count
    FROM agreements AS a
    JOIN spellings AS s ON s.block = a.block AND s.given_names = a.given_names
    LEFT JOIN last_counts AS l ON l.last_name = a.last_name
    LEFT JOIN first_counts AS f ON f.first_name = a.first_name
    LEFT JOIN initial_counts AS n ON n.initial = SPLIT_PART(a.block, '|', 2)
    GROUP BY a.person_id, s.author_id
),
-- papers known to be theirs
fitting AS (
    SELECT DISTINCT k.person_id, k.kind, k.pmid, m.position
    FROM known_papers AS k
    JOIN mentions AS m ON m.pmid = k.pmid
    JOIN agreements AS a
        ON a.person_id = k.person_id AND a.block = m.block AND a.given_names = m.given_names
    WHERE a.first_agrees > 0 AND a.middle_agrees >= 0
),
single AS (
    SELECT person_id, kind, pmid, MAX(position) AS position
    FROM fitting GROUP BY person_id, kind, pmid HAVING COUNT(*) = 1
),
by_paper AS (
    SELECT
        s.person_id,
        i.author_id,
        SUM(CASE WHEN s.kind = 'email' THEN 1 ELSE 0 END) AS email_count,
        MAX(CASE WHEN s.kind = 'email' THEN s.pmid END) AS email_pmid,
        SUM(CASE WHEN s.kind = 'pmid' THEN 1 ELSE 0 END) AS known_count,
        MAX(CASE WHEN s.kind = 'pmid' THEN s.pmid END) AS known_pmid
    FROM single AS s
    JOIN identities AS i ON i.pmid = s.pmid AND i.position = s.position
    GROUP BY s.person_id, i.author_id
),
by_orcid AS (
    SELECT p.person_id, a.author_id FROM people AS p JOIN authors AS a ON a.orcid = p.orcid
),
found AS (
    SELECT person_id, author_id FROM by_name WHERE is_compatible = 1
    UNION
    SELECT person_id, author_id FROM by_paper
    UNION
    SELECT person_id, author_id FROM by_orcid
),
candidates AS (
    SELECT
        f.person_id,
        f.author_id,
        a.publication_count,
        CASE WHEN a.orcid = p.orcid THEN 1 ELSE 0 END AS same_orcid
    FROM found AS f
    JOIN people AS p ON p.person_id = f.person_id
    JOIN authors AS a ON a.author_id = f.author_id
    WHERE p.orcid IS NULL OR a.orcid IS NULL OR p.orcid = a.orcid
),
-- where the candidates have been
author_places AS (
    SELECT DISTINCT i.author_id, m.institution, m.department
    FROM identities AS i
    JOIN (SELECT DISTINCT author_id FROM candidates) AS c ON c.author_id = i.author_id
    JOIN mentions AS m ON m.pmid = i.pmid AND m.position = i.position
),
placed AS (
    SELECT
        author_id,
        MAX(CASE WHEN institution IS NULL THEN 0 ELSE 1 END) AS has_institution,
        MAX(CASE WHEN department IS NULL THEN 0 ELSE 1 END) AS has_department
    FROM author_places GROUP BY author_id
),
visited AS (
    SELECT author_id, 'institution' AS field, institution AS place FROM author_places
    UNION
    SELECT author_id, 'department' AS field, department AS place FROM author_places
),
shared AS (
    SELECT
        c.person_id,
        c.author_id,
        MIN(CASE WHEN r.aspect = 'institution' THEN s.share END) AS institution_share,
        MIN(CASE WHEN r.aspect = 'department' THEN s.share END) AS department_share,
        MIN(CASE WHEN r.aspect = 'past' THEN s.share END) AS past_share
    FROM candidates AS c
    JOIN roster_places AS r ON r.person_id = c.person_id
    JOIN same_places AS s ON s.field = r.field AND s.wanted = r.wanted
    JOIN visited AS v ON v.author_id = c.author_id AND v.field = s.field AND v.place = s.place
    GROUP BY c.person_id, c.author_id
),
wishes AS (
    SELECT
        person_id,
        MAX(CASE WHEN aspect = 'institution' THEN 1 ELSE 0 END) AS wants_institution,
        MAX(CASE WHEN aspect = 'department' THEN 1 ELSE 0 END) AS wants_department
    FROM roster_places GROUP BY person_id
),
weighed AS (
    SELECT
        c.person_id,
        c.author_id,
        c.publication_count,
        c.same_orcid,
        COALESCE(n.first_agrees * n.is_compatible, 0) AS first_agrees,
        COALESCE(n.middle_agrees * n.is_compatible, 0) AS middle_agrees,
        COALESCE(n.last_count, 0) AS last_count,
        COALESCE(n.first_count, 0) AS first_count,
        COALESCE(n.initial_count, 0) AS initial_count,
        COALESCE(b.email_count, 0) AS email_count,
        b.email_pmid,
        COALESCE(b.known_count, 0) AS known_count,
        b.known_pmid,
        COALESCE(p.has_institution, 0) AS has_institution,
        COALESCE(p.has_department, 0) AS has_department,
        COALESCE(h.wants_institution, 0) AS wants_institution,
        COALESCE(h.wants_department, 0) AS wants_department,
        s.institution_share,
        s.department_share,
        s.past_share,
        COUNT(*) OVER (PARTITION BY c.person_id) AS candidate_count,
        ROW_NUMBER() OVER (
            PARTITION BY c.person_id
            ORDER BY
                c.same_orcid DESC,
                COALESCE(b.email_count + b.known_count, 0) DESC,
                CASE WHEN s.institution_share IS NULL THEN 1 ELSE 0 END,
                CASE WHEN s.department_share IS NULL THEN 1 ELSE 0 END,
                CASE WHEN s.past_share IS NULL THEN 1 ELSE 0 END,
                COALESCE(n.first_agrees, 0) DESC,
                COALESCE(n.middle_agrees, 0) DESC,
                c.publication_count DESC,
                c.author_id
        ) AS place
    FROM candidates AS c
    LEFT JOIN placed AS p ON p.author_id = c.author_id
    LEFT JOIN wishes AS h ON h.person_id = c.person_id
    LEFT JOIN by_name AS n ON n.person_id = c.person_id AND n.author_id = c.author_id
    LEFT JOIN by_paper AS b ON b.person_id = c.person_id AND b.author_id = c.author_id
    LEFT JOIN shared AS s ON s.person_id = c.person_id AND s.author_id = c.author_id
),
totals AS (
    SELECT
        COUNT(*) AS author_count,
        SUM(CASE WHEN LENGTH(first_name) > 1 THEN 1 ELSE 0 END) AS whole_count
    FROM name_parts
)
SELECT w.*, t.author_count, t.whole_count
FROM weighed AS w
CROSS JOIN totals AS t
WHERE w.place <= :candidates_kept
ORDER BY w.person_id, w.place
