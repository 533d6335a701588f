-- One row per author whom a suppression means, with the instant (ISO text, UTC) of the earliest.
WITH meant AS (
    SELECT identities.author_id, suppressed_mentions.created_at
    FROM suppressed_mentions
    JOIN identities
        ON identities.pmid = suppressed_mentions.pmid
        AND identities.position = suppressed_mentions.position
    UNION ALL
    SELECT authors.author_id, suppressed_orcids.created_at
    FROM suppressed_orcids
    JOIN authors ON authors.orcid = suppressed_orcids.orcid
)
SELECT author_id, MIN(created_at) AS suppressed_at
FROM meant
GROUP BY author_id
ORDER BY author_id
