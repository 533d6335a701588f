-- One row a person of the run and a paper of theirs that stands: the 10 that entered PubMed last.
WITH wrote AS (
    SELECT DISTINCT identities.author_id, publications.pmid, publications.entered_on
    FROM identities
    JOIN people ON people.author_id = identities.author_id
    JOIN publications ON publications.pmid = identities.pmid
    WHERE NOT publications.is_retracted
),
placed AS (
    SELECT
        author_id,
        pmid,
        ROW_NUMBER() OVER (PARTITION BY author_id ORDER BY entered_on DESC, pmid DESC) AS place
    FROM wrote
)
SELECT author_id, pmid FROM placed WHERE place <= 10 ORDER BY author_id, pmid
