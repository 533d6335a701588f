"""How common words are: learned once, kept in table word_counts, used night by night."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.text import HashedTfidf
from pipeline import lake
from pipeline.tables import WORD_COUNTS

_MARKUP = r"</?(i|b|u|sub|sup)>"
_ANY_ADDRESS = r"\S+@\S+|(?i:electronic address:?|e-?mail:?)"
_TEXTS = -1
"""Code of the row that counts the texts."""


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a corpus, by where they stand; `text` is title and abstract."""

    affiliation: HashedTfidf
    text: HashedTfidf
    title: HashedTfidf


def learn_words(publications: lake.Dataset, authorships: lake.Dataset) -> Words:
    """Count the texts that hold each word; of affiliations the distinct ones of a batch."""
    words = Words(HashedTfidf(bits=18), HashedTfidf(), HashedTfidf())
    for batch in publications.batches(["title", "abstract"]):
        titles = plain_titles(batch)
        words.title.partial_fit(titles.to_pylist())
        abstracts = pc.fill_null(batch["abstract"], "")
        words.text.partial_fit(pc.binary_join_element_wise(titles, abstracts, " ").to_pylist())
    for batch in authorships.batches(["affiliations"]):
        distinct = pc.unique(pc.list_flatten(batch["affiliations"]))
        words.affiliation.partial_fit(without_addresses(distinct).to_pylist())
    return words


def as_rows(words: Words) -> Iterator[pa.RecordBatch]:
    """Write them as rows of word_counts."""
    for field in fields(Words):
        model: HashedTfidf = getattr(words, field.name)
        codes = np.flatnonzero(model.word_counts_)
        columns = {
            "field": pa.repeat(field.name, codes.size + 1),
            "code": np.append(_TEXTS, codes),
            "text_count": np.append(model.text_count_, model.word_counts_[codes]),
        }
        yield pa.record_batch(columns).cast(WORD_COUNTS.schema)


def from_rows(rows: pa.Table) -> Words:
    """Read them back."""
    words = Words(HashedTfidf(bits=18), HashedTfidf(), HashedTfidf())
    for field in fields(Words):
        model: HashedTfidf = getattr(words, field.name)
        own = rows.filter(pc.equal(rows["field"], field.name))
        codes, counts = (own[name].to_numpy() for name in ("code", "text_count"))
        model.text_count_ = int(counts[codes == _TEXTS].sum())
        model.word_counts_[codes[codes != _TEXTS]] = counts[codes != _TEXTS]
    return words


def plain_titles(papers: pa.RecordBatch | pa.Table) -> pa.Array:
    """Titles without markup."""
    return pc.replace_substring_regex(papers["title"], _MARKUP, "")


def without_addresses(texts: pa.Array) -> pa.Array:
    """Blank e-mail addresses and what announces them."""
    return pc.replace_substring_regex(texts, _ANY_ADDRESS, " ")
