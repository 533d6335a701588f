-- A row is a paper that stays and its newest version: a staged record, or 0 for the lake's own.
-- What a deletion of the same or a later place in PubMed's log names is out before the choice.
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
        SELECT
            pmid, version, COALESCE(revised_on, CAST('0001-01-01' AS DATE)) AS revised_on,
            source_number, checksum, CAST(0 AS BIGINT) AS record
        FROM publications
        UNION ALL
        SELECT
            pmid, version, COALESCE(revised_on, CAST('0001-01-01' AS DATE)) AS revised_on,
            source_number, checksum, record
        FROM staged_publications
    ) AS versions
    LEFT JOIN merged_deletions ON merged_deletions.pmid = versions.pmid
    WHERE merged_deletions.pmid IS NULL OR merged_deletions.source_number < versions.source_number
) AS placed
WHERE place = 1
ORDER BY pmid
