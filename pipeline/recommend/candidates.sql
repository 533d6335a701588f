-- One row a proposed pair that may be suggested. Taken out: anyone the author has ever shared a
-- paper with (the proposals already leave out coauthors by edge; papers that give no edge are
-- checked here), and anyone who may be the author, or a coauthor of the author, under another id:
-- the same ORCID iD, or the same last name and first initial with given names that do not
-- contradict each other ("J", "Jean", "Jean-Luc" and "Jeanluc" may all be one).
WITH edgeless AS (
    SELECT identities.pmid, identities.author_id
    FROM identities
    INNER JOIN publications ON identities.pmid = publications.pmid
    WHERE publications.is_retracted OR publications.author_count > :author_cap
),

named AS (
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
    SELECT proposals.author_id, proposals.candidate_id
    FROM proposals
    INNER JOIN edgeless AS a ON proposals.author_id = a.author_id
    INNER JOIN edgeless AS c ON proposals.candidate_id = c.author_id AND a.pmid = c.pmid
    UNION
    SELECT proposals.author_id, proposals.candidate_id
    FROM proposals
    INNER JOIN named ON proposals.candidate_id = named.author_id
    INNER JOIN known_names
        ON proposals.author_id = known_names.author_id AND named.block = known_names.block
    WHERE
        LENGTH(named.first_name) <= 1
        OR LENGTH(known_names.first_name) <= 1
        OR named.first_name = known_names.first_name
        OR SUBSTR(named.given_name, 1, LENGTH(known_names.given_name)) = known_names.given_name
        OR SUBSTR(known_names.given_name, 1, LENGTH(named.given_name)) = named.given_name
    UNION
    SELECT proposals.author_id, proposals.candidate_id
    FROM proposals
    INNER JOIN named ON proposals.candidate_id = named.author_id
    INNER JOIN known_names
        ON proposals.author_id = known_names.author_id AND named.orcid = known_names.orcid
)

SELECT
    proposals.author_id,
    proposals.candidate_id,
    proposals.resource_allocation,
    proposals.pagerank
FROM proposals
LEFT JOIN excluded
    ON proposals.author_id = excluded.author_id AND proposals.candidate_id = excluded.candidate_id
WHERE excluded.author_id IS NULL
ORDER BY proposals.author_id, proposals.candidate_id
