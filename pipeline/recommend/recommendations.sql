-- One row a suggestion, with the person who could introduce the two (the strongest shared
-- coauthor).
SELECT
    ranking.author_id,
    ranking.rank,
    ranking.candidate_id,
    ranking.score,
    ranking.placed_by,
    ranking.probability,
    reasons.person_id AS introducer_id,
    :model_version AS model_version
FROM ranking
LEFT JOIN reasons
    ON
        ranking.author_id = reasons.author_id
        AND ranking.candidate_id = reasons.candidate_id
        AND reasons.kind = 'shared_coauthor'
        AND reasons.place = 1
ORDER BY ranking.author_id, ranking.rank
