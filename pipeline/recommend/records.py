"""The lake's papers and people as arrays, of all days: what is known on one is in `known`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy import sparse

from models.baselines import Sparse
from models.kernels import Flags, Ints
from models.text import HashedTfidf, LatentTopics
from pipeline import engine, lake
from pipeline.errors import ConfrereError
from pipeline.recommend.texts import COLUMNS, headings_of, plain_titles, texts_of
from pipeline.settings import Settings

Singles = NDArray[np.float32]

TABLES_OF_RECORDS = (
    "publications",
    "topics",
    "identities",
    "authors",
    "author_affiliations",
)

TEXTS_LEARNED_FROM = 30_000
"""Papers that the space of topics is learned from: every n-th, so that all years are in it."""


WORD_BITS = 18
"""Words of titles are hashed to so many bits."""


@dataclass(frozen=True, slots=True, eq=False)
class Records:
    """Papers stand in order of their PMID, people in order of their author id.

    Attributes
    ----------
    author_ids
        Shape (people,).
    pmids, days, author_counts, is_told, is_retracted, venues, topics
        Of each paper: day of entry (days since 1970), printed authors, whether it ties people
        (retracted papers and those above the author cap do not), a code of its journal (-1 none),
        its place among the topics (rows of length 1, or 0); shape (papers,) or (papers,
        dimensions).
    words
        Words of the titles, by rarity; shape (papers, words).
    persons, papers, positions
        Rows of people and papers: who is on what, in order of people, then papers; and where.
    workers, institutions, departments, since
        Rows of people, codes of where they work (-1 none), the day of the first paper to say so; in
        order of people, then institutions.
    """

    author_ids: Ints
    pmids: Ints
    days: Ints
    author_counts: Ints
    is_told: Flags
    is_retracted: Flags
    venues: Ints
    topics: Singles
    words: Sparse
    persons: Ints
    papers: Ints
    positions: Ints
    workers: Ints
    institutions: Ints
    departments: Ints
    since: Ints


def load_records(current: Mapping[str, lake.Dataset], settings: Settings) -> Records:
    """Load the tables named in `TABLES_OF_RECORDS`.

    Raises
    ------
    ConfrereError
        The tables are not of one run.
    """
    papers = current["publications"].read(
        ["pmid", "journal", "entered_on", "author_count", "is_retracted"]
    )
    author_ids = current["authors"].read(["author_id"])["author_id"].to_numpy()
    file = Path(__file__).with_name("authored.sql")
    authored = engine.fetch(file, {"identities": current["identities"]}, {}, settings)
    author_counts = papers["author_count"].to_numpy().astype(np.int64)
    is_retracted = papers["is_retracted"].to_numpy()
    pmids = papers["pmid"].to_numpy()
    return Records(
        author_ids,
        pmids,
        _days(papers["entered_on"]),
        author_counts,
        ~is_retracted & (author_counts <= settings.author_cap),
        is_retracted,
        codes_of(letters_of(papers["journal"])),
        *_texts(current["publications"], current["topics"]),
        rows_of(author_ids, authored["author_id"], "authors"),
        rows_of(pmids, authored["pmid"], "publications"),
        authored["position"].to_numpy().astype(np.int64),
        *_workplaces(current["author_affiliations"], author_ids),
    )


def _texts(publications: lake.Dataset, topics: lake.Dataset) -> tuple[Singles, Sparse]:
    """Place papers among the topics, and weigh the words of their titles.

    The texts are read twice, some to learn from and all to place; never all at once.
    """
    headings = headings_of(topics)
    step = max(-(-publications.row_count // TEXTS_LEARNED_FROM), 1)
    some: list[str] = []
    seen = 0
    for batch in publications.batches(list(COLUMNS)):
        picked = np.arange(-seen % step, batch.num_rows, step)
        some += texts_of(batch.take(pa.array(picked)), headings).to_pylist()
        seen += batch.num_rows
    model = LatentTopics().fit(some)
    places, counted = [model.transform([])], []
    title_words = HashedTfidf(bits=WORD_BITS)
    for batch in publications.batches(list(COLUMNS)):
        places.append(model.transform(texts_of(batch, headings).to_pylist()))
        titles = plain_titles(batch).to_pylist()
        title_words.partial_fit(titles)
        counted.append(title_words.count(titles))
    return np.concatenate(places), _weighed(title_words, counted)


def _weighed(model: HashedTfidf, counted: list[Sparse]) -> Sparse:
    shape = (sum(part.shape[0] for part in counted), 1 << model.bits)
    if not counted:
        return sparse.csr_array(shape, dtype=np.float32)
    words = model.weigh(sparse.vstack(counted, format="csr"))
    entries = (words.weights.astype(np.float32), words.codes, words.starts)
    return sparse.csr_array(entries, shape)


def _workplaces(table: lake.Dataset, author_ids: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    rows = table.read(["author_id", "affiliation_key", "department_key", "first_on"])
    named = pc.if_else(
        pc.equal(rows["department_key"], ""), pa.scalar(None, pa.string()), rows["department_key"]
    )
    workers = rows_of(author_ids, rows["author_id"], "authors")
    institutions, departments = codes_of(rows["affiliation_key"]), codes_of(named)
    order = np.lexsort((departments, institutions, workers))
    days = _days(rows["first_on"])
    return workers[order], institutions[order], departments[order], days[order]


def letters_of(journals: pa.ChunkedArray) -> pa.ChunkedArray:
    """Journals by their letters, so that a yearly volume is no other journal."""
    return pc.replace_substring_regex(pc.utf8_lower(journals), r"[^\p{L}]+", "")


def codes_of(texts: pa.ChunkedArray) -> Ints:
    """A number for each distinct text, -1 for none."""
    encoded = texts.combine_chunks().dictionary_encode().indices
    codes: Ints = pc.fill_null(encoded, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    return codes


def rows_of(known: Ints, wanted: pa.ChunkedArray, table: str) -> Ints:
    """Places of values in an ascending array.

    Raises
    ------
    ConfrereError
        One is not there: the tables are not of one run.
    """
    values = wanted.to_numpy()
    places = np.searchsorted(known, values)
    if values.size and (places.max() >= known.size or (known[places] != values).any()):
        raise ConfrereError(f"[table {table}] is not of the run of the other tables: run it anew")
    return places


def _days(dates: pa.ChunkedArray) -> Ints:
    days: Ints = dates.to_numpy().astype("datetime64[D]").astype(np.int64)
    return days
