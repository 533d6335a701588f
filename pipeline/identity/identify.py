"""Work out who wrote what: mentions → matches → clusters under vetoes → stable ids → authors.

Each run takes up what is pending: papers that are new, revised or withdrawn since the last. Their
mentions are compared with those of their blocks, their blocks are clustered anew from the matches
that are kept, and of the tables only what changed is written. Precision comes first, since a
network multiplies a wrong merge: what conflicts never merges, and what is unsure stays apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.clustering import ABSENT
from models.same_author import Matcher
from pipeline import engine, lake
from pipeline.identity.affiliations.take_apart import take_apart
from pipeline.identity.changes import as_identities, write_identities
from pipeline.identity.clusters import Decided, decide
from pipeline.identity.comparison import compare
from pipeline.identity.features import (
    TABLES_OF_FEATURES,
    Words,
    as_rows,
    from_rows,
    learn_words,
)
from pipeline.identity.ledger import note, redirect
from pipeline.identity.mentions import fold_mentions
from pipeline.identity.output import Output
from pipeline.identity.stable_ids import Known, Named, name
from pipeline.settings import Settings
from pipeline.tables import ID, IDENTIFIED

IDENTITY_RULE = "average-linkage-1"
"""Changes whenever the same tables would give other identities."""

GROWTH = 1.5
"""When the corpus has grown so many times, names and words are rarer: all is compared anew.

So a paper is compared a bounded number of times, however long the lake grows.
"""

TABLES_OF_IDENTITY = (
    *TABLES_OF_FEATURES,
    "identified",
    "word_counts",
    "matches",
    "identities",
    "authors",
    "affiliations",
    "author_affiliations",
    "redirects",
    "identity_events",
)

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Identified:
    """What a run took up (papers, pairs), which ids it gave and withdrew, and what there is now."""

    paper_count: int
    pair_count: int
    new_id_count: int
    lost_id_count: int
    mention_count: int
    author_count: int


def identify(
    current: Mapping[str, lake.Dataset],
    commit: lake.Commit,
    as_of: date,
    matcher: Matcher,
    settings: Settings,
    made_from: str = "",
) -> Identified:
    """Bring the tables of identity up to date with all papers that had entered PubMed by `as_of`.

    Parameters
    ----------
    current
        The tables named in `TABLES_OF_IDENTITY`.
    commit
        Where the changes go.
    as_of
        Papers that entered PubMed later count as not there.
    matcher
        Says how probable it is that two mentions are one person.
    made_from
        Fingerprint of the inputs, handed on to the tables.
    """
    rule = f"{IDENTITY_RULE} {matcher.fingerprint} {settings.author_cap}"
    words, anew = _words(current, rule, commit)
    told: dict[str, engine.Value] = {"as_of": as_of, "all_anew": anew}
    changed = engine.fetch(_HERE / "pending.sql", current, told, settings)
    out = Output(commit, made_from, as_of, anew)
    seen = changed.filter(changed["checksum"].is_valid()).select(IDENTIFIED.schema.names)
    out.put("identified", seen.cast(IDENTIFIED.schema).to_batches(), changed["pmid"])
    sources: dict[str, engine.Source] = {**current, "changed": changed}
    with engine.query(_HERE / "printed.sql", sources, {}, settings) as rows:
        out.put("mentions", fold_mentions(rows), changed["pmid"])
    with engine.query(_HERE / "printed.sql", sources, {}, settings) as rows:
        out.put("affiliations", take_apart(rows), changed["pmid"])
    known = {**current, "mentions": commit.dataset("mentions")}
    compared = compare(known, changed, matcher, words, out, settings)
    sources |= {"mentions": known["mentions"], "mentions_before": current["mentions"]}
    sources["affiliations"] = commit.dataset("affiliations")
    regarded = engine.fetch(_HERE / "regarded.sql", sources, {}, settings)
    leaving = engine.fetch(_HERE / "leaving.sql", sources, {}, settings)["author_id"].to_numpy()
    decided = decide(regarded, leaving, {"matches": commit.dataset("matches")}, settings)
    named = _name(regarded, decided, current)
    write_identities(
        as_identities(regarded, decided, named), regarded, leaving, sources, out, settings
    )
    gone = np.setdiff1d(leaving, np.union1d(named.ids, named.lost))
    redirects, hides = redirect(current["redirects"].read(), named, gone)
    commit.add("redirects", redirects, hides)
    events = note(named, gone, as_of, current["identity_events"].row_count)
    commit.add("identity_events", events, pa.array([], ID))
    return Identified(
        paper_count=changed.num_rows,
        pair_count=compared.pair_count,
        new_id_count=named.new_count,
        lost_id_count=named.lost.size + gone.size,
        mention_count=known["mentions"].row_count,
        author_count=commit.dataset("authors").row_count,
    )


def _words(
    current: Mapping[str, lake.Dataset], rule: str, commit: lake.Commit
) -> tuple[Words, bool]:
    """Look up how common words are; count if the corpus has outgrown that, or the rule is new."""
    publications, counted = current["publications"], current["word_counts"]
    if counted.made_from == rule:
        words = from_rows(counted.read())
        if publications.row_count <= GROWTH * words.title.text_count_:
            return words, False
    words = learn_words(publications, current["authorships"])
    commit.write("word_counts", as_rows(words), rule)
    return words, True


def _name(regarded: pa.Table, decided: Decided, current: Mapping[str, lake.Dataset]) -> Named:
    borne = current["authors"].read(["author_id"])["author_id"].to_numpy()
    redirects = current["redirects"].read()
    ids = redirects["author_id"].to_numpy()
    is_gone = redirects["current_id"].is_null().to_numpy()
    known = Known(borne, gone=ids[is_gone], led_on=ids[~is_gone])
    old_ids = pc.fill_null(regarded["author_id"], ABSENT).to_numpy()
    return name(decided.founding, decided.cluster, old_ids, known)
