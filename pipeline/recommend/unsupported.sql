-- One row a reason that the tables do not bear out: a paper it names is missing or retracted, or
-- does not carry the names or the topic claimed. It looks papers up afresh and shares nothing
-- with reasons.sql. A suggestion with such a reason is left out.
WITH claims AS (
    -- every (person, paper) that a reason asserts
    SELECT author_id, candidate_id, kind, place, author_id AS who, pmid AS paper
    FROM reasons
    WHERE kind IN ('shared_coauthor', 'shared_topic') OR (kind IN ('venues', 'topics') AND pmid IS NOT NULL)
    UNION ALL
    SELECT author_id, candidate_id, kind, place, person_id, pmid
    FROM reasons WHERE kind IN ('shared_coauthor', 'path')
    UNION ALL
    SELECT author_id, candidate_id, kind, place, person_id, other_pmid
    FROM reasons WHERE kind = 'shared_coauthor'
    UNION ALL
    SELECT author_id, candidate_id, kind, place, other_person_id, pmid
    FROM reasons WHERE kind = 'path'
    UNION ALL
    SELECT author_id, candidate_id, kind, place, candidate_id, other_pmid
    FROM reasons
    WHERE kind IN ('shared_coauthor', 'shared_topic') OR (kind IN ('venues', 'topics') AND pmid IS NOT NULL)
    UNION ALL
    SELECT author_id, candidate_id, kind, place, candidate_id, pmid
    FROM reasons WHERE kind = 'recent_paper'
),

topic_claims AS (
    SELECT author_id, candidate_id, kind, place, topic, pmid AS paper
    FROM reasons WHERE kind = 'shared_topic'
    UNION ALL
    SELECT author_id, candidate_id, kind, place, topic, other_pmid
    FROM reasons WHERE kind = 'shared_topic'
),

wrote AS (
    SELECT DISTINCT identities.author_id, identities.pmid
    FROM identities
    INNER JOIN publications ON identities.pmid = publications.pmid
    WHERE NOT publications.is_retracted
),

about AS (
    SELECT DISTINCT pmid, LOWER(name) AS topic FROM topics
)

SELECT claims.author_id, claims.candidate_id, claims.kind, claims.place, claims.paper AS pmid
FROM claims
LEFT JOIN wrote ON claims.who = wrote.author_id AND claims.paper = wrote.pmid
WHERE wrote.pmid IS NULL
UNION
SELECT
    topic_claims.author_id,
    topic_claims.candidate_id,
    topic_claims.kind,
    topic_claims.place,
    topic_claims.paper
FROM topic_claims
LEFT JOIN about ON topic_claims.paper = about.pmid AND LOWER(topic_claims.topic) = about.topic
WHERE about.pmid IS NULL
UNION
SELECT claims.author_id, claims.candidate_id, claims.kind, claims.place, claims.paper
FROM claims
INNER JOIN reasons
    ON
        claims.author_id = reasons.author_id
        AND claims.candidate_id = reasons.candidate_id
        AND claims.kind = reasons.kind
        AND claims.place = reasons.place
INNER JOIN publications ON claims.paper = publications.pmid
WHERE
    claims.kind = 'venues'
    AND TRANSLATE(LOWER(COALESCE(publications.journal, '')), '0123456789 .,:;-()/&[]', '')
    <> TRANSLATE(LOWER(reasons.topic), '0123456789 .,:;-()/&[]', '')
ORDER BY author_id, candidate_id, kind, place
