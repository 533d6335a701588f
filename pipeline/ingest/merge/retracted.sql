-- A row is a paper concerned that is retracted after the merge: by its own record, or by the record
-- of another. A notice that is itself withdrawn no longer counts.
SELECT evidence.pmid
FROM (
    SELECT notices.subject_pmid AS pmid
    FROM notices
    LEFT JOIN outcomes ON outcomes.pmid = notices.pmid AND outcomes.is_touched
    WHERE notices.kind = 'retraction' AND outcomes.pmid IS NULL
    UNION
    SELECT staged_notices.subject_pmid AS pmid
    FROM staged_notices
    JOIN outcomes ON outcomes.record = staged_notices.record
    WHERE staged_notices.kind = 'retraction'
) AS evidence
JOIN concerned ON concerned.pmid = evidence.pmid
ORDER BY evidence.pmid
