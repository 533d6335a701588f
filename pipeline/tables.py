"""Every lake table, declared once: key, columns, types, ranges, meanings.

`lake` refuses rows that do not fit; the data dictionary (`confrere tables`, docs/tables.md) is
printed from here. A table is stored sorted by its key and holds each key once. A quantity has the
same column name and type in every table: `_id`, `_count`, `_year`; `_on` is a date, `_at` an
instant in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

ID = pa.int64()
COUNT = pa.int32()
TEXT = pa.string()
REAL = pa.float64()
DATE = pa.date32()
FLAG = pa.bool_()
TEXTS = pa.list_(pa.field("element", TEXT))
INSTANT = pa.timestamp("us", tz="UTC")

MENTIONS_PER_PAPER = 100_000
"""An author id is `pmid * MENTIONS_PER_PAPER + position` of the authorship that founded it."""

NOTICE_KINDS = (
    "retraction",
    "partial_retraction",
    "expression_of_concern",
    "erratum",
    "corrected_and_republished",
    "update",
    "other",
)
"""What CommentsCorrections and publication types say of a paper; comments and the rest are `other`."""


def structs(**fields: pa.DataType) -> pa.DataType:
    """Type of a list of small records."""
    return pa.list_(pa.field("element", pa.struct(list(fields.items()))))


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `low` and `high` are inclusive; `values` lists all a text column may hold."""

    name: str
    type: pa.DataType
    meaning: str
    nullable: bool = False
    low: float | None = None
    high: float | None = None
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the lake: `key` names the columns it is sorted by and unique on."""

    name: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    rows_per_group: int = 64_000
    """Rows a Parquet row group: what a writer holds in memory, what a reader skips or reads."""

    @property
    def schema(self) -> pa.Schema:
        """Arrow schema; a field is nullable only where the declaration says so."""
        return pa.schema([pa.field(c.name, c.type, nullable=c.nullable) for c in self.columns])


# Columns that stand in several tables: declared once, so that one name means one thing.
PMID = Column("pmid", ID, "PubMed identifier of the paper", low=1)
POSITION = Column(
    "position", COUNT, "place in the author list, from 1", low=1, high=MENTIONS_PER_PAPER - 1
)
AUTHOR_ID = Column("author_id", ID, "stable identifier of a person", low=1)
COAUTHOR_ID = Column(
    "coauthor_id", ID, "author_id of the other; always the greater of the two", low=1
)
CANDIDATE_ID = Column("candidate_id", ID, "author_id of the person suggested", low=1)
ORCID = Column("orcid", TEXT, "ORCID iD as 0000-0000-0000-000X, checksum verified", nullable=True)
WEIGHT = Column("weight", REAL, "sum over joint papers of half-life decay / (authors - 1)", low=0.0)
PUBLICATIONS = Table(
    "publications",
    "Newest version of each paper.",
    ("pmid",),
    (
        PMID,
        Column("version", COUNT, "PubMed version of the record, from 1", low=1),
        Column(
            "title",
            TEXT,
            "title; inline <i> <b> <u> <sub> <sup> kept as well-formed markup, all else escaped text",
        ),
        Column(
            "abstract",
            TEXT,
            "abstract as plain text, labelled sections on lines of their own",
            nullable=True,
        ),
        Column("journal", TEXT, "journal (or book) title", nullable=True),
        Column(
            "published_on",
            DATE,
            "publication date; first day of a month or year where no day is printed",
            nullable=True,
        ),
        Column(
            "entered_on",
            DATE,
            "day the record entered PubMed (history date 'entrez', else the earliest record date, else 1900-01-01)",
        ),
        Column("revised_on", DATE, "day of the last revision of the record", nullable=True),
        Column("publication_types", TEXTS, "publication types as printed"),
        Column(
            "languages", TEXTS, "languages of the text, ISO 639-2 codes in lower case, in order"
        ),
        Column("doi", TEXT, "DOI, lower case, without resolver address", nullable=True),
        Column("author_count", COUNT, "names in the author list, collectives included", low=0),
        Column("is_retracted", FLAG, "retracted, by its own record or by a retraction notice"),
        Column("is_preprint", FLAG, "a preprint"),
        Column(
            "source_number",
            ID,
            "order in PubMed's log: year * 10000 + number of a baseline or update file, 0 for other sources",
            low=0,
        ),
        Column(
            "checksum",
            TEXT,
            "`xml:` or `nbib:` and a hash of the record: settles ties (the highest wins, so XML does) and shows what changed",
        ),
    ),
    rows_per_group=10_000,
)
AUTHORSHIPS = Table(
    "authorships",
    "One printed name on one paper.",
    ("pmid", "position"),
    (
        PMID,
        POSITION,
        Column("last_name", TEXT, "family name as printed", nullable=True),
        Column(
            "fore_name",
            TEXT,
            "given names as printed, or initials where no more is printed",
            nullable=True,
        ),
        Column("initials", TEXT, "initials as printed", nullable=True),
        Column("suffix", TEXT, "Jr, 3rd, …", nullable=True),
        Column(
            "collective_name",
            TEXT,
            "name of a group that stands as an author; then no personal name",
            nullable=True,
        ),
        ORCID,
        Column(
            "equal_contribution", FLAG, "marked as having contributed as much as others so marked"
        ),
        Column("affiliations", TEXTS, "affiliations as printed, in order"),
        Column(
            "affiliation_identifiers",
            structs(place=COUNT, source=TEXT, value=TEXT),
            "identifiers of the affiliations: place in `affiliations` from 1, source (ROR, GRID, ISNI, …), value as printed",
        ),
    ),
)
TOPICS = Table(
    "topics",
    "What a paper is about: MeSH headings and keywords.",
    ("pmid", "descriptor_ui"),
    (
        PMID,
        Column(
            "descriptor_ui",
            TEXT,
            "MeSH unique identifier, or 'keyword:' + the keyword in lower case",
        ),
        Column("name", TEXT, "heading or keyword as printed"),
        Column("is_major", FLAG, "a major topic of the paper, by itself or by a qualifier"),
        Column(
            "qualifiers",
            structs(qualifier_ui=TEXT, name=TEXT, is_major=FLAG),
            "MeSH qualifiers of the heading, in order",
        ),
    ),
)
NOTICES = Table(
    "notices",
    "What one record says of another or of itself: CommentsCorrections, and the type Retracted Publication. Both directions read alike: which paper is concerned, and which paper says so.",
    ("pmid", "place"),
    (
        PMID,
        Column("place", COUNT, "order in the record, from 1", low=1),
        Column("ref_type", TEXT, "RefType as PubMed prints it, or the publication type"),
        Column(
            "ref_pmid", ID, "the other paper; null where it is not in PubMed", nullable=True, low=1
        ),
        Column("ref_source", TEXT, "the other paper as printed", nullable=True),
        Column("kind", TEXT, "what the notice is", values=NOTICE_KINDS),
        Column(
            "subject_pmid",
            ID,
            "the paper concerned (retracted, corrected, …)",
            nullable=True,
            low=1,
        ),
        Column(
            "notice_pmid",
            ID,
            "the paper that says so; null where it is not known",
            nullable=True,
            low=1,
        ),
    ),
)
CITATIONS = Table(
    "citations",
    "References from one paper to another.",
    ("pmid", "ref_pmid"),
    (PMID, Column("ref_pmid", ID, "PubMed identifier of the paper cited", low=1)),
)
GRANTS = Table(
    "grants",
    "Who paid for it: grants as printed.",
    ("pmid", "place"),
    (
        PMID,
        Column("place", COUNT, "order in the record, from 1", low=1),
        Column("grant_id", TEXT, "number of the grant", nullable=True),
        Column("acronym", TEXT, "of the institute, at the NIH", nullable=True),
        Column("agency", TEXT, "who gave it", nullable=True),
        Column("country", TEXT, "country of the agency", nullable=True),
    ),
)
DELETIONS = Table(
    "deletions",
    "PMIDs that PubMed has withdrawn; they stay out whatever order files arrive in.",
    ("pmid",),
    (
        PMID,
        Column(
            "source_number",
            ID,
            "highest source_number that deletes it: records up to it stay out",
            low=0,
        ),
    ),
)
SOURCES = Table(
    "sources",
    "The ledger of ingest: each file or slice that was read, written together with its effect.",
    ("name",),
    (
        Column("name", TEXT, "file name, or name of the slice"),
        Column(
            "sha256",
            TEXT,
            "checksum of its bytes: the same bytes of the same name are not read twice",
        ),
        Column("byte_count", ID, "size as stored, bytes", low=0),
        Column("record_count", ID, "records in it", low=0),
        Column("deletion_count", ID, "deletions in it", low=0),
        Column("quarantined_count", ID, "records in it that could not be read", low=0),
    ),
)
QUARANTINE = Table(
    "quarantine",
    "Records that could not be read, and PMIDs that PubMed lists and does not deliver: nothing is lost.",
    ("name", "place"),
    (
        Column("name", TEXT, "file or slice, as in sources"),
        Column("place", COUNT, "order among those of its file, from 1", low=1),
        Column("pmid", ID, "PMID, where it could be read", nullable=True, low=1),
        Column("reason", TEXT, "what is wrong"),
        Column(
            "text", TEXT, "the record as it came, damaged bytes replaced; empty where none came"
        ),
    ),
)
MERGES = Table(
    "merges",
    "Log of ingest: what each commit of a run changed.",
    ("started_at", "place"),
    (
        Column("started_at", INSTANT, "start of the run"),
        Column("place", COUNT, "order in the run, from 1", low=1),
        Column("source_count", ID, "files or slices read", low=0),
        Column("record_count", ID, "records read", low=0),
        Column("quarantined_count", ID, "records that could not be read", low=0),
        Column("new_count", ID, "papers that came in", low=0),
        Column("revised_count", ID, "papers that changed", low=0),
        Column("unchanged_count", ID, "papers read again as they were", low=0),
        Column("deleted_count", ID, "papers kept out by deletions", low=0),
        Column("retracted_count", ID, "papers newly retracted", low=0),
    ),
)
MENTIONS = Table(
    "mentions",
    "An authorship as identity sees it: names folded, affiliation parsed. Collectives are left out.",
    ("pmid", "position"),
    (
        PMID,
        POSITION,
        Column(
            "block",
            TEXT,
            "last name folded to how it is spelled + '|' + first initial: only mentions of one block may be one person (same ORCID iD apart)",
        ),
        Column("last_name", TEXT, "folded last name, letters only"),
        Column(
            "given_names",
            TEXT,
            "folded given names, separated by spaces; a single letter is an initial",
        ),
        Column("suffix", TEXT, "folded suffix", nullable=True),
        ORCID,
        Column("institution", TEXT, "institution of the first affiliation", nullable=True),
        Column("department", TEXT, "department of the first affiliation", nullable=True),
        Column("country", TEXT, "country of the first affiliation", nullable=True),
        Column(
            "affiliation_key",
            TEXT,
            "folded institution: equal keys are the same place",
            nullable=True,
        ),
    ),
)
AFFILIATION_KEY = "folded institution: equal keys are the same place"
DEPARTMENT_KEY = Column(
    "department_key",
    TEXT,
    "folded department: its spellings have one key; empty where none is named",
)
ROR = Column(
    "ror", TEXT, "ROR id of the institution as an address, where one is printed", nullable=True
)
AFFILIATIONS = Table(
    "affiliations",
    "Every affiliation printed with a name, taken apart; what says nothing is left out.",
    ("pmid", "position", "place"),
    (
        PMID,
        POSITION,
        Column(
            "place",
            COUNT,
            "order among the affiliations of the name, from 1; one printed text may hold several",
            low=1,
        ),
        Column("institution", TEXT, "institution", nullable=True),
        Column("department", TEXT, "department, or another unit of it", nullable=True),
        Column("country", TEXT, "country, by its English name", nullable=True),
        Column("affiliation_key", TEXT, AFFILIATION_KEY, nullable=True),
        DEPARTMENT_KEY,
        ROR,
    ),
)
IDENTIFIED = Table(
    "identified",
    "Which record of each paper identity has seen: what differs from publications is pending.",
    ("pmid",),
    (PMID, Column("checksum", TEXT, "as in publications, of the record that was seen")),
)
WORD_COUNTS = Table(
    "word_counts",
    "How common words are, as the matcher weighs them: counted anew when the corpus has grown by half.",
    ("field", "code"),
    (
        Column("field", TEXT, "where they stand", values=("affiliation", "text", "title")),
        Column("code", ID, "hash of the word; -1: the texts counted", low=-1),
        Column("text_count", ID, "texts that hold it", low=0),
    ),
)
MATCHES = Table(
    "matches",
    "Pairs of mentions that were compared and may be one person; pairs less probable than 0.1 are not kept.",
    ("pmid", "position", "other_pmid", "other_position"),
    (
        PMID,
        POSITION,
        Column("other_pmid", ID, "paper of the other mention, pmid or below", low=1),
        Column(
            "other_position", COUNT, "its place there, from 1", low=1, high=MENTIONS_PER_PAPER - 1
        ),
        Column("probability", REAL, "that the two are one person, calibrated", low=0.0, high=1.0),
    ),
)
CONFIDENCE = Column(
    "confidence",
    REAL,
    "mean probability that the mention and each other one of its author are one person; alone: 1 - the greatest such mean with another author it could be",
    low=0.0,
    high=1.0,
)
IDENTITIES = Table(
    "identities",
    "Which person a mention is.",
    ("pmid", "position"),
    (
        PMID,
        POSITION,
        AUTHOR_ID,
        CONFIDENCE,
        Column(
            "method",
            TEXT,
            "what tied it to the author's other mentions. orcid: an ORCID iD in common; matched: the matcher's probability; alone: it has no other",
            values=("orcid", "matched", "alone"),
        ),
    ),
)
REDIRECTS = Table(
    "redirects",
    "Author ids that nobody bears any more, and who it is now: an id once given always resolves.",
    ("author_id",),
    (
        AUTHOR_ID,
        Column(
            "current_id",
            ID,
            "author_id of today; null while PubMed has none of the papers",
            nullable=True,
            low=1,
        ),
    ),
)
IDENTITY_EVENTS = Table(
    "identity_events",
    "The ledger of author ids: what became of them, run by run.",
    ("event_id",),
    (
        Column("event_id", ID, "order of the events, from 1", low=1),
        Column("as_of", DATE, "as-of day of the run"),
        Column(
            "kind",
            TEXT,
            "merged: author_id goes on as other_author_id; split: other_author_id is new and takes some of its mentions; moved: other_author_id, known before, does; gone: it has no mention left; back: it has one again",
            values=("merged", "split", "moved", "gone", "back"),
        ),
        AUTHOR_ID,
        Column("other_author_id", ID, "the other author", nullable=True, low=1),
        Column("mention_count", ID, "mentions concerned", low=0),
    ),
)
AUTHORS = Table(
    "authors",
    "One row a person, as of the run.",
    ("author_id",),
    (
        AUTHOR_ID,
        Column("display_name", TEXT, "fullest printed name: given names, family name, suffix"),
        Column("block", TEXT, "as in mentions; of the fullest name"),
        Column("given_names", TEXT, "as in mentions; of the fullest name"),
        ORCID,
        Column(
            "institution",
            TEXT,
            "institution of the latest paper that names one: rank 1 in author_affiliations",
            nullable=True,
        ),
        Column("department", TEXT, "department printed with that institution", nullable=True),
        Column("country", TEXT, "country printed with that institution", nullable=True),
        Column("first_on", DATE, "day the author's first paper entered PubMed"),
        Column("last_on", DATE, "day the author's latest paper entered PubMed"),
        Column("publication_count", COUNT, "papers", low=1),
        Column("confidence", REAL, "mean of the confidence of the mentions", low=0.0, high=1.0),
    ),
)
AUTHOR_AFFILIATIONS = Table(
    "author_affiliations",
    "Where a person has worked, over time: the departments and institutions that the papers print.",
    ("author_id", "affiliation_key", "department_key"),
    (
        AUTHOR_ID,
        Column("affiliation_key", TEXT, AFFILIATION_KEY),
        DEPARTMENT_KEY,
        Column(
            "rank",
            COUNT,
            "1 is the latest, which stands in authors: by the last paper, then by papers of the author's last two years",
            low=1,
        ),
        Column("institution", TEXT, "institution, as printed last with a country if ever"),
        Column("department", TEXT, "department, as printed there", nullable=True),
        Column("country", TEXT, "country, as printed there", nullable=True),
        ROR,
        Column("first_on", DATE, "day the first paper that prints it entered PubMed"),
        Column("last_on", DATE, "day the latest paper that prints it entered PubMed"),
        Column("publication_count", COUNT, "papers that print it", low=1),
    ),
)
COAUTHORSHIPS = Table(
    "coauthorships",
    "Who has written with whom, weighted; papers above the author cap and retracted papers give none.",
    ("author_id", "coauthor_id"),
    (
        AUTHOR_ID,
        COAUTHOR_ID,
        Column("publication_count", COUNT, "joint papers", low=1),
        WEIGHT,
        Column("first_on", DATE, "day the first joint paper entered PubMed"),
        Column("last_on", DATE, "day the latest joint paper entered PubMed"),
        Column("last_pmid", ID, "that paper", low=1),
    ),
)
AFFECTED_KIND = Column(
    "kind", TEXT, "what is said of the paper, as in notices", values=NOTICE_KINDS
)
NOTED_ON = Column(
    "noted_on",
    DATE,
    "day the notice entered PubMed; of a notice that is not there, day the paper's record was revised",
)
AFFECTED_AUTHORS = Table(
    "affected_authors",
    "Whose papers were retracted, corrected or called into question: what is recalled, and from whom.",
    ("pmid", "kind", "author_id"),
    (PMID, AFFECTED_KIND, AUTHOR_ID, NOTED_ON),
)
AFFECTED_PAIRS = Table(
    "affected_pairs",
    "Pairs of coauthors of such a paper: their tie rests on it, or rested on it before a retraction.",
    ("pmid", "kind", "author_id", "coauthor_id"),
    (
        PMID,
        AFFECTED_KIND,
        AUTHOR_ID,
        COAUTHOR_ID,
        NOTED_ON,
    ),
)
SCORE = Column(
    "score",
    REAL,
    "what speaks for the pair, beside two strangers of the usual kind; a suggestion's reasons add up to it",
)
CANDIDATES = Table(
    "candidates",
    "Pairs that were scored: up to 500 of each served author, past coauthors left out.",
    ("author_id", "candidate_id"),
    (
        AUTHOR_ID,
        CANDIDATE_ID,
        SCORE,
        Column(
            "proposed_by",
            COUNT,
            "sources that named the pair, a bit each: 1 pagerank, 2 topics, 4 workplace",
            low=1,
        ),
    ),
)
RECOMMENDATIONS = Table(
    "recommendations",
    "Whom to work with next.",
    ("author_id", "rank"),
    (
        AUTHOR_ID,
        Column("rank", COUNT, "1 is best", low=1),
        CANDIDATE_ID,
        SCORE,
        Column(
            "probability",
            REAL,
            "calibrated probability of a joint paper within 24 months",
            low=0.0,
            high=1.0,
        ),
        Column(
            "introducer_id",
            ID,
            "author_id of who could introduce the two; null where no one knows both",
            nullable=True,
            low=1,
        ),
        Column(
            "placed_by",
            TEXT,
            "why it stands at this rank: by its score, or in a place kept for other institutions, other departments or early careers",
            values=("score", "other_institution", "other_department", "early_career"),
        ),
        Column("model_version", TEXT, "what ranked it"),
    ),
)
REASONS = Table(
    "reasons",
    "Why: public facts behind each recommendation, one row a fact, each checkable against the papers it names.",
    ("author_id", "candidate_id", "kind", "place"),
    (
        AUTHOR_ID,
        CANDIDATE_ID,
        Column(
            "kind",
            TEXT,
            "shared_coauthor: person_id wrote pmid with the author and other_pmid with the candidate. path: person_id and other_person_id wrote pmid together, step `place` of a chain from author to candidate. walk: what longer walks and further shared coauthors add. topics: how alike what the two write is; the author's pmid and the candidate's other_pmid are the closest. shared_topic: the author's pmid and the candidate's other_pmid have `topic`. venues: how alike their journals are; pmid and other_pmid are in the journal `topic`. workplace: both have worked at `topic`. activity: how much the candidate writes, and with how many. career: how the two careers go together. recent_paper: the candidate's latest pmid",
            values=(
                "shared_coauthor",
                "path",
                "walk",
                "topics",
                "shared_topic",
                "venues",
                "workplace",
                "activity",
                "career",
                "recent_paper",
            ),
        ),
        Column("place", COUNT, "order within the kind, from 1", low=1),
        Column(
            "contribution",
            REAL,
            "what this fact adds to the score, or takes from it; 0 for facts that only inform",
        ),
        Column("person_id", ID, "author_id of a person in the reason", nullable=True, low=1),
        Column(
            "other_person_id", ID, "author_id of the second person of a step", nullable=True, low=1
        ),
        Column("topic", TEXT, "name of the shared topic, journal or workplace", nullable=True),
        Column("pmid", ID, "paper that shows it", nullable=True, low=1),
        Column("other_pmid", ID, "paper that shows the other half", nullable=True, low=1),
    ),
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        PUBLICATIONS,
        AUTHORSHIPS,
        TOPICS,
        NOTICES,
        CITATIONS,
        GRANTS,
        DELETIONS,
        SOURCES,
        QUARANTINE,
        MERGES,
        MENTIONS,
        AFFILIATIONS,
        IDENTIFIED,
        WORD_COUNTS,
        MATCHES,
        IDENTITIES,
        AUTHORS,
        AUTHOR_AFFILIATIONS,
        REDIRECTS,
        IDENTITY_EVENTS,
        COAUTHORSHIPS,
        AFFECTED_AUTHORS,
        AFFECTED_PAIRS,
        CANDIDATES,
        RECOMMENDATIONS,
        REASONS,
    )
}


def data_dictionary() -> str:
    """All tables as Markdown: the text of docs/tables.md."""
    return "\n".join(["# Tables of the lake", "", *(_section(table) for table in TABLES.values())])


def _section(table: Table) -> str:
    lines = [f"## {table.name}", "", f"{table.meaning} Key: {', '.join(table.key)}.", ""]
    lines += ["| column | type | says |", "|---|---|---|"]
    for column in table.columns:
        kind = _kind(column.type)
        kind += ", may be null" if column.nullable else ""
        bounds = f" [{'' if column.low is None else f'{column.low:g}'}, {'' if column.high is None else f'{column.high:g}'}]"
        meaning = column.meaning.replace("|", "\\|").replace("<", "&lt;")
        meaning += bounds if (column.low, column.high) != (None, None) else ""
        lines.append(f"| {column.name} | {kind} | {meaning} |")
    return "\n".join([*lines, ""])


def _kind(kind: pa.DataType) -> str:
    if not pa.types.is_list(kind):
        return str(kind)
    if not pa.types.is_struct(kind.value_type):
        return f"list of {kind.value_type}"
    return f"list of ({', '.join(field.name for field in kind.value_type)})"
