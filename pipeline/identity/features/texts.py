"""How alike titles and abstracts are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.overlap import merge
from models.text import HashedTfidf
from pipeline import lake
from pipeline.identity.features.asked import Asked, Reals
from pipeline.identity.features.traits import Trait

_MARKUP = r"</?(i|b|u|sub|sup)>"


def text_features(
    asked: Asked, current: Mapping[str, lake.Dataset], traits: Mapping[str, Trait]
) -> dict[str, Reals]:
    """Compare titles, titles with abstracts, and these with headings and journal together.

    Words are weighed by their rarity in the corpus.
    """
    titles, texts = HashedTfidf(), HashedTfidf()
    for batch in current["publications"].batches(["title", "abstract"]):
        for model, read in zip((titles, texts), _texts(batch), strict=True):
            model.partial_fit(read.to_pylist())
    first = np.unique(asked.mentions["pmid"].to_numpy(), return_index=True)[1]
    papers = asked.mentions.take(pa.array(first)).select(["title", "abstract"]).combine_chunks()
    in_title, in_text = (
        model.transform(read.to_pylist())
        for model, read in zip((titles, texts), _texts(papers), strict=True)
    )
    subject = merge([in_text, traits["topic"].items, traits["journal"].items])
    return {
        "title": asked.papers_share(in_title).cosine,
        "text": asked.papers_share(in_text).cosine,
        "subject": asked.papers_share(subject).cosine,
    }


def _texts(papers: pa.RecordBatch | pa.Table) -> Iterator[pa.Array]:
    """Titles, then titles with abstracts, without markup."""
    titles = pc.replace_substring_regex(papers["title"], _MARKUP, "")
    yield titles
    yield pc.binary_join_element_wise(titles, pc.fill_null(papers["abstract"], ""), " ")
