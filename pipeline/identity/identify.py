"""Work out who wrote what: mentions → evidence → clusters under vetoes → stable ids → authors.

The first rule: the same ORCID iD, or compatible names in one block and a coauthor or an affiliation
in common, too rare to be chance. Precision comes first, since a network multiplies a wrong
merge: what conflicts never merges, and what is unsure stays apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from models import clustering
from pipeline import engine, lake
from pipeline.identity import evidence
from pipeline.identity.affiliations import take_apart
from pipeline.identity.mentions import fold_mentions
from pipeline.identity.names import TOKENS_KEPT
from pipeline.identity.stable_ids import author_ids
from pipeline.settings import Settings
from pipeline.tables import IDENTITIES, MENTIONS_PER_PAPER

METHODS = ("orcid", "coauthor", "affiliation", "alone")
"""By rank of evidence, the kinds of evidence.sql; the last has none."""

CONFIDENCE = np.array([[0.99, 0.99], [0.93, 0.97], [0.85, 0.95], [0.5, 0.5]])
"""By method, without and with a full given name. Set by hand, near the precision on labelled pairs;
not calibrated: that comes with a learned matcher."""

IDENTITY_RULE = "evidence-1"
"""Changes whenever the same tables would give other identities."""

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Identified:
    """What a run of `identify` found."""

    mention_count: int
    author_count: int
    kept_id_count: int
    new_id_count: int


def identify(
    current: Mapping[str, lake.Dataset],
    commit: lake.Commit,
    as_of: date,
    settings: Settings,
    made_from: str = "",
) -> Identified:
    """Write mentions, identities and authors from all papers that had entered PubMed by `as_of`.

    Parameters
    ----------
    current
        The tables publications and authorships, and mentions and identities (the previous ones,
        for stable ids).
    commit
        Where the new tables go.
    as_of
        Papers that entered PubMed later are not looked at.
    made_from
        Fingerprint of the inputs, handed on to the tables.
    """
    printed = {name: current[name] for name in ("publications", "authorships")}
    with engine.query(_HERE / "printed.sql", printed, {"as_of": as_of}, settings) as rows:
        commit.write("mentions", fold_mentions(rows), made_from, as_of)
    with engine.query(_HERE / "printed.sql", printed, {"as_of": as_of}, settings) as rows:
        commit.write("affiliations", take_apart(rows), made_from, as_of)
    mentions = commit.dataset("mentions")
    identities, kept_count = _identities(mentions, current, settings)
    commit.write("identities", identities, made_from, as_of)
    known = printed | {n: commit.dataset(n) for n in ("mentions", "identities", "affiliations")}
    with engine.query(_HERE / "author_affiliations.sql", known, {}, settings) as rows:
        commit.write("author_affiliations", rows, made_from, as_of)
    known["author_affiliations"] = commit.dataset("author_affiliations")
    with engine.query(_HERE / "authors.sql", known, {}, settings) as rows:
        author_count = commit.write("authors", rows, made_from, as_of)
    return Identified(mentions.row_count, author_count, kept_count, author_count - kept_count)


def _identities(
    mentions: lake.Dataset, current: Mapping[str, lake.Dataset], settings: Settings
) -> tuple[Iterator[pa.RecordBatch], int]:
    """Decide for every mention; return the rows and how many authors kept their id."""
    numbered, given_names = evidence.number(mentions)
    pairs = evidence.pairs(numbered, settings)
    codes = clustering.name_codes(given_names, TOKENS_KEPT)
    clusters, strongest = clustering.cluster(
        _for_vetoes(numbered, codes), *(pairs[name].to_numpy() for name in ("one", "other", "kind"))
    )
    is_full = np.any(codes & clustering.WHOLE_NAME, axis=1)[numbered["name"].to_numpy()]
    founding = _founding(mentions.read(["pmid", "position"]))
    previous = current["identities"]
    before = {"mentions_before": current["mentions"], "identities": previous, "mentions": mentions}
    relocated = engine.fetch(_HERE / "relocated.sql", before, {}, settings)
    taken = np.unique(previous.read(["author_id"])["author_id"].to_numpy())
    old_author_ids = relocated["author_id"].to_numpy()
    ids, kept_count = author_ids(founding, clusters, _founding(relocated), old_author_ids, taken)
    return _rows(founding, ids, np.minimum(strongest, len(METHODS) - 1), is_full), kept_count


def _for_vetoes(numbered: pa.Table, codes: clustering.Codes) -> clustering.Mentions:
    columns = {name: numbered[name].to_numpy() for name in ("block", "orcid", "suffix", "name")}
    pmids = numbered["pmid"].to_numpy()
    papers = np.cumsum(np.diff(pmids, prepend=pmids[:1]) != 0, dtype=np.int32)
    names = codes[columns.pop("name")]
    return clustering.Mentions(paper=papers, names=names, **columns)


def _founding(mentions: pa.Table) -> NDArray[np.int64]:
    """Read pmid and position of mentions as founding ids."""
    founding: NDArray[np.int64] = (
        mentions["pmid"].to_numpy() * MENTIONS_PER_PAPER + mentions["position"].to_numpy()
    )
    return founding


def _rows(
    founding: NDArray[np.int64],
    ids: NDArray[np.int64],
    methods: NDArray[np.int32],
    is_full: NDArray[np.bool_],
) -> Iterator[pa.RecordBatch]:
    for start in range(0, founding.size, lake.ROWS_PER_GROUP):
        part = slice(start, start + lake.ROWS_PER_GROUP)
        pmids, positions = np.divmod(founding[part], MENTIONS_PER_PAPER)
        columns = {
            "pmid": pmids,
            "position": positions,
            "author_id": ids[part],
            "confidence": CONFIDENCE[methods[part], is_full[part].astype(np.intp)],
            "method": pa.array(METHODS).take(pa.array(methods[part])),
        }
        yield pa.record_batch(columns).cast(IDENTITIES.schema)
