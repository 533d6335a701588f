-- A row is a heading or keyword of a paper that is new or changed.
SELECT staged_topics.pmid, descriptor_ui, name, is_major, qualifiers
FROM staged_topics
JOIN outcomes ON outcomes.record = staged_topics.record
ORDER BY staged_topics.pmid, descriptor_ui
