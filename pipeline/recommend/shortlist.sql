-- One row a pair of the shortlist, best first. Taken out is anyone who may be the author, or a coauthor of the author, under another id: the same ORCID iD, or the same last name
-- and first initial with given names that do not contradict each other ("J", "Jean", "Jean-Luc" and
-- "Jeanluc" may all be one), unless both have an ORCID iD and these differ.
WITH named AS (
    SELECT
        author_id,
        orcid,
        block,
        SPLIT_PART(given_names, ' ', 1) AS first_name,
        REPLACE(given_names, ' ', '') AS given_name
    FROM authors
),

known AS (
    SELECT author_id, author_id AS known_id FROM authors
    UNION ALL
    SELECT author_id, coauthor_id FROM coauthorships
    UNION ALL
    SELECT coauthor_id, author_id FROM coauthorships
),

known_names AS (
    SELECT DISTINCT
        known.author_id,
        named.orcid,
        named.block,
        named.first_name,
        named.given_name
    FROM known
    INNER JOIN named ON known.known_id = named.author_id
),

excluded AS (
    SELECT shortlist.author_id, shortlist.candidate_id
    FROM shortlist
    INNER JOIN named ON shortlist.candidate_id = named.author_id
    INNER JOIN known_names
        ON shortlist.author_id = known_names.author_id AND named.block = known_names.block
    WHERE
        COALESCE(named.orcid, known_names.orcid, '')
        = COALESCE(known_names.orcid, named.orcid, '')
        AND (
            LENGTH(named.first_name) <= 1
            OR LENGTH(known_names.first_name) <= 1
            OR named.first_name = known_names.first_name
            OR SUBSTR(named.given_name, 1, LENGTH(known_names.given_name))
            = known_names.given_name
            OR SUBSTR(known_names.given_name, 1, LENGTH(named.given_name)) = named.given_name
        )
    UNION
    SELECT shortlist.author_id, shortlist.candidate_id
    FROM shortlist
    INNER JOIN named ON shortlist.candidate_id = named.author_id
    INNER JOIN known_names
        ON shortlist.author_id = known_names.author_id AND named.orcid = known_names.orcid
)

SELECT
    shortlist.author_id,
    shortlist.candidate_id,
    shortlist.score,
    shortlist.shares_coauthor,
    shortlist.through_id,
    shortlist.is_other_institution,
    shortlist.is_other_department,
    shortlist.is_early_career,
    shortlist.from_coauthors,
    shortlist.from_topics,
    shortlist.from_venues,
    shortlist.from_workplace,
    shortlist.from_activity,
    shortlist.from_career
FROM shortlist
LEFT JOIN excluded
    ON
        shortlist.author_id = excluded.author_id
        AND shortlist.candidate_id = excluded.candidate_id
WHERE excluded.author_id IS NULL
ORDER BY shortlist.author_id, shortlist.score DESC, shortlist.candidate_id
