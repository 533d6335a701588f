"""What the papers of two mentions have in common, weighted by rarity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.overlap import NOTHING, Items, collect
from pipeline import engine, lake
from pipeline.identity.features.asked import HERE, Asked, Ints, Reals
from pipeline.settings import Settings

KINDS = ("coauthor", "coauthor_name", "topic", "grant", "reference", "journal")


class Trait(NamedTuple):
    """What the papers have of one kind, and the texts that codes of the items stand for."""

    items: Items
    texts: pa.Array


def read_traits(
    asked: Asked, current: Mapping[str, lake.Dataset], settings: Settings
) -> dict[str, Trait]:
    """Collect what the papers asked about have, by kind."""
    wanted = pa.table({"pmid": asked.pmids})
    rows = engine.fetch(HERE / "traits.sql", {**current, "asked": wanted}, {}, settings)
    paper_count = current["publications"].row_count
    return {
        kind: _trait(rows.filter(pc.equal(rows["kind"], kind)), asked.pmids, paper_count)
        for kind in KINDS
    }


def trait_features(asked: Asked, traits: Mapping[str, Trait]) -> dict[str, Reals]:
    """Measure shared coauthors, topics, grants, references and journals."""
    items = {kind: trait.items for kind, trait in traits.items()}
    own = _own(asked.both("block"), traits["coauthor"])
    coauthors = asked.papers_share(items["coauthor"], own)
    own_names = _own(_called(asked), traits["coauthor_name"])
    topics = asked.papers_share(items["topic"])
    return {
        "coauthors": coauthors.shared,
        "coauthor_cosine": coauthors.cosine,
        "coauthor_names": asked.papers_share(items["coauthor_name"], own_names).shared,
        "topics": topics.shared,
        "topic_cosine": topics.cosine,
        "grants": asked.papers_share(items["grant"]).shared,
        "journal": asked.papers_share(items["journal"]).shared,
        "references": asked.papers_share(items["reference"]).shared,
        "cites": _cites(asked, traits["reference"]),
    }


def _trait(rows: pa.Table, pmids: Ints, paper_count: int) -> Trait:
    """Weigh items by ln(papers / papers that have it)."""
    coded = rows["item"].combine_chunks().dictionary_encode()
    owners = np.searchsorted(pmids, rows["pmid"].to_numpy())
    rarity = np.log(paper_count / rows["paper_count"].to_numpy())
    # what every paper has says nothing, but whoever has only that does not have nothing
    weights = np.maximum(rarity, 1e-9)
    codes = coded.indices.to_numpy().astype(np.int64)
    return Trait(collect(owners, codes, weights, pmids.size), coded.dictionary)


def _own(sides: tuple[pa.Array, pa.Array], trait: Trait) -> tuple[Ints, Ints]:
    """Codes under which the two themselves stand among the coauthors."""
    return _codes(sides[0], trait.texts), _codes(sides[1], trait.texts)


def _called(asked: Asked) -> tuple[pa.Array, pa.Array]:
    """Last name and first name, as the items of coauthor_name are written."""
    sides = zip(asked.both("last_name"), asked.both("given_names"), strict=True)
    one, other = (
        pc.binary_join_element_wise(last, pc.list_element(pc.split_pattern(given, " "), 0), "|")
        for last, given in sides
    )
    return one, other


def _codes(values: pa.Array, texts: pa.Array) -> Ints:
    codes: Ints = pc.fill_null(pc.index_in(values, texts), NOTHING).to_numpy().astype(np.int64)
    return codes


def _cites(asked: Asked, trait: Trait) -> Reals:
    """1 where one paper cites the other, NaN where neither gives references."""
    references = trait.items
    code_of_paper = _codes(pa.array(asked.pmids).cast(pa.string()), trait.texts)
    width = len(trait.texts) + 1
    owners = np.repeat(np.arange(asked.pmids.size), np.diff(references.starts))
    cited = np.unique(owners * width + references.codes)
    found = np.zeros(asked.one.size, np.bool_)
    for citing, other in (
        (asked.paper_one, asked.paper_other),
        (asked.paper_other, asked.paper_one),
    ):
        code = code_of_paper[other]
        found |= (code != NOTHING) & np.isin(citing * width + code, cited)
    counts = np.diff(references.starts)
    gives = counts[asked.paper_one] + counts[asked.paper_other] > 0
    return np.where(gives, found.astype(np.float64), np.nan)
