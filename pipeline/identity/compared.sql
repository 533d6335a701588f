-- A row is a pair that was compared, of mentions whose block is looked at anew.
SELECT m.pmid, m.position, m.other_pmid, m.other_position, m.probability
FROM matches AS m
JOIN touched AS t ON t.pmid = m.pmid AND t.position = m.position
ORDER BY m.pmid, m.position, m.other_pmid, m.other_position
