"""Measure the features of pairs of mentions from the tables of the lake, all pairs at once."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline import lake
from pipeline.identity.features.asked import Asked, Reals, as_reals, ask
from pipeline.identity.features.compare_names import NameAgreement, compare
from pipeline.identity.features.declared import FEATURES
from pipeline.identity.features.places import place_features
from pipeline.identity.features.texts import text_features
from pipeline.identity.features.traits import read_traits, trait_features
from pipeline.identity.features.words import Words, learn_words
from pipeline.settings import Settings

TABLES_OF_FEATURES = (
    "mentions", "authorships", "publications", "topics", "grants", "citations",
)  # fmt: skip

LEAST_TOTAL = 50_000
"""Name frequencies of a smaller corpus are those of a part of one this large: in a small one it is
the people, not the common names, that recur."""


def pair_features(
    current: Mapping[str, lake.Dataset],
    pairs: pa.Table,
    settings: Settings,
    words: Words | None = None,
) -> pa.Table:
    """Measure every feature of every pair.

    Parameters
    ----------
    current
        The tables named in `TABLES_OF_FEATURES`.
    pairs
        Columns pmid, position, other_pmid, other_position. The order within a pair does not matter.
    words
        How common words are; None learns them from `current`.

    Returns
    -------
    table
        A row a pair, in order, and a column of float64 for each of `FEATURES`; NaN is missing.

    Raises
    ------
    ConfrereError
        A pair is not in table mentions.
    """
    known = words or learn_words(current["publications"], current["authorships"])
    asked = ask(current, pairs, settings)
    traits = read_traits(asked, current, settings)
    measured = {
        **_names(asked),
        **_frequencies(asked),
        **trait_features(asked, traits),
        **place_features(asked, current, known.affiliation, settings),
        **text_features(asked, known, traits),
        **_papers(asked),
    }
    return pa.table({feature.name: measured[feature.name] for feature in FEATURES})


def _names(asked: Asked) -> dict[str, Reals]:
    """Compare the names of each distinct pair of names once."""
    columns = [*asked.both("last_name"), *asked.both("given_names")]
    coded = [column.dictionary_encode() for column in columns]
    codes = np.stack([column.indices.to_numpy() for column in coded])
    distinct, place = np.unique(codes, axis=1, return_inverse=True)
    texts = [
        column.dictionary.take(pa.array(row)).to_pylist()
        for column, row in zip(coded, distinct, strict=True)
    ]
    last_one, last_other, given_one, given_other = texts
    names = zip(last_one, given_one, last_other, given_other, strict=True)
    agreements = np.array([compare(*each) for each in names]).reshape(
        -1, len(NameAgreement._fields)
    )
    found = dict(zip(NameAgreement._fields, agreements[place.ravel()].T, strict=True))
    return {**found, "suffix": asked.equal("suffix"), "orcid": asked.equal("orcid")}


def _frequencies(asked: Asked) -> dict[str, Reals]:
    total = np.maximum(asked.numbers("mention_count")[0], LEAST_TOTAL)

    def share(column: str) -> Reals:
        log_share: Reals = np.log(np.maximum(*asked.numbers(column)) / total)
        return log_share

    one, other = (
        pc.list_element(pc.split_pattern(side, " "), 0) for side in asked.both("given_names")
    )
    is_whole = pc.greater(pc.utf8_length(one), 1)
    same = as_reals(pc.and_(pc.equal(one, other), is_whole))
    return {
        "last_name_share": share("last_name_count"),
        "first_name_share": np.where(same == 1, share("first_name_count"), np.nan),
    }


def _papers(asked: Asked) -> dict[str, Reals]:
    years, authors = asked.numbers("published_year"), asked.numbers("author_count")
    languages = [pc.list_element(_filled(side), 0) for side in asked.both("languages")]
    foreign = [as_reals(pc.not_equal(side, "eng")) for side in languages]
    return {
        "years_apart": np.abs(years[0] - years[1]),
        "earlier_year": np.minimum(*years),
        "fewer_authors": np.log(np.maximum(np.minimum(*authors), 1)),
        "more_authors": np.log(np.maximum(np.maximum(*authors), 1)),
        "language": as_reals(pc.equal(*languages)),
        "foreign_language": foreign[0] + foreign[1],
    }


def _filled(lists: pa.Array) -> pa.Array:
    """Null in place of empty lists, which have no first element."""
    return pc.if_else(pc.greater(pc.list_value_length(lists), 0), lists, None)
