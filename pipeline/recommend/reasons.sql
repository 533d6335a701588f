-- One row a fact behind a suggestion. Contributions of one suggestion add up to its score. What the
-- coauthors of the two bring is shared out: to each shared coauthor by the part of the walks over
-- them, to `walk` the rest. Topics, journals, workplace, activity and career bring their own;
-- other kinds only inform.
WITH strengths AS (
    -- rounded, so that the order of summation cannot show
    SELECT author_id, ROUND(SUM(weight), 12) AS strength FROM ties GROUP BY author_id
),

shared AS (
    SELECT
        ranking.author_id,
        ranking.candidate_id,
        ranking.from_coauthors,
        near.coauthor_id AS person_id,
        near.last_pmid AS pmid,
        far.last_pmid AS other_pmid,
        ROUND(near.weight / own.strength * far.weight / theirs.strength, 12) AS walk
    FROM ranking
    INNER JOIN ties AS near ON ranking.author_id = near.author_id
    INNER JOIN ties AS far
        ON near.coauthor_id = far.author_id AND ranking.candidate_id = far.coauthor_id
    INNER JOIN strengths AS own ON ranking.author_id = own.author_id
    INNER JOIN strengths AS theirs ON near.coauthor_id = theirs.author_id
    WHERE own.strength > 0 AND theirs.strength > 0
),

walks AS (
    SELECT author_id, candidate_id, ROUND(SUM(walk), 12) AS walk
    FROM shared
    GROUP BY author_id, candidate_id
),

shared_placed AS (
    SELECT
        shared.author_id,
        shared.candidate_id,
        shared.person_id,
        shared.pmid,
        shared.other_pmid,
        shared.walk,
        walks.walk AS whole_walk,
        -- not rounded: equal shares would often be halfway between two roundings
        shared.from_coauthors * shared.walk
        / GREATEST(walks.walk, CAST(0.000000000001 AS DOUBLE)) AS contribution,
        CAST(
            ROW_NUMBER() OVER (
                PARTITION BY shared.author_id, shared.candidate_id
                ORDER BY ROUND(shared.walk, 10) DESC, shared.person_id
            ) AS INT
        ) AS place
    FROM shared
    INNER JOIN walks
        ON shared.author_id = walks.author_id AND shared.candidate_id = walks.candidate_id
),

shared_kept AS (
    SELECT
        author_id,
        candidate_id,
        person_id,
        pmid,
        other_pmid,
        walk,
        whole_walk,
        contribution,
        place
    FROM shared_placed
    WHERE place <= :shared_coauthors
),

-- the part of the walks that is not over those named
rest AS (
    SELECT
        author_id,
        candidate_id,
        CASE
            WHEN MAX(whole_walk) > 0
                THEN
                    ROUND(MAX(whole_walk) - SUM(walk), 12)
                    / GREATEST(MAX(whole_walk), CAST(0.000000000001 AS DOUBLE))
            -- walks too faint to share out
            ELSE CAST(1 AS DOUBLE)
        END AS share
    FROM shared_kept
    GROUP BY author_id, candidate_id
),

-- what people work on: topics that are neither rare slips nor on every other paper
readable AS (
    SELECT
        identities.author_id,
        identities.pmid,
        publications.entered_on
    FROM identities
    INNER JOIN publications ON identities.pmid = publications.pmid
    WHERE NOT publications.is_retracted AND publications.author_count <= :author_cap
),

corpus AS (
    SELECT CAST(COUNT(*) AS DOUBLE) AS paper_count
    FROM publications
    WHERE entered_on <= CAST(:as_of AS DATE)
),

-- a heading and a keyword of the same words are one topic
labelled AS (
    SELECT topics.pmid, LOWER(topics.name) AS topic_key, topics.name
    FROM topics
    INNER JOIN publications ON topics.pmid = publications.pmid
    WHERE publications.entered_on <= CAST(:as_of AS DATE)
),

named AS (
    SELECT DISTINCT pmid, topic_key FROM labelled
),

printed AS (
    SELECT topic_key, MIN(name) AS topic FROM labelled GROUP BY topic_key
),

telling AS (
    SELECT topic_key, CAST(COUNT(*) AS DOUBLE) AS paper_count
    FROM named
    GROUP BY topic_key
    HAVING COUNT(*) <= (SELECT :topic_share * paper_count + 10 FROM corpus)
),

author_topics AS (
    SELECT
        readable.author_id,
        named.topic_key,
        ROUND(CAST(COUNT(*) AS DOUBLE) / SQRT(MAX(telling.paper_count)), 12) AS salience,
        MAX(readable.pmid) AS pmid
    FROM readable
    INNER JOIN named ON readable.pmid = named.pmid
    INNER JOIN telling ON named.topic_key = telling.topic_key
    GROUP BY readable.author_id, named.topic_key
),

author_topics_placed AS (
    SELECT
        author_id,
        topic_key,
        salience,
        pmid,
        ROW_NUMBER() OVER (
            PARTITION BY author_id ORDER BY ROUND(salience, 10) DESC, topic_key
        ) AS place
    FROM author_topics
),

shared_topics AS (
    SELECT
        ranking.author_id,
        ranking.candidate_id,
        printed.topic,
        own.pmid,
        theirs.pmid AS other_pmid,
        CAST(
            ROW_NUMBER() OVER (
                PARTITION BY ranking.author_id, ranking.candidate_id
                ORDER BY ROUND(own.salience * theirs.salience, 10) DESC, own.topic_key
            ) AS INT
        ) AS place
    FROM ranking
    INNER JOIN author_topics_placed AS own ON ranking.author_id = own.author_id
    INNER JOIN author_topics_placed AS theirs
        ON
            ranking.candidate_id = theirs.author_id
            AND own.topic_key = theirs.topic_key
    INNER JOIN printed ON own.topic_key = printed.topic_key
    WHERE own.place <= 30 AND theirs.place <= 30
),

-- journals by their letters: a yearly volume is no other journal
printed_in AS (
    SELECT
        identities.author_id,
        TRANSLATE(LOWER(publications.journal), '0123456789 .,:;-()/&[]', '') AS journal_key,
        MAX(publications.pmid) AS pmid
    FROM identities
    INNER JOIN publications ON identities.pmid = publications.pmid
    WHERE publications.journal IS NOT NULL AND NOT publications.is_retracted
    GROUP BY
        identities.author_id,
        TRANSLATE(LOWER(publications.journal), '0123456789 .,:;-()/&[]', '')
),

shared_journals AS (
    SELECT
        ranking.author_id,
        ranking.candidate_id,
        publications.journal,
        own.pmid,
        theirs.pmid AS other_pmid,
        ROW_NUMBER() OVER (
            PARTITION BY ranking.author_id, ranking.candidate_id
            ORDER BY LEAST(own.pmid, theirs.pmid) DESC, own.journal_key
        ) AS place
    FROM ranking
    INNER JOIN printed_in AS own ON ranking.author_id = own.author_id
    INNER JOIN printed_in AS theirs
        ON ranking.candidate_id = theirs.author_id AND own.journal_key = theirs.journal_key
    INNER JOIN publications ON own.pmid = publications.pmid
    WHERE ranking.from_venues <> 0
),

-- an institution of both; one with a department in common first, then the latest
shared_workplaces AS (
    SELECT
        ranking.author_id,
        ranking.candidate_id,
        CASE
            WHEN own.department IS NOT NULL AND own.department_key = theirs.department_key
                THEN CONCAT(own.department, ', ', own.institution)
            ELSE own.institution
        END AS workplace,
        ROW_NUMBER() OVER (
            PARTITION BY ranking.author_id, ranking.candidate_id
            ORDER BY
                CASE
                    WHEN own.department_key <> '' AND own.department_key = theirs.department_key
                        THEN 0
                    ELSE 1
                END,
                own.rank,
                theirs.rank,
                own.affiliation_key,
                own.department_key,
                theirs.department_key
        ) AS place
    FROM ranking
    INNER JOIN author_affiliations AS own ON ranking.author_id = own.author_id
    INNER JOIN author_affiliations AS theirs
        ON
            ranking.candidate_id = theirs.author_id
            AND own.affiliation_key = theirs.affiliation_key
    WHERE ranking.from_workplace <> 0
),

told AS (
    SELECT
        author_id,
        candidate_id,
        'topics' AS kind,
        from_topics AS contribution,
        pmid,
        other_pmid
    FROM ranking
    UNION ALL
    SELECT
        author_id,
        candidate_id,
        'activity',
        from_activity,
        CAST(NULL AS BIGINT),
        CAST(NULL AS BIGINT)
    FROM ranking
    UNION ALL
    SELECT
        author_id,
        candidate_id,
        'career',
        from_career,
        CAST(NULL AS BIGINT),
        CAST(NULL AS BIGINT)
    FROM ranking
),

recent AS (
    SELECT
        author_id,
        MAX_BY(
            pmid,
            CAST(
                YEAR(entered_on) * 10000 + MONTH(entered_on) * 100 + DAY(entered_on) AS BIGINT
            ) * CAST(10000000000 AS BIGINT) + pmid
        ) AS pmid
    FROM readable
    GROUP BY author_id
)

SELECT
    author_id,
    candidate_id,
    'shared_coauthor' AS kind,
    place,
    contribution,
    person_id,
    CAST(NULL AS BIGINT) AS other_person_id,
    CAST(NULL AS STRING) AS topic,
    pmid,
    other_pmid
FROM shared_kept
UNION ALL
SELECT
    paths.author_id,
    paths.candidate_id,
    'path',
    paths.place,
    CAST(0 AS DOUBLE),
    paths.person_id,
    paths.other_person_id,
    CAST(NULL AS STRING),
    ties.last_pmid,
    CAST(NULL AS BIGINT)
FROM paths
INNER JOIN ties ON paths.person_id = ties.author_id AND paths.other_person_id = ties.coauthor_id
UNION ALL
SELECT
    ranking.author_id,
    ranking.candidate_id,
    'walk',
    CAST(1 AS INT),
    ranking.from_coauthors * COALESCE(rest.share, CAST(1 AS DOUBLE)),
    CAST(NULL AS BIGINT),
    CAST(NULL AS BIGINT),
    CAST(NULL AS STRING),
    CAST(NULL AS BIGINT),
    CAST(NULL AS BIGINT)
FROM ranking
LEFT JOIN rest
    ON
        ranking.author_id = rest.author_id
        AND ranking.candidate_id = rest.candidate_id
UNION ALL
SELECT
    author_id,
    candidate_id,
    'shared_topic',
    place,
    CAST(0 AS DOUBLE),
    CAST(NULL AS BIGINT),
    CAST(NULL AS BIGINT),
    topic,
    pmid,
    other_pmid
FROM shared_topics
WHERE place <= :shared_topics
UNION ALL
SELECT
    author_id,
    candidate_id,
    kind,
    CAST(1 AS INT),
    contribution,
    CAST(NULL AS BIGINT),
    CAST(NULL AS BIGINT),
    CAST(NULL AS STRING),
    pmid,
    other_pmid
FROM told
WHERE contribution <> 0
UNION ALL
SELECT
    ranking.author_id,
    ranking.candidate_id,
    'venues',
    CAST(1 AS INT),
    ranking.from_venues,
    CAST(NULL AS BIGINT),
    CAST(NULL AS BIGINT),
    shared_journals.journal,
    shared_journals.pmid,
    shared_journals.other_pmid
FROM ranking
LEFT JOIN shared_journals
    ON
        ranking.author_id = shared_journals.author_id
        AND ranking.candidate_id = shared_journals.candidate_id
        AND shared_journals.place = 1
WHERE ranking.from_venues <> 0
UNION ALL
SELECT
    ranking.author_id,
    ranking.candidate_id,
    'workplace',
    CAST(1 AS INT),
    ranking.from_workplace,
    CAST(NULL AS BIGINT),
    CAST(NULL AS BIGINT),
    shared_workplaces.workplace,
    CAST(NULL AS BIGINT),
    CAST(NULL AS BIGINT)
FROM ranking
LEFT JOIN shared_workplaces
    ON
        ranking.author_id = shared_workplaces.author_id
        AND ranking.candidate_id = shared_workplaces.candidate_id
        AND shared_workplaces.place = 1
WHERE ranking.from_workplace <> 0
UNION ALL
SELECT
    ranking.author_id,
    ranking.candidate_id,
    'recent_paper',
    CAST(1 AS INT),
    CAST(0 AS DOUBLE),
    CAST(NULL AS BIGINT),
    CAST(NULL AS BIGINT),
    CAST(NULL AS STRING),
    recent.pmid,
    CAST(NULL AS BIGINT)
FROM ranking
INNER JOIN recent ON ranking.candidate_id = recent.author_id
ORDER BY author_id, candidate_id, kind, place
