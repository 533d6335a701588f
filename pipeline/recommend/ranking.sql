-- One row a suggestion: the :kept best candidates of each author. The score is the probability
-- that a short walk over recency-weighted coauthorships ends at the candidate: two steps over one
-- shared coauthor, plus a longer walk that restarts at the author.
WITH scored AS (
    SELECT
        author_id,
        candidate_id,
        resource_allocation,
        resource_allocation + pagerank AS score
    FROM candidates
),

ranked AS (
    SELECT
        author_id,
        candidate_id,
        resource_allocation,
        score,
        CAST(
            ROW_NUMBER() OVER (
                PARTITION BY author_id ORDER BY ROUND(score, 10) DESC, candidate_id
            ) AS INT
        ) AS rank
    FROM scored
)

SELECT author_id, rank, candidate_id, resource_allocation, score
FROM ranked
WHERE rank <= :kept
ORDER BY author_id, rank
