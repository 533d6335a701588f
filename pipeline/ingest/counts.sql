-- The one row says what a merge did: papers new, revised, read again unchanged, deleted, newly
-- retracted; and how many rows of publications and of deletions it touches.
SELECT
    COALESCE(SUM(CASE WHEN record > 0 AND before_checksum IS NULL THEN 1 ELSE 0 END), 0) AS new_count,
    COALESCE(SUM(CASE WHEN record > 0 AND before_checksum <> after_checksum THEN 1 ELSE 0 END), 0)
        AS revised_count,
    COALESCE(
        SUM(
            CASE
                WHEN was_read AND record = 0 THEN 1
                WHEN was_read AND before_checksum = after_checksum THEN 1
                ELSE 0
            END
        ),
        0
    ) AS unchanged_count,
    COALESCE(SUM(CASE WHEN record IS NULL THEN 1 ELSE 0 END), 0) AS deleted_count,
    COALESCE(SUM(CASE WHEN is_retracted AND NOT was_retracted THEN 1 ELSE 0 END), 0)
        AS retracted_count,
    COALESCE(
        SUM(
            CASE
                WHEN record > 0 THEN 1
                WHEN record IS NULL AND before_checksum IS NOT NULL THEN 1
                ELSE 0
            END
        ),
        0
    ) AS touched_count,
    (
        SELECT COUNT(*)
        FROM merged_deletions
        LEFT JOIN deletions
            ON deletions.pmid = merged_deletions.pmid
            AND deletions.source_number = merged_deletions.source_number
        WHERE deletions.pmid IS NULL
    ) AS deletion_count
FROM (
    SELECT
        papers.pmid,
        winners.record,
        publications.checksum AS before_checksum,
        staged_publications.checksum AS after_checksum,
        papers.was_read,
        winners.pmid IS NOT NULL AND retracted.pmid IS NOT NULL AS is_retracted,
        COALESCE(publications.is_retracted, FALSE) AS was_retracted
    FROM (
        SELECT pmid, MAX(was_read) = 1 AS was_read
        FROM (
            SELECT pmid, 0 AS was_read FROM publications
            UNION ALL
            SELECT pmid, 1 AS was_read FROM staged_publications
        ) AS seen
        GROUP BY pmid
    ) AS papers
    LEFT JOIN winners ON winners.pmid = papers.pmid
    LEFT JOIN publications ON publications.pmid = papers.pmid
    LEFT JOIN staged_publications ON staged_publications.record = winners.record
    LEFT JOIN retracted ON retracted.pmid = papers.pmid
) AS outcome
