-- One row per reason of a recommendation, strongest first; a recommendation without any has one
-- row whose kind is null.
SELECT
    recommendations.author_id,
    recommendations.rank,
    recommendations.candidate_id,
    recommendations.score,
    recommendations.probability,
    recommendations.introducer_id,
    recommendations.placed_by,
    reasons.kind,
    reasons.contribution,
    reasons.person_id,
    reasons.other_person_id,
    reasons.topic,
    reasons.pmid,
    reasons.other_pmid
FROM recommendations
LEFT JOIN reasons
    ON reasons.author_id = recommendations.author_id
    AND reasons.candidate_id = recommendations.candidate_id
ORDER BY
    recommendations.author_id,
    recommendations.rank,
    reasons.contribution DESC,
    reasons.kind,
    reasons.place
