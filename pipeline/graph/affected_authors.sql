-- A row is a person of whose paper a notice speaks that others should know of, and since when: the
-- day the notice entered PubMed, or where it is not there, the day the paper's record was revised.
SELECT DISTINCT told.pmid, told.kind, identities.author_id, told.noted_on
FROM (
    SELECT
        notices.subject_pmid AS pmid,
        notices.kind,
        MIN(COALESCE(said.entered_on, paper.revised_on, paper.entered_on)) AS noted_on
    FROM notices
    JOIN publications AS paper ON paper.pmid = notices.subject_pmid
    LEFT JOIN publications AS said ON said.pmid = notices.notice_pmid
    WHERE notices.kind IN (
        'retraction', 'partial_retraction', 'expression_of_concern', 'erratum',
        'corrected_and_republished'
    )
    GROUP BY notices.subject_pmid, notices.kind
) AS told
JOIN identities ON identities.pmid = told.pmid
WHERE told.noted_on <= :as_of
ORDER BY told.pmid, told.kind, identities.author_id
