-- A row is a paper that no new record touches and whose retraction begins or ends all the same.
SELECT publications.pmid
FROM publications
JOIN concerned ON concerned.pmid = publications.pmid
LEFT JOIN outcomes ON outcomes.pmid = publications.pmid AND outcomes.is_touched
LEFT JOIN retracted ON retracted.pmid = publications.pmid
WHERE outcomes.pmid IS NULL AND publications.is_retracted <> (retracted.pmid IS NOT NULL)
ORDER BY publications.pmid
