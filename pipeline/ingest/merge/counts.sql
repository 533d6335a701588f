-- The one row says what a merge did: papers new, revised, read again unchanged, deleted, newly
-- retracted; and how many rows of publications and of deletions it touches.
SELECT
    COALESCE(SUM(CASE WHEN record > 0 AND NOT was_held THEN 1 ELSE 0 END), 0) AS new_count,
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
    COALESCE(
        SUM(CASE WHEN record > 0 AND retracted_pmid IS NOT NULL AND NOT was_retracted THEN 1 ELSE 0 END),
        0
    ) + (
        SELECT COUNT(*) FROM flipped JOIN retracted ON retracted.pmid = flipped.pmid
    ) AS retracted_count,
    COALESCE(SUM(CASE WHEN is_touched THEN 1 ELSE 0 END), 0)
        + (SELECT COUNT(*) FROM flipped) AS touched_count,
    (
        SELECT COUNT(*)
        FROM merged_deletions
        LEFT JOIN deletions
            ON deletions.pmid = merged_deletions.pmid
            AND deletions.source_number = merged_deletions.source_number
        WHERE deletions.pmid IS NULL
    ) AS deletion_count
FROM (
    SELECT outcomes.*, retracted.pmid AS retracted_pmid
    FROM outcomes
    LEFT JOIN retracted ON retracted.pmid = outcomes.pmid
) AS outcome
