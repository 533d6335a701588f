-- A row is a paper below which matches change: it is new or changed itself, or the other one is.
SELECT pmid FROM changed
UNION
SELECT m.pmid FROM matches AS m JOIN changed AS c ON c.pmid = m.other_pmid WHERE c.was_there
ORDER BY pmid
