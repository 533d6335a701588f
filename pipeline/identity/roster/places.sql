-- A row is an institution or a department that mentions print, and how many do.
WITH printed AS (
    SELECT 'institution' AS field, institution AS place FROM mentions
    UNION ALL
    SELECT 'department' AS field, department AS place FROM mentions
)
SELECT field, place, COUNT(*) AS mention_count
FROM printed
WHERE place IS NOT NULL
GROUP BY field, place
ORDER BY field, place
