-- A row is a notice of a paper that is new or changed.
SELECT
    staged_notices.pmid, place, ref_type, ref_pmid, ref_source, kind, subject_pmid, notice_pmid
FROM staged_notices
JOIN outcomes ON outcomes.record = staged_notices.record
ORDER BY staged_notices.pmid, place
