"""Tables of the serving database, declared once for SQLite and PostgreSQL.

A run's rows stand beside those of other runs; `current_run` says which run is served. The views
`v1_*` follow that pointer and leave out suppressed people: platforms read the views, never the
tables. `migrations/` builds what is declared here; a test holds the two against each other.
"""

# ruff: noqa: E501  (one column a line reads as a table)
from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    select,
)

METADATA = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)
VIEWS = MetaData()


class Instant(TypeDecorator[datetime]):
    """An aware instant in UTC; SQLite keeps it as text without the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn any aware instant into UTC; refuse a naive one."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the instant back in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


def _column(name: str, type_: Any, comment: str, *rest: Any, **options: Any) -> Column[Any]:
    """Declare a column that is not null unless it says so."""
    options.setdefault("nullable", False)
    return Column(name, type_, *rest, comment=comment, **options)


def _run_id(*rest: Any, **options: Any) -> Column[Any]:
    return _column("run_id", Text, "run that the row belongs to", *rest, **options)


RUNS = Table(
    "runs",
    METADATA,
    _column("run_id", Text, "name of the run", primary_key=True),
    _column("as_of", Date, "last day whose PubMed records the run knows of"),
    _column("generated_at", Instant, "instant the run was made, UTC"),
    _column("valid_until", Instant, "instant after which the run should count as stale, UTC"),
    _column("model_version", Text, "what ranked the recommendations"),
    _column("made_from", Text, "fingerprint of the inputs: equal inputs are not published twice"),
    _column("status", Text, "loading; served: passed the gates; refused by a gate; retired: rows deleted"),
    _column("row_count", BigInteger, "recommendations of the run"),
    _column("author_count", BigInteger, "people who receive recommendations"),
    _column("people_count", BigInteger, "people of the run, served or named"),
    _column("horizon_months", Integer, "months within which the probabilities of the run hold", server_default="24"),
    CheckConstraint("status IN ('loading', 'served', 'refused', 'retired')", name="status"),
    comment="Every run that was ever published or refused.",
)  # fmt: skip

CURRENT_RUN = Table(
    "current_run",
    METADATA,
    _column("slot", Integer, "always 1: the table has exactly one row", primary_key=True, autoincrement=False),
    _column("run_id", Text, "the run that is served; null before the first", ForeignKey("runs.run_id"), nullable=True),
    CheckConstraint("slot = 1", name="one_row"),
    comment="The pointer to the run that is served.",
)  # fmt: skip

RECOMMENDATIONS = Table(
    "recommendations",
    METADATA,
    _run_id(primary_key=True),
    _column("author_id", BigInteger, "person who receives the suggestion", primary_key=True, autoincrement=False),
    _column("rank", Integer, "1 is best", primary_key=True, autoincrement=False),
    _column("candidate_id", BigInteger, "author_id of the person suggested"),
    _column("score", Float, "sum of the contributions of the reasons; a gate refuses null", nullable=True),
    _column("probability", Float, "calibrated probability of a joint paper within horizon_months; a gate refuses null", nullable=True),
    _column("introducer_id", BigInteger, "author_id of who could introduce the two; null where nobody knows both", nullable=True),
    _column("reasons", Text, "JSON array, strongest first: kind, contribution and, where they apply, person_id, other_person_id, topic, pmid, other_pmid; reasons.schema.json is its JSON Schema"),
    _column("placed_by", Text, "why it stands at this rank: by its score, or in a place kept for other_institution, other_department or early_career", server_default="score"),
    comment="Whom to work with next, run by run.",
)  # fmt: skip

PEOPLE = Table(
    "people",
    METADATA,
    _run_id(primary_key=True),
    _column("author_id", BigInteger, "stable identifier of a person", primary_key=True, autoincrement=False),
    _column("display_name", Text, "fullest printed name"),
    _column("name_key", Text, "display_name without case, accents and punctuation, for searching"),
    _column("orcid", Text, "ORCID iD as 0000-0000-0000-000X", nullable=True),
    _column("institution", Text, "institution of the latest paper that names one", nullable=True),
    _column("department", Text, "department printed with that institution", nullable=True),
    _column("country", Text, "country printed with that institution", nullable=True),
    _column("publication_count", Integer, "papers"),
    _column("first_on", Date, "day the first paper entered PubMed"),
    _column("last_on", Date, "day the latest paper entered PubMed"),
    _column("is_served", Boolean, "receives recommendations in this run"),
    _column("has_little_history", Boolean, "served though fewer than two papers, or no tie to any coauthor, are known", server_default=false()),
    Index(None, "orcid", "run_id"),
    comment="Everyone a run serves, suggests or names in a reason, and the strongest coauthors of the served.",
)  # fmt: skip

PAPERS = Table(
    "papers",
    METADATA,
    _run_id(primary_key=True),
    _column("pmid", BigInteger, "PubMed identifier", primary_key=True, autoincrement=False),
    _column("title", Text, "title; inline <i> <b> <u> <sub> <sup> as markup, all else escaped"),
    _column("journal", Text, "journal title", nullable=True),
    _column("published_on", Date, "publication date; first of the month or year where no day is printed", nullable=True),
    _column("is_retracted", Boolean, "retracted, as the run knows", server_default=false()),
    comment="The papers that a run's reasons name and the newest of its people, and no others.",
)  # fmt: skip

TIES = Table(
    "ties",
    METADATA,
    _run_id(primary_key=True),
    _column("author_id", BigInteger, "the one with the smaller author_id", primary_key=True, autoincrement=False),
    _column("coauthor_id", BigInteger, "author_id of the other; always the greater of the two", primary_key=True, autoincrement=False),
    _column("publication_count", Integer, "joint papers"),
    _column("last_on", Date, "day the latest joint paper entered PubMed"),
    Index(None, "coauthor_id", "run_id"),
    comment="Who of a run's people has written with whom.",
)  # fmt: skip

AUTHORED = Table(
    "authored",
    METADATA,
    _run_id(primary_key=True),
    _column("author_id", BigInteger, "author of the paper", primary_key=True, autoincrement=False),
    _column("pmid", BigInteger, "PubMed identifier", primary_key=True, autoincrement=False),
    comment="The newest papers of a run's people that stand: at most 10 each, none retracted.",
)  # fmt: skip

PERSON_TOPICS = Table(
    "person_topics",
    METADATA,
    _run_id(primary_key=True),
    _column("author_id", BigInteger, "who writes about it", primary_key=True, autoincrement=False),
    _column("topic", Text, "MeSH heading or keyword", primary_key=True),
    _column("publication_count", Integer, "papers of the person that have it"),
    _column("last_pmid", BigInteger, "the newest of them"),
    Index(None, "topic", "run_id"),
    comment="What a run's people write about: at most 10 topics each, those that tell most.",
)  # fmt: skip

GATE_RESULTS = Table(
    "gate_results",
    METADATA,
    _run_id(ForeignKey("runs.run_id"), primary_key=True),
    _column("name", Text, "name of the gate", primary_key=True),
    _column("severity", Text, "error: a red gate refuses the run; warning: it is only noted"),
    _column("value", Float, "what the check measured"),
    _column("threshold", Float, "largest value that passes"),
    _column("passed", Boolean, "value <= threshold"),
    comment="What each gate measured on each run.",
)

SUPPRESSIONS = Table(
    "suppressions",
    METADATA,
    _column("kind", Text, "orcid, address_hash or mention", primary_key=True),
    _column("value", Text, "ORCID iD; keyed hash of an address; pmid:position", primary_key=True),
    _column("created_at", Instant, "instant of the wish, UTC"),
    _column("created_by", Text, "who wrote it down, and why"),
    CheckConstraint("kind IN ('orcid', 'address_hash', 'mention')", name="kind"),
    comment="Who wants to be left alone, as evidence that survives re-clustering. No stage of the pipeline writes here.",
)

SUPPRESSED_PEOPLE = Table(
    "suppressed_people",
    METADATA,
    _run_id(primary_key=True),
    _column("author_id", BigInteger, "who the evidence is in this run", primary_key=True, autoincrement=False),
    _column("suppressed_at", Instant, "instant of the earliest evidence, UTC"),
    comment="The suppressions as resolved for a run: the views leave these people out.",
)  # fmt: skip

SERVED_IDS = Table(
    "served_ids",
    METADATA,
    _column("author_id", BigInteger, "author id that a served run has shown", primary_key=True, autoincrement=False),
    comment="Every author id that was ever served: each of them resolves for ever.",
)  # fmt: skip

REDIRECTS = Table(
    "redirects",
    METADATA,
    _run_id(primary_key=True),
    _column("author_id", BigInteger, "author id that was served once and that nobody bears in this run", primary_key=True, autoincrement=False),
    _column("current_id", BigInteger, "author_id of who it is in this run; null where PubMed has none of the papers", nullable=True),
    Index(None, "author_id"),
    Index(None, "current_id"),
    comment="Where author ids lead that were given up, run by run.",
)  # fmt: skip

SUBSCRIBERS = Table(
    "subscribers",
    METADATA,
    _column("person_id", Text, "the institution's own identifier", primary_key=True),
    _column("name", Text, "name on the roster"),
    _column("email", Text, "address on the roster"),
    _column("address_hash", Text, "keyed hash of the address, to compare with suppressions"),
    _column("orcid", Text, "ORCID iD on the roster", nullable=True),
    _column("department", Text, "department on the roster", nullable=True),
    _column("institution", Text, "institution on the roster", nullable=True),
    _column("pmids", Text, "PMIDs of papers known to be theirs, separated by spaces", nullable=True),
    _column("past_affiliations", Text, "earlier institutions, separated by semicolons", nullable=True),
    _column("wants_digest", Boolean, "has opted in to the digest"),
    _column("author_id", BigInteger, "who this is in the current run; null where unknown", nullable=True),
    _column("updated_at", Instant, "instant of the last import that held this person, UTC"),
    _column("matched_by", Text, "what says so: decision (a human's), orcid, or matching", nullable=True),
    Index(None, "author_id"),
    comment="The institution's roster.",
)  # fmt: skip

ROSTER_MATCHES = Table(
    "roster_matches",
    METADATA,
    _column("person_id", Text, "who on the roster", primary_key=True),
    _column("author_id", BigInteger, "whom the lake's tables call so now", primary_key=True, autoincrement=False),
    _column("status", Text, "matched: sure enough to be used; to decide: by a human; confirmed, rejected: what a human said"),
    _column("confidence", Float, "that the two are one person, in [0, 1]; null where only a human says so", nullable=True),
    _column("evidence", Text, "JSON array of facts, strongest first: kind, weight in log-odds and, where they apply, agrees, pmid, papers"),
    _column("decided_by", Text, "whose decision it was", nullable=True),
    _column("decided_at", Instant, "instant of the decision, UTC", nullable=True),
    CheckConstraint("status IN ('matched', 'to decide', 'confirmed', 'rejected')", name="status"),
    Index(None, "author_id"),
    comment="Whom the people of the roster may be; made anew for each run.",
)  # fmt: skip

ROSTER_DECISIONS = Table(
    "roster_decisions",
    METADATA,
    _column("decision_id", BigInteger().with_variant(Integer, "sqlite"), "number of the decision; the newest holds", primary_key=True),
    _column("person_id", Text, "who on the roster"),
    _column("author_id", BigInteger, "whom it was about, as called on that day"),
    _column("is_same", Boolean, "whether the two are one person"),
    _column("orcid", Text, "ORCID iD of the author on that day", nullable=True),
    _column("decided_by", Text, "who decided"),
    _column("decided_at", Instant, "instant of the decision, UTC"),
    Index(None, "person_id"),
    comment="What humans said of matches. Rows are added and never changed; no stage of the pipeline writes here.",
)  # fmt: skip

ROSTER_DECISION_MENTIONS = Table(
    "roster_decision_mentions",
    METADATA,
    _column("decision_id", BigInteger().with_variant(Integer, "sqlite"), "decision that it belongs to", ForeignKey("roster_decisions.decision_id"), primary_key=True, autoincrement=False),
    _column("pmid", BigInteger, "a paper of the author on that day", primary_key=True, autoincrement=False),
    _column("position", Integer, "place in its author list, from 1", primary_key=True, autoincrement=False),
    comment="By what a decision knows its author again after re-clustering.",
)  # fmt: skip

DELIVERIES = Table(
    "deliveries",
    METADATA,
    _column("delivery_id", BigInteger().with_variant(Integer, "sqlite"), "number of the delivery", primary_key=True),
    _column("person_id", Text, "who it is for", ForeignKey("subscribers.person_id")),
    _run_id(ForeignKey("runs.run_id")),
    _column("message_id", Text, "Message-ID; unique, so that a message is claimed once"),
    _column("state", Text, "pending: claimed; written: in the outbox folder; failed"),
    _column("subject", Text, "Subject header"),
    _column("path", Text, "file in the outbox folder", nullable=True),
    _column("created_at", Instant, "instant of the claim, UTC"),
    _column("delivered_at", Instant, "instant of delivery, UTC", nullable=True),
    _column("error", Text, "why it failed", nullable=True),
    UniqueConstraint("message_id"),
    CheckConstraint("state IN ('pending', 'written', 'failed')", name="state"),
    Index(None, "person_id"),
    comment="The outbox: a row is claimed before anything is sent.",
)  # fmt: skip

DELIVERED_SUGGESTIONS = Table(
    "delivered_suggestions",
    METADATA,
    _column("delivery_id", BigInteger().with_variant(Integer, "sqlite"), "delivery that held it", ForeignKey("deliveries.delivery_id"), primary_key=True, autoincrement=False),
    _column("candidate_id", BigInteger, "author_id of the person suggested", primary_key=True, autoincrement=False),
    _column("candidate_orcid", Text, "their ORCID iD: knows them again after re-clustering", nullable=True),
    comment="Whom each digest suggested, so that nobody is suggested twice.",
)  # fmt: skip

PORTAL_ROLES = Table(
    "portal_roles",
    METADATA,
    _column("role_name", Text, "PostgreSQL role that reads the views", primary_key=True),
    _column("institution", Text, "whose people's recommendations it sees; null: everybody's", nullable=True),
    comment="Which read-only role sees whose recommendations; `confrere grants` writes it.",
)  # fmt: skip

API_KEYS = Table(
    "api_keys",
    METADATA,
    _column("key_id", BigInteger().with_variant(Integer, "sqlite"), "number of the key", primary_key=True),
    _column("key_hash", Text, "SHA-256 of the token, hex; the token is kept nowhere"),
    _column("name", Text, "who holds it; once among the keys in use"),
    _column("scopes", Text, "read, export, or both with a space between"),
    _column("institution", Text, "whose people's recommendations it sees; null: everybody's", nullable=True),
    _column("created_at", Instant, "instant it was made, UTC"),
    _column("revoked_at", Instant, "instant from which on it opens nothing, UTC", nullable=True),
    _column("last_used_on", Date, "latest day of its use, UTC", nullable=True),
    UniqueConstraint("key_hash"),
    comment="Keys of the API. No stage of the pipeline writes here.",
)  # fmt: skip

RUN_TABLES = (
    RECOMMENDATIONS,
    PEOPLE,
    PAPERS,
    TIES,
    AUTHORED,
    PERSON_TOPICS,
    SUPPRESSED_PEOPLE,
    REDIRECTS,
)
"""The tables whose rows go when a run is retired."""


def _seen(table: Table, *names: str) -> list[Column[Any]]:
    """Columns of a view that show those of a table."""
    return [
        Column(c.name, c.type, comment=c.comment) for c in table.c if not names or c.name in names
    ]


V1_RUNS = Table(
    "v1_runs",
    VIEWS,
    *_seen(RUNS, "run_id", "as_of", "generated_at", "valid_until", "model_version", "row_count", "author_count", "people_count"),
    Column("is_current", Boolean, comment="the run that the other views show"),
    comment="The runs that were served and are still kept.",
)  # fmt: skip
V1_PEOPLE = Table(
    "v1_people",
    VIEWS,
    *_seen(PEOPLE),
    comment="People of the current run, without the suppressed.",
)
V1_RECOMMENDATIONS = Table(
    "v1_recommendations",
    VIEWS,
    *_seen(RUNS, "run_id", "as_of", "generated_at", "valid_until", "model_version"),
    *_seen(RECOMMENDATIONS, "author_id", "rank", "candidate_id", "score", "probability", "introducer_id", "reasons"),
    *_seen(RUNS, "horizon_months"),
    *_seen(RECOMMENDATIONS, "placed_by"),
    Column("author_orcid", Text, comment="ORCID iD of the author; null where none is known"),
    Column("candidate_orcid", Text, comment="ORCID iD of the candidate; null where none is known"),
    comment="Recommendations of the current run, without the suppressed on either side.",
)  # fmt: skip
V1_PERSON_IDS = Table(
    "v1_person_ids",
    VIEWS,
    *_seen(SUBSCRIBERS, "person_id"),
    Column("author_id", BigInteger, comment="who this is in the current run"),
    comment="People of the roster who are known in the current run, without the suppressed: for platforms that use the institution's own identifiers.",
)  # fmt: skip
V1_TIES = Table(
    "v1_ties",
    VIEWS,
    *_seen(TIES),
    comment="Ties between people of the current run, without those of the suppressed; each pair once.",
)
V1_PAPERS = Table(
    "v1_papers",
    VIEWS,
    *_seen(PAPERS),
    comment="Papers that the current run's reasons name, and the newest of its people.",
)
V1_AUTHORED = Table(
    "v1_authored",
    VIEWS,
    *_seen(AUTHORED),
    comment="The newest papers of people of the current run, without those of the suppressed.",
)
V1_TOPICS = Table(
    "v1_topics",
    VIEWS,
    *_seen(PERSON_TOPICS),
    comment="Topics of people of the current run, without those of the suppressed.",
)
V1_REDIRECTS = Table(
    "v1_redirects",
    VIEWS,
    *_seen(REDIRECTS, "author_id"),
    Column("current_author_id", BigInteger, comment=REDIRECTS.c.current_id.comment),
    comment="Author ids that were served once and that nobody bears in the current run, without those of the suppressed.",
)  # fmt: skip


def view_comments() -> list[str]:
    """SQL that writes the meanings of the views and their columns into PostgreSQL."""

    def quoted(text: str | None) -> str:
        return "'" + (text or "").replace("'", "''") + "'"

    return [
        statement
        for view in VIEWS.tables.values()
        for statement in (
            f"COMMENT ON VIEW {view.name} IS {quoted(view.comment)}",
            *(
                f"COMMENT ON COLUMN {view.name}.{column.name} IS {quoted(column.comment)}"
                for column in view.c
            ),
        )
    ]


def hold_pointer(connection: Connection) -> str | None:
    """Read the current run_id and keep the pointer from moving until the transaction ends.

    Whoever writes rows that follow the pointer (suppressions, roster, publish) starts with this,
    so that none of them can miss the other. SQLite has one writer at a time anyway.
    """
    return connection.scalar(select(CURRENT_RUN.c.run_id).with_for_update())
