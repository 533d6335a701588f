"""What pages and portals show of a run: ties, papers and topics of its people; ids of other systems."""

# ruff: noqa: E501  (one column a line reads as a table)
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

HIDDEN = "SELECT 1 FROM suppressed_people AS hidden WHERE hidden.run_id = {table}.run_id AND hidden.author_id = {who}"


def _not_hidden(table: str, *who: str) -> str:
    return " AND ".join(
        f"NOT EXISTS ({HIDDEN.format(table=table, who=f'{table}.{name}')})" for name in who
    )


VIEWS = (
    f"""
CREATE VIEW v1_people AS
SELECT people.run_id, people.author_id, people.display_name, people.name_key, people.orcid,
    people.institution, people.department, people.country, people.publication_count,
    people.first_on, people.last_on, people.is_served, people.has_little_history
FROM current_run
JOIN people ON people.run_id = current_run.run_id
WHERE {_not_hidden("people", "author_id")}
""",
    f"""
CREATE VIEW v1_recommendations AS
SELECT runs.run_id, runs.as_of, runs.generated_at, runs.valid_until, runs.model_version,
    given.author_id, given.rank, given.candidate_id, given.score, given.probability,
    CASE WHEN EXISTS ({HIDDEN.format(table="given", who="given.introducer_id")})
        THEN NULL ELSE given.introducer_id END AS introducer_id,
    given.reasons, runs.horizon_months, given.placed_by,
    author.orcid AS author_orcid, candidate.orcid AS candidate_orcid
FROM current_run
JOIN runs ON runs.run_id = current_run.run_id
JOIN recommendations AS given ON given.run_id = current_run.run_id
LEFT JOIN people AS author
    ON author.run_id = given.run_id AND author.author_id = given.author_id
LEFT JOIN people AS candidate
    ON candidate.run_id = given.run_id AND candidate.author_id = given.candidate_id
WHERE {_not_hidden("given", "author_id", "candidate_id")}
""",
    f"""
CREATE VIEW v1_person_ids AS
SELECT subscribers.person_id, people.author_id
FROM current_run
JOIN people ON people.run_id = current_run.run_id
JOIN subscribers ON subscribers.author_id = people.author_id
WHERE {_not_hidden("people", "author_id")}
""",
    f"""
CREATE VIEW v1_ties AS
SELECT ties.run_id, ties.author_id, ties.coauthor_id, ties.publication_count, ties.last_on
FROM current_run
JOIN ties ON ties.run_id = current_run.run_id
WHERE {_not_hidden("ties", "author_id", "coauthor_id")}
""",
    """
CREATE VIEW v1_papers AS
SELECT papers.run_id, papers.pmid, papers.title, papers.journal, papers.published_on,
    papers.is_retracted
FROM current_run
JOIN papers ON papers.run_id = current_run.run_id
""",
    f"""
CREATE VIEW v1_authored AS
SELECT authored.run_id, authored.author_id, authored.pmid
FROM current_run
JOIN authored ON authored.run_id = current_run.run_id
WHERE {_not_hidden("authored", "author_id")}
""",
    f"""
CREATE VIEW v1_topics AS
SELECT person_topics.run_id, person_topics.author_id, person_topics.topic,
    person_topics.publication_count, person_topics.last_pmid
FROM current_run
JOIN person_topics ON person_topics.run_id = current_run.run_id
WHERE {_not_hidden("person_topics", "author_id")}
""",
)


def upgrade() -> None:
    """Apply this step; runs of before show no ties, papers and topics."""
    # fmt: off
    op.add_column("runs", sa.Column("horizon_months", sa.Integer(), server_default="24", nullable=False, comment="months within which the probabilities of the run hold"))
    op.add_column("recommendations", sa.Column("placed_by", sa.Text(), server_default="score", nullable=False, comment="why it stands at this rank: by its score, or in a place kept for other_institution, other_department or early_career"))
    op.add_column("people", sa.Column("has_little_history", sa.Boolean(), server_default=sa.false(), nullable=False, comment="served though fewer than two papers, or no tie to any coauthor, are known"))
    op.add_column("papers", sa.Column("is_retracted", sa.Boolean(), server_default=sa.false(), nullable=False, comment="retracted, as the run knows"))
    op.create_table("ties",
        sa.Column("run_id", sa.Text(), nullable=False, comment="run that the row belongs to"),
        sa.Column("author_id", sa.BigInteger(), autoincrement=False, nullable=False, comment="the one with the smaller author_id"),
        sa.Column("coauthor_id", sa.BigInteger(), autoincrement=False, nullable=False, comment="author_id of the other; always the greater of the two"),
        sa.Column("publication_count", sa.Integer(), nullable=False, comment="joint papers"),
        sa.Column("last_on", sa.Date(), nullable=False, comment="day the latest joint paper entered PubMed"),
        sa.PrimaryKeyConstraint("run_id", "author_id", "coauthor_id", name=op.f("pk_ties")),
        comment="Who of a run's people has written with whom."
    )
    op.create_index(op.f("ix_ties_coauthor_id"), "ties", ["coauthor_id", "run_id"], unique=False)
    op.create_table("authored",
        sa.Column("run_id", sa.Text(), nullable=False, comment="run that the row belongs to"),
        sa.Column("author_id", sa.BigInteger(), autoincrement=False, nullable=False, comment="author of the paper"),
        sa.Column("pmid", sa.BigInteger(), autoincrement=False, nullable=False, comment="PubMed identifier"),
        sa.PrimaryKeyConstraint("run_id", "author_id", "pmid", name=op.f("pk_authored")),
        comment="The newest papers of a run's people that stand: at most 10 each, none retracted."
    )
    op.create_table("person_topics",
        sa.Column("run_id", sa.Text(), nullable=False, comment="run that the row belongs to"),
        sa.Column("author_id", sa.BigInteger(), autoincrement=False, nullable=False, comment="who writes about it"),
        sa.Column("topic", sa.Text(), nullable=False, comment="MeSH heading or keyword"),
        sa.Column("publication_count", sa.Integer(), nullable=False, comment="papers of the person that have it"),
        sa.Column("last_pmid", sa.BigInteger(), nullable=False, comment="the newest of them"),
        sa.PrimaryKeyConstraint("run_id", "author_id", "topic", name=op.f("pk_person_topics")),
        comment="What a run's people write about: at most 10 topics each, those that tell most."
    )
    op.create_index(op.f("ix_person_topics_topic"), "person_topics", ["topic", "run_id"], unique=False)
    op.create_table("portal_roles",
        sa.Column("role_name", sa.Text(), nullable=False, comment="PostgreSQL role that reads the views"),
        sa.Column("institution", sa.Text(), nullable=True, comment="whose people's recommendations it sees; null: everybody's"),
        sa.PrimaryKeyConstraint("role_name", name=op.f("pk_portal_roles")),
        comment="Which read-only role sees whose recommendations; `confrere grants` writes it."
    )
    op.create_index(op.f("ix_subscribers_author_id"), "subscribers", ["author_id"], unique=False)
    if op.get_bind().dialect.name == "postgresql":  # SQLite keeps no comments
        op.alter_column("recommendations", "probability", existing_type=sa.Float(), existing_nullable=True, comment="calibrated probability of a joint paper within horizon_months; a gate refuses null")
        op.alter_column("recommendations", "reasons", existing_type=sa.Text(), existing_nullable=False, comment="JSON array, strongest first: kind, contribution and, where they apply, person_id, other_person_id, topic, pmid, other_pmid; reasons.schema.json is its JSON Schema")
        op.create_table_comment("papers", "The papers that a run's reasons name and the newest of its people, and no others.")
        op.create_table_comment("people", "Everyone a run serves, suggests or names in a reason, and the strongest coauthors of the served.")
    # fmt: on
    op.execute("DROP VIEW v1_recommendations")
    op.execute("DROP VIEW v1_people")
    for view in VIEWS:
        op.execute(view)
