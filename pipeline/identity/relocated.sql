-- One row a mention of today that was there before: who it was. A revision may move names within
-- an author list, so a mention is known again by its block on its paper, not by its position;
-- several of one block are told apart by their order.
WITH known AS (
    SELECT
        mentions_before.pmid,
        mentions_before.block,
        identities.author_id,
        ROW_NUMBER() OVER (
            PARTITION BY mentions_before.pmid, mentions_before.block
            ORDER BY mentions_before.position
        ) AS place
    FROM mentions_before
    INNER JOIN identities
        ON
            mentions_before.pmid = identities.pmid
            AND mentions_before.position = identities.position
),

here AS (
    SELECT
        pmid,
        position,
        block,
        ROW_NUMBER() OVER (PARTITION BY pmid, block ORDER BY position) AS place
    FROM mentions
)

SELECT here.pmid, here.position, known.author_id
FROM here
INNER JOIN known ON here.pmid = known.pmid AND here.block = known.block AND here.place = known.place
ORDER BY here.pmid, here.position
