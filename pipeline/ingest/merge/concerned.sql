-- A row is a paper whose retraction may begin or end: it changes, or what a changing record said or
-- says of it does.
SELECT pmid
FROM outcomes
WHERE is_touched
UNION
SELECT notices.subject_pmid AS pmid
FROM notices
JOIN outcomes ON outcomes.pmid = notices.pmid AND outcomes.is_touched
WHERE notices.kind = 'retraction' AND notices.subject_pmid IS NOT NULL
UNION
SELECT staged_notices.subject_pmid AS pmid
FROM staged_notices
JOIN outcomes ON outcomes.record = staged_notices.record
WHERE staged_notices.kind = 'retraction' AND staged_notices.subject_pmid IS NOT NULL
ORDER BY pmid
