-- One row per author id that was ever served and that nobody bears now, with who it is now; null
-- where the author, or who the author became, is gone.
SELECT
    redirects.author_id,
    CASE WHEN further.author_id IS NULL THEN redirects.current_id ELSE further.current_id END
        AS current_id
FROM redirects
JOIN served_ids ON served_ids.author_id = redirects.author_id
LEFT JOIN redirects AS further ON further.author_id = redirects.current_id
ORDER BY redirects.author_id
