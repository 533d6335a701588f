-- A row is a pair of mentions of one block that people have decided on; contradicting decisions are left out.
WITH ordered AS (
    SELECT
        CASE WHEN pmid < other_pmid THEN pmid ELSE other_pmid END AS pmid,
        CASE WHEN pmid < other_pmid THEN position ELSE other_position END AS position,
        CASE WHEN pmid < other_pmid THEN other_pmid ELSE pmid END AS other_pmid,
        CASE WHEN pmid < other_pmid THEN other_position ELSE position END AS other_position,
        CASE WHEN is_same THEN 1 ELSE 0 END AS is_same
    FROM decided
    WHERE pmid <> other_pmid
),
agreed AS (
    SELECT pmid, position, other_pmid, other_position, MAX(is_same) AS is_same
    FROM ordered
    GROUP BY pmid, position, other_pmid, other_position
    HAVING MIN(is_same) = MAX(is_same)
)
SELECT
    a.pmid, a.position, a.other_pmid, a.other_position, a.is_same = 1 AS is_same,
    'decided' AS source, m.block
FROM agreed AS a
JOIN mentions AS m ON m.pmid = a.pmid AND m.position = a.position
JOIN mentions AS o ON o.pmid = a.other_pmid AND o.position = a.other_position AND o.block = m.block
ORDER BY a.pmid, a.position, a.other_pmid, a.other_position
