"""How alike titles and abstracts are."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.overlap import merge
from pipeline.identity.features.asked import Asked, Reals
from pipeline.identity.features.traits import Trait
from pipeline.identity.features.words import Words, plain_titles


def text_features(asked: Asked, words: Words, traits: Mapping[str, Trait]) -> dict[str, Reals]:
    """Compare titles, titles with abstracts, and these with headings and journal together.

    Words are weighed by their rarity in the corpus.
    """
    first = np.unique(asked.mentions["pmid"].to_numpy(), return_index=True)[1]
    papers = asked.mentions.take(pa.array(first)).select(["title", "abstract"]).combine_chunks()
    titles = words.title.count(plain_titles(papers).to_pylist())
    printed = pc.fill_null(papers["abstract"], "").combine_chunks().dictionary_encode()
    abstracts = words.text.count(printed.dictionary.to_pylist())[printed.indices.to_numpy()]
    in_title, in_text = words.title.weigh(titles), words.text.weigh(titles + abstracts)
    subject = merge([in_text, traits["topic"].items, traits["journal"].items])
    return {
        "title": asked.papers_share(in_title).cosine,
        "text": asked.papers_share(in_text).cosine,
        "subject": asked.papers_share(subject).cosine,
    }
