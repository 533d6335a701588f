-- A row is an author of the past, and who that is today: whoever most of their mentions are now.
WITH votes AS (
    SELECT identities_then.author_id, identities.author_id AS person_id, COUNT(*) AS mention_count
    FROM identities_then
    INNER JOIN identities
        ON identities_then.pmid = identities.pmid AND identities_then.position = identities.position
    GROUP BY identities_then.author_id, identities.author_id
),

placed AS (
    SELECT
        author_id,
        person_id,
        ROW_NUMBER() OVER (
            PARTITION BY author_id ORDER BY mention_count DESC, person_id
        ) AS place
    FROM votes
)

SELECT author_id, person_id
FROM placed
WHERE place = 1
ORDER BY author_id
