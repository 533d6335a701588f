-- One row a person of the run and a topic that tells what they write about: the 10 with the highest
-- share of the person's papers times rarity (tf-idf: Spärck Jones, J. Doc. 28, 1972).
-- A heading and a keyword of the same words are one topic; topics on more than 2 % of all papers
-- (and more than 10) tell nothing.
WITH wrote AS (
    SELECT DISTINCT identities.author_id, publications.pmid
    FROM identities
    JOIN people ON people.author_id = identities.author_id
    JOIN publications ON publications.pmid = identities.pmid
    WHERE NOT publications.is_retracted
),
sizes AS (
    SELECT author_id, CAST(COUNT(*) AS DOUBLE) AS paper_count FROM wrote GROUP BY author_id
),
corpus AS (
    SELECT CAST(COUNT(*) AS DOUBLE) AS paper_count FROM publications
),
named AS (
    SELECT pmid, LOWER(name) AS topic_key, MIN(name) AS topic FROM topics GROUP BY pmid, LOWER(name)
),
telling AS (
    SELECT topic_key, MIN(topic) AS topic, CAST(COUNT(*) AS DOUBLE) AS paper_count
    FROM named
    GROUP BY topic_key
    HAVING COUNT(*) <= (SELECT 0.02 * paper_count + 10 FROM corpus)
),
counted AS (
    SELECT wrote.author_id, named.topic_key, COUNT(*) AS publication_count, MAX(wrote.pmid) AS last_pmid
    FROM wrote
    JOIN named ON named.pmid = wrote.pmid
    GROUP BY wrote.author_id, named.topic_key
),
weighed AS (
    SELECT
        counted.author_id,
        telling.topic,
        counted.publication_count,
        counted.last_pmid,
        counted.publication_count / sizes.paper_count
            * LN((corpus.paper_count + 1) / telling.paper_count) AS weight
    FROM counted
    JOIN telling ON telling.topic_key = counted.topic_key
    JOIN sizes ON sizes.author_id = counted.author_id
    CROSS JOIN corpus
),
placed AS (
    SELECT
        author_id,
        topic,
        publication_count,
        last_pmid,
        ROW_NUMBER() OVER (
            PARTITION BY author_id ORDER BY ROUND(weight, 10) DESC, topic
        ) AS place
    FROM weighed
)
SELECT author_id, topic, CAST(publication_count AS INTEGER) AS publication_count, last_pmid
FROM placed
WHERE place <= 10
ORDER BY author_id, topic
