-- The reasons of all suggestions but those of which one does not hold.
SELECT
    reasons.author_id,
    reasons.candidate_id,
    reasons.kind,
    reasons.place,
    reasons.contribution,
    reasons.person_id,
    reasons.other_person_id,
    reasons.topic,
    reasons.pmid,
    reasons.other_pmid
FROM reasons
LEFT JOIN unsupported
    ON
        reasons.author_id = unsupported.author_id
        AND reasons.candidate_id = unsupported.candidate_id
WHERE unsupported.author_id IS NULL
ORDER BY reasons.author_id, reasons.candidate_id, reasons.kind, reasons.place
