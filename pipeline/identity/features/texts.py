"""How alike titles and abstracts are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.overlap import overlap
from models.text import HashedTfidf
from pipeline import lake
from pipeline.identity.features.asked import Asked, Reals

_MARKUP = r"</?(i|b|u|sub|sup)>"


def text_features(asked: Asked, current: Mapping[str, lake.Dataset]) -> dict[str, Reals]:
    """Compare titles, and titles with abstracts; words are weighed by their rarity in the corpus."""
    titles, texts = HashedTfidf(), HashedTfidf()
    for batch in current["publications"].batches(["title", "abstract"]):
        for model, read in zip((titles, texts), _texts(batch), strict=True):
            model.partial_fit(read.to_pylist())
    first = np.unique(asked.mentions["pmid"].to_numpy(), return_index=True)[1]
    papers = asked.mentions.take(pa.array(first)).select(["title", "abstract"]).combine_chunks()
    measured = {}
    for name, model, read in zip(("title", "text"), (titles, texts), _texts(papers), strict=True):
        items = model.transform(read.to_pylist())
        measured[name] = overlap(items, asked.paper_one, asked.paper_other).cosine
    return measured


def _texts(papers: pa.RecordBatch | pa.Table) -> Iterator[pa.Array]:
    """Titles, then titles with abstracts, without markup."""
    titles = pc.replace_substring_regex(papers["title"], _MARKUP, "")
    yield titles
    yield pc.binary_join_element_wise(titles, pc.fill_null(papers["abstract"], ""), " ")
