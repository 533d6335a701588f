-- A row is a notice that had entered PubMed by a day. What a paper's own record says of it came when
-- the other paper did; where that is not known, when the record was last revised.
SELECT
    notices.pmid,
    notices.place,
    notices.ref_type,
    notices.ref_pmid,
    notices.ref_source,
    notices.kind,
    notices.subject_pmid,
    notices.notice_pmid
FROM notices
INNER JOIN publications AS bearer ON notices.pmid = bearer.pmid
LEFT JOIN publications AS other ON notices.ref_pmid = other.pmid
WHERE
    bearer.entered_on <= CAST(:as_of AS DATE)
    AND COALESCE(other.entered_on, bearer.revised_on, bearer.entered_on) <= CAST(:as_of AS DATE)
ORDER BY notices.pmid, notices.place
