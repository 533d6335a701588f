-- A row is a reference of a paper that is new or changed.
SELECT staged_citations.pmid, ref_pmid
FROM staged_citations
JOIN outcomes ON outcomes.record = staged_citations.record
ORDER BY staged_citations.pmid, ref_pmid
