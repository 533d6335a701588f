-- A row is a heading or keyword of the newest version of a paper.
SELECT pmid, descriptor_ui, name, is_major
FROM (
    SELECT topics.pmid, descriptor_ui, name, is_major
    FROM topics
    JOIN winners ON winners.pmid = topics.pmid AND winners.record = 0
    UNION ALL
    SELECT staged_topics.pmid, descriptor_ui, name, is_major
    FROM staged_topics
    JOIN winners ON winners.record = staged_topics.record
) AS kept
ORDER BY pmid, descriptor_ui
