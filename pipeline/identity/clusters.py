"""Which mentions are one person: clusters within blocks, joined across blocks by ORCID iD."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from models import clustering, given_names
from models.clustering import ABSENT
from pipeline import engine, lake
from pipeline.identity.comparison import FLOOR
from pipeline.settings import Settings
from pipeline.tables import MENTIONS_PER_PAPER

Ints = NDArray[np.int64]
Reals = NDArray[np.float64]

THRESHOLD = 0.45
"""Least mean probability between two clusters that are joined.

Blocks of renamed persons gave the same F1 from .4 to .5 with initials, .45 to .6 with whole names;
above, the recall of people who change place breaks off (docs/identity.md).
"""

ORCID_CONFIDENCE = 0.99
"""Of a mention that only its ORCID iD ties to others (log-odds STATED in models.same_author)."""

MARGIN = 0.1
"""Two that were served as two authors become one only with so much more.

One that is as near to the threshold as its neighbours would come and go with every paper.
"""

METHODS = ("alone", "matched", "orcid")

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Decided:
    """Who the mentions of regarded.sql are, each of shape (n,).

    Attributes
    ----------
    founding
        `pmid * MENTIONS_PER_PAPER + position`, ascending.
    cluster
        Whole numbers from 0.
    confidence
        As in table identities; NaN where the mention's part of the author was not looked at.
    method
        Places in `METHODS`.
    """

    founding: Ints
    cluster: Ints
    confidence: Reals
    method: Ints


def decide(
    regarded: pa.Table, leaving: Ints, current: Mapping[str, lake.Dataset], settings: Settings
) -> Decided:
    """Cluster the mentions of `regarded.sql` that are touched; the others keep to their part.

    Mentions that were one author stay together, but for the authors of `leaving` (ascending): what
    tied their mentions may be gone.
    """
    founding = founding_ids(regarded)
    touched = np.flatnonzero(regarded["is_touched"].to_numpy())
    codes = {name: _codes(regarded[name]) for name in ("block", "orcid", "suffix", "given_names")}
    names = given_names.name_codes(codes["given_names"].texts)
    papers = regarded["pmid"].to_numpy()
    authors = pc.fill_null(regarded["author_id"], ABSENT).to_numpy()
    authors = np.where(np.isin(authors, leaving), ABSENT, authors)
    mentions = clustering.Mentions(
        paper=papers[touched],
        block=codes["block"].codes[touched],
        orcid=codes["orcid"].codes[touched],
        suffix=codes["suffix"].codes[touched],
        author=authors[touched],
        name=codes["given_names"].codes[touched],
        names=names,
    )
    left, right, probability = _compared(regarded, founding[touched], current, settings)
    found = clustering.cluster(
        mentions, left, right, probability, threshold=THRESHOLD, margin=MARGIN, floor=FLOOR
    )
    parts = _parts(regarded, codes["block"].codes, touched, found.cluster)
    cluster = _joined(parts, papers, codes, names)
    is_several, is_matched = _shared(cluster), _shared(parts)
    bearing = codes["orcid"].codes != ABSENT
    same_orcid = np.zeros_like(bearing)
    same_orcid[bearing] = _shared(np.stack([cluster, codes["orcid"].codes])[:, bearing])
    method = np.select([same_orcid | (is_several & ~is_matched), is_several], [2, 1], 0)
    confidence = np.where(is_matched, np.nan, np.where(is_several, ORCID_CONFIDENCE, 1 - FLOOR))
    kept = touched[is_matched[touched] | ~is_several[touched]]
    confidence[kept] = found.confidence[np.searchsorted(touched, kept)]
    return Decided(founding, cluster, confidence, method)


def _shared(codes: Ints) -> NDArray[np.bool_]:
    """Whether another mention has the same code, or column of codes."""
    _, place, counts = np.unique(codes, axis=-1, return_inverse=True, return_counts=True)
    several: NDArray[np.bool_] = counts[place.ravel()] > 1
    return several


def founding_ids(mentions: pa.Table) -> Ints:
    """Number mentions by pmid and position."""
    numbers: Ints = (
        mentions["pmid"].to_numpy() * MENTIONS_PER_PAPER + mentions["position"].to_numpy()
    )
    return numbers


@dataclass(frozen=True, slots=True)
class _Coded:
    codes: Ints
    texts: Sequence[str]


def _codes(texts: pa.ChunkedArray) -> _Coded:
    coded = texts.combine_chunks().dictionary_encode()
    codes = pc.fill_null(coded.indices, ABSENT).to_numpy().astype(np.int64)
    return _Coded(codes, coded.dictionary.to_pylist())


def _compared(
    regarded: pa.Table, founding: Ints, current: Mapping[str, lake.Dataset], settings: Settings
) -> tuple[Ints, Ints, Reals]:
    """Read the matches of touched mentions: their rows among these, and the probability."""
    touched = regarded.filter(regarded["is_touched"]).select(["pmid", "position"])
    sources = {"matches": current["matches"], "touched": touched}
    left, right, probability = [], [], []
    with engine.query(_HERE / "compared.sql", sources, {}, settings) as rows:
        for batch in rows:
            others = batch["other_pmid"].to_numpy() * MENTIONS_PER_PAPER
            left.append(np.searchsorted(founding, founding_ids(batch)))
            right.append(np.searchsorted(founding, others + batch["other_position"].to_numpy()))
            probability.append(batch["probability"].to_numpy())
    none = np.array([], np.int64)
    return (
        np.concatenate([none, *left]),
        np.concatenate([none, *right]),
        np.concatenate([none.astype(np.float64), *probability]),
    )


def _parts(regarded: pa.Table, blocks: Ints, touched: Ints, cluster: Ints) -> Ints:
    """Number the parts: clusters of touched blocks; of other blocks what one author has there."""
    authors = pc.fill_null(regarded["author_id"], ABSENT).to_numpy()
    own = np.stack([np.zeros_like(authors), authors, blocks])
    own[:, touched] = np.stack([np.ones_like(cluster), cluster, np.zeros_like(cluster)])
    return np.unique(own, axis=1, return_inverse=True)[1].ravel().astype(np.int64)


class _Part(NamedTuple):
    """Mentions of one block that bear an ORCID iD or stand with one that does."""

    number: int
    last_name: str
    initial: str
    papers: Ints
    names: Ints


def _joined(parts: Ints, papers: Ints, codes: Mapping[str, _Coded], names: Ints) -> Ints:
    """Join parts of several blocks that bear one ORCID iD: a name changes."""
    orcid, block = codes["orcid"].codes, codes["block"].codes
    bearing = np.flatnonzero(orcid != ABSENT)
    bearers = np.unique(np.stack([orcid[bearing], block[bearing], parts[bearing]]), axis=1)
    repeated = np.flatnonzero(np.bincount(bearers[0], minlength=1) > 1)
    bearers = bearers[:, np.isin(bearers[0], repeated)]
    order = np.argsort(parts, kind="stable")
    first = np.searchsorted(parts[order], bearers[2])
    end = np.searchsorted(parts[order], bearers[2], side="right")
    home = np.arange(parts.max(initial=-1) + 1)
    groups: list[list[_Part]] = []
    for place, (_, own_block, number) in enumerate(bearers.T.tolist()):
        if place == 0 or bearers[0, place] != bearers[0, place - 1]:
            groups = []
        rows = order[first[place] : end[place]]
        last_name, _, initial = codes["block"].texts[own_block].partition("|")
        own_names = np.unique(codes["given_names"].codes[rows])
        part = _Part(number, last_name, initial, papers[rows], own_names)
        group = next((own for own in groups if _may_join(part, own, names)), None)
        if group is None:
            groups.append([part])
        else:
            home[number] = home[group[0].number]
            group.append(part)
    return np.unique(home[parts], return_inverse=True)[1].astype(np.int64)


def _may_join(part: _Part, group: Sequence[_Part], names: Ints) -> bool:
    """Whether a part of another block may be the person of `group`.

    It has the last name or the first initial of one of them (an iD printed at somebody else's name
    is a mistake), with none a block or a paper in common (what a veto kept apart is not joined
    around it), and with none of its initial a given name that conflicts: another initial is taken
    for another choice of given name.
    """
    if not any(part.last_name == own.last_name or part.initial == own.initial for own in group):
        return False
    return not any(
        (part.last_name, part.initial) == (own.last_name, own.initial)
        or np.isin(part.papers, own.papers).any()
        or (part.initial == own.initial and _any_conflict(part.names, own.names, names))
        for own in group
    )


def _any_conflict(one: Ints, other: Ints, names: Ints) -> bool:
    pairs = np.repeat(one, other.size), np.tile(other, one.size)
    return bool(given_names.conflicts(names, *pairs).any())
