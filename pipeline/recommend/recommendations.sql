-- One row a suggestion, with the person who could introduce the two (the strongest shared
-- coauthor). Whoever stands behind a suggestion that is left out moves up.
SELECT
    ranking.author_id,
    CAST(
        ROW_NUMBER() OVER (PARTITION BY ranking.author_id ORDER BY ranking.rank) AS INT
    ) AS rank,
    ranking.candidate_id,
    ranking.score,
    ranking.placed_by,
    ranking.probability,
    reasons.person_id AS introducer_id,
    :model_version AS model_version
FROM ranking
LEFT JOIN unsupported
    ON
        ranking.author_id = unsupported.author_id
        AND ranking.candidate_id = unsupported.candidate_id
LEFT JOIN reasons
    ON
        ranking.author_id = reasons.author_id
        AND ranking.candidate_id = reasons.candidate_id
        AND reasons.kind = 'shared_coauthor'
        AND reasons.place = 1
WHERE unsupported.author_id IS NULL
ORDER BY ranking.author_id, rank
