-- A row is a paper read or held, and its newest version: a staged record, 0 for the lake's own, or
-- null where a deletion of the same or a later place in PubMed's log keeps it out.
-- is_touched: its rows in the lake change.
SELECT
    papers.pmid,
    winners.record,
    held.checksum AS before_checksum,
    staged_publications.checksum AS after_checksum,
    papers.was_read = 1 AS was_read,
    held.pmid IS NOT NULL AS was_held,
    COALESCE(held.is_retracted, FALSE) AS was_retracted,
    COALESCE(winners.record, 1) > 0 AND (winners.record IS NOT NULL OR held.pmid IS NOT NULL)
        AS is_touched
FROM (
    SELECT pmid, MAX(was_read) AS was_read
    FROM (
        SELECT pmid, 0 AS was_read FROM held
        UNION ALL
        SELECT pmid, 1 AS was_read FROM staged_publications
    ) AS seen
    GROUP BY pmid
) AS papers
LEFT JOIN (
    SELECT pmid, record
    FROM (
        SELECT
            versions.pmid,
            versions.record,
            ROW_NUMBER() OVER (
                PARTITION BY versions.pmid
                ORDER BY
                    versions.version DESC,
                    versions.revised_on DESC,
                    versions.source_number DESC,
                    versions.checksum DESC,
                    versions.record
            ) AS place
        FROM (
            SELECT pmid, version, revised_on, source_number, checksum, CAST(0 AS BIGINT) AS record
            FROM held
            UNION ALL
            SELECT
                pmid, version, COALESCE(revised_on, CAST('0001-01-01' AS DATE)) AS revised_on,
                source_number, checksum, record
            FROM staged_publications
        ) AS versions
        LEFT JOIN merged_deletions ON merged_deletions.pmid = versions.pmid
        WHERE
            merged_deletions.pmid IS NULL
            OR merged_deletions.source_number < versions.source_number
    ) AS placed
    WHERE place = 1
) AS winners ON winners.pmid = papers.pmid
LEFT JOIN held ON held.pmid = papers.pmid
LEFT JOIN staged_publications ON staged_publications.record = winners.record
ORDER BY papers.pmid
