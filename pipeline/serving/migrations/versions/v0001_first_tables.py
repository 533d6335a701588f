"""The first tables, and the views that platforms read."""

# ruff: noqa: E501  (one column a line reads as a table)
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

V1_RUNS = """
CREATE VIEW v1_runs AS
SELECT runs.run_id, runs.as_of, runs.generated_at, runs.valid_until, runs.model_version,
    runs.row_count, runs.author_count, runs.people_count,
    COALESCE(runs.run_id = current_run.run_id, FALSE) AS is_current
FROM runs CROSS JOIN current_run
WHERE runs.status = 'served'
"""

V1_PEOPLE = """
CREATE VIEW v1_people AS
SELECT people.run_id, people.author_id, people.display_name, people.name_key, people.orcid,
    people.institution, people.department, people.country, people.publication_count,
    people.first_on, people.last_on, people.is_served
FROM current_run
JOIN people ON people.run_id = current_run.run_id
WHERE NOT EXISTS (
    SELECT 1 FROM suppressed_people AS hidden
    WHERE hidden.run_id = people.run_id AND hidden.author_id = people.author_id
)
"""

V1_RECOMMENDATIONS = """
CREATE VIEW v1_recommendations AS
SELECT runs.run_id, runs.as_of, runs.generated_at, runs.valid_until, runs.model_version,
    given.author_id, given.rank, given.candidate_id, given.score, given.probability,
    CASE WHEN EXISTS (
        SELECT 1 FROM suppressed_people AS hidden
        WHERE hidden.run_id = given.run_id AND hidden.author_id = given.introducer_id
    ) THEN NULL ELSE given.introducer_id END AS introducer_id,
    given.reasons
FROM current_run
JOIN runs ON runs.run_id = current_run.run_id
JOIN recommendations AS given ON given.run_id = current_run.run_id
WHERE NOT EXISTS (
    SELECT 1 FROM suppressed_people AS hidden
    WHERE hidden.run_id = given.run_id AND hidden.author_id = given.author_id
) AND NOT EXISTS (
    SELECT 1 FROM suppressed_people AS hidden
    WHERE hidden.run_id = given.run_id AND hidden.author_id = given.candidate_id
)
"""


def upgrade() -> None:
    """Apply this step."""
    # fmt: off
    op.create_table("papers",
        sa.Column("run_id", sa.Text(), nullable=False, comment="run that the row belongs to"),
        sa.Column("pmid", sa.BigInteger(), autoincrement=False, nullable=False, comment="PubMed identifier"),
        sa.Column("title", sa.Text(), nullable=False, comment="title; inline <i> <b> <u> <sub> <sup> as markup, all else escaped"),
        sa.Column("journal", sa.Text(), nullable=True, comment="journal title"),
        sa.Column("published_on", sa.Date(), nullable=True, comment="publication date; first of the month or year where no day is printed"),
        sa.PrimaryKeyConstraint("run_id", "pmid", name=op.f("pk_papers")),
        comment="The papers that a run's reasons name, and no others."
    )
    op.create_table("people",
        sa.Column("run_id", sa.Text(), nullable=False, comment="run that the row belongs to"),
        sa.Column("author_id", sa.BigInteger(), autoincrement=False, nullable=False, comment="stable identifier of a person"),
        sa.Column("display_name", sa.Text(), nullable=False, comment="fullest printed name"),
        sa.Column("name_key", sa.Text(), nullable=False, comment="display_name without case, accents and punctuation, for searching"),
        sa.Column("orcid", sa.Text(), nullable=True, comment="ORCID iD as 0000-0000-0000-000X"),
        sa.Column("institution", sa.Text(), nullable=True, comment="institution of the latest paper that names one"),
        sa.Column("department", sa.Text(), nullable=True, comment="department printed with that institution"),
        sa.Column("country", sa.Text(), nullable=True, comment="country printed with that institution"),
        sa.Column("publication_count", sa.Integer(), nullable=False, comment="papers"),
        sa.Column("first_on", sa.Date(), nullable=False, comment="day the first paper entered PubMed"),
        sa.Column("last_on", sa.Date(), nullable=False, comment="day the latest paper entered PubMed"),
        sa.Column("is_served", sa.Boolean(), nullable=False, comment="receives recommendations in this run"),
        sa.PrimaryKeyConstraint("run_id", "author_id", name=op.f("pk_people")),
        comment="Everyone a run serves, suggests or names in a reason."
    )
    op.create_index(op.f("ix_people_orcid"), "people", ["orcid", "run_id"], unique=False)
    op.create_table("recommendations",
        sa.Column("run_id", sa.Text(), nullable=False, comment="run that the row belongs to"),
        sa.Column("author_id", sa.BigInteger(), autoincrement=False, nullable=False, comment="person who receives the suggestion"),
        sa.Column("rank", sa.Integer(), autoincrement=False, nullable=False, comment="1 is best"),
        sa.Column("candidate_id", sa.BigInteger(), nullable=False, comment="author_id of the person suggested"),
        sa.Column("score", sa.Float(), nullable=True, comment="sum of the contributions of the reasons; a gate refuses null"),
        sa.Column("probability", sa.Float(), nullable=True, comment="calibrated probability of a joint paper within 24 months; null until a model is trained"),
        sa.Column("introducer_id", sa.BigInteger(), nullable=True, comment="author_id of who could introduce the two; null where nobody knows both"),
        sa.Column("reasons", sa.Text(), nullable=False, comment="JSON array, strongest first: kind, contribution and, where they apply, person_id, other_person_id, topic, pmid, other_pmid"),
        sa.PrimaryKeyConstraint("run_id", "author_id", "rank", name=op.f("pk_recommendations")),
        comment="Whom to work with next, run by run."
    )
    op.create_table("runs",
        sa.Column("run_id", sa.Text(), nullable=False, comment="name of the run"),
        sa.Column("as_of", sa.Date(), nullable=False, comment="last day whose PubMed records the run knows of"),
        sa.Column("generated_at", sa.DateTime(timezone=True), nullable=False, comment="instant the run was made, UTC"),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False, comment="instant after which the run should count as stale, UTC"),
        sa.Column("model_version", sa.Text(), nullable=False, comment="what ranked the recommendations"),
        sa.Column("made_from", sa.Text(), nullable=False, comment="fingerprint of the inputs: equal inputs are not published twice"),
        sa.Column("status", sa.Text(), nullable=False, comment="loading; served: passed the gates; refused by a gate; retired: rows deleted"),
        sa.Column("row_count", sa.BigInteger(), nullable=False, comment="recommendations of the run"),
        sa.Column("author_count", sa.BigInteger(), nullable=False, comment="people who receive recommendations"),
        sa.Column("people_count", sa.BigInteger(), nullable=False, comment="people of the run, served or named"),
        sa.CheckConstraint("status IN ('loading', 'served', 'refused', 'retired')", name=op.f("ck_runs_status")),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_runs")),
        comment="Every run that was ever published or refused."
    )
    op.create_table("subscribers",
        sa.Column("person_id", sa.Text(), nullable=False, comment="the institution's own identifier"),
        sa.Column("name", sa.Text(), nullable=False, comment="name on the roster"),
        sa.Column("email", sa.Text(), nullable=False, comment="address on the roster"),
        sa.Column("address_hash", sa.Text(), nullable=False, comment="keyed hash of the address, to compare with suppressions"),
        sa.Column("orcid", sa.Text(), nullable=True, comment="ORCID iD on the roster"),
        sa.Column("department", sa.Text(), nullable=True, comment="department on the roster"),
        sa.Column("wants_digest", sa.Boolean(), nullable=False, comment="has opted in to the digest"),
        sa.Column("author_id", sa.BigInteger(), nullable=True, comment="who this is in the current run; null where unknown"),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, comment="instant of the last import that held this person, UTC"),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_subscribers")),
        comment="The institution's roster."
    )
    op.create_table("suppressed_people",
        sa.Column("run_id", sa.Text(), nullable=False, comment="run that the row belongs to"),
        sa.Column("author_id", sa.BigInteger(), autoincrement=False, nullable=False, comment="who the evidence is in this run"),
        sa.Column("suppressed_at", sa.DateTime(timezone=True), nullable=False, comment="instant of the earliest evidence, UTC"),
        sa.PrimaryKeyConstraint("run_id", "author_id", name=op.f("pk_suppressed_people")),
        comment="The suppressions as resolved for a run: the views leave these people out."
    )
    op.create_table("suppressions",
        sa.Column("kind", sa.Text(), nullable=False, comment="orcid, address_hash or mention"),
        sa.Column("value", sa.Text(), nullable=False, comment="ORCID iD; keyed hash of an address; pmid:position"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, comment="instant of the wish, UTC"),
        sa.Column("created_by", sa.Text(), nullable=False, comment="who wrote it down, and why"),
        sa.CheckConstraint("kind IN ('orcid', 'address_hash', 'mention')", name=op.f("ck_suppressions_kind")),
        sa.PrimaryKeyConstraint("kind", "value", name=op.f("pk_suppressions")),
        comment="Who wants to be left alone, as evidence that survives re-clustering. No stage of the pipeline writes here."
    )
    op.create_table("current_run",
        sa.Column("slot", sa.Integer(), autoincrement=False, nullable=False, comment="always 1: the table has exactly one row"),
        sa.Column("run_id", sa.Text(), nullable=True, comment="the run that is served; null before the first"),
        sa.CheckConstraint("slot = 1", name=op.f("ck_current_run_one_row")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"], name=op.f("fk_current_run_run_id")),
        sa.PrimaryKeyConstraint("slot", name=op.f("pk_current_run")),
        comment="The pointer to the run that is served."
    )
    op.create_table("deliveries",
        sa.Column("delivery_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False, comment="number of the delivery"),
        sa.Column("person_id", sa.Text(), nullable=False, comment="who it is for"),
        sa.Column("run_id", sa.Text(), nullable=False, comment="run that the row belongs to"),
        sa.Column("message_id", sa.Text(), nullable=False, comment="Message-ID; unique, so that a message is claimed once"),
        sa.Column("state", sa.Text(), nullable=False, comment="pending: claimed; written: in the outbox folder; failed"),
        sa.Column("subject", sa.Text(), nullable=False, comment="Subject header"),
        sa.Column("path", sa.Text(), nullable=True, comment="file in the outbox folder"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, comment="instant of the claim, UTC"),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True, comment="instant of delivery, UTC"),
        sa.Column("error", sa.Text(), nullable=True, comment="why it failed"),
        sa.CheckConstraint("state IN ('pending', 'written', 'failed')", name=op.f("ck_deliveries_state")),
        sa.ForeignKeyConstraint(["person_id"], ["subscribers.person_id"], name=op.f("fk_deliveries_person_id")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"], name=op.f("fk_deliveries_run_id")),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("message_id", name=op.f("uq_deliveries_message_id")),
        comment="The outbox: a row is claimed before anything is sent."
    )
    op.create_index(op.f("ix_deliveries_person_id"), "deliveries", ["person_id"], unique=False)
    op.create_table("gate_results",
        sa.Column("run_id", sa.Text(), nullable=False, comment="run that the row belongs to"),
        sa.Column("name", sa.Text(), nullable=False, comment="name of the gate"),
        sa.Column("severity", sa.Text(), nullable=False, comment="error: a red gate refuses the run; warning: it is only noted"),
        sa.Column("value", sa.Float(), nullable=False, comment="what the check measured"),
        sa.Column("threshold", sa.Float(), nullable=False, comment="largest value that passes"),
        sa.Column("passed", sa.Boolean(), nullable=False, comment="value <= threshold"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"], name=op.f("fk_gate_results_run_id")),
        sa.PrimaryKeyConstraint("run_id", "name", name=op.f("pk_gate_results")),
        comment="What each gate measured on each run."
    )
    op.create_table("delivered_suggestions",
        sa.Column("delivery_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False, comment="delivery that held it"),
        sa.Column("candidate_id", sa.BigInteger(), autoincrement=False, nullable=False, comment="author_id of the person suggested"),
        sa.Column("candidate_orcid", sa.Text(), nullable=True, comment="their ORCID iD: knows them again after re-clustering"),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.delivery_id"], name=op.f("fk_delivered_suggestions_delivery_id")),
        sa.PrimaryKeyConstraint("delivery_id", "candidate_id", name=op.f("pk_delivered_suggestions")),
        comment="Whom each digest suggested, so that nobody is suggested twice."
    )
    # fmt: on
    op.execute("INSERT INTO current_run (slot, run_id) VALUES (1, NULL)")
    for view in (V1_RUNS, V1_PEOPLE, V1_RECOMMENDATIONS):
        op.execute(view)
