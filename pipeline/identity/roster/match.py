"""Find the people of a roster among the authors: evidence, confidence, and doubts left open.

Evidence adds up as log-odds (Fellegi & Sunter, A theory for record linkage, 1969): a fact that
agrees counts log(m / u), m being its share among true pairs and u among chance ones. u is measured
on the tables: a rare name or place says more than a common one. Then candidates compete: of two
that are equally likely neither is sure, on either side. The m below are set by hand.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline import engine, lake
from pipeline.identity.roster.clues import (
    LEAST_SHARE,
    all_readings,
    known_papers,
    same_places,
    wanted_places,
)
from pipeline.settings import Settings
from pipeline.tables import ID, REAL, TEXT

TABLES = ("authorships", "mentions", "identities", "authors")
"""Lake tables that `match` reads."""

PEOPLE = pa.schema(
    [
        ("person_id", TEXT),
        ("name", TEXT),
        ("email", TEXT),
        ("orcid", TEXT),
        ("department", TEXT),
        ("institution", TEXT),
        ("pmids", pa.list_(ID)),
        ("past_affiliations", pa.list_(TEXT)),
    ]
)
PROPOSALS = pa.schema(
    [
        ("person_id", TEXT),
        ("author_id", ID),
        ("status", TEXT),
        ("confidence", REAL),
        ("evidence", TEXT),
    ]
)

SURE = 0.95
"""From this confidence on a match needs no human: status `matched`; below it, `to decide`."""

WORTH_ASKING = 0.02
"""Candidates below this confidence are not proposed."""

ASKED_AT_MOST = 5
"""Candidates proposed for one person."""

CANDIDATES_KEPT = 50
"""Candidates weighed for one person; the others count in the competition as the last of them."""

PRIOR_ODDS = 1.0
"""Odds that somebody on a roster is among the authors at all, before anything is known."""

TOGETHER = 10.0
"""A first name is so many times as frequent beside a family name of its own language."""

SAME_NAME = 0.85, 0.3, 0.01
"""m of whole first names that agree, of an initial that agrees, of names that differ."""

SAME_MIDDLE = np.log(0.9 / 0.1)
"""An agreeing second given name or initial: one in ten agrees by chance."""

ORCID = np.log(0.99 / 5e-5)
"""One ORCID iD in twenty thousand is printed beside another's name."""

KNOWN_PAPER = np.log(0.9 / 3e-3)
"""A paper known to be theirs, on which one name agrees: the author may still be somebody else, to
whom identification gave this paper by mistake."""

FURTHER_PAPER = np.log(4.0)
FURTHER_PAPERS_COUNTED = 3

SAME_PLACE = {"institution": 0.8, "department": 0.5, "past": 0.5}
"""m of agreement on a place. Where the author has places and it is none of them, it
counts log(1 - m); a past affiliation that is not found says nothing."""

_HERE = Path(__file__).parent
Reals = NDArray[np.float64]


def match(people: pa.Table, current: Mapping[str, lake.Dataset], settings: Settings) -> pa.Table:
    """Propose authors for people.

    Parameters
    ----------
    people
        As in `PEOPLE`; each person_id once. All but person_id and name may be null.
    current
        The tables named in `TABLES`.

    Returns
    -------
    As in `PROPOSALS`, by person_id and then the best first: status `matched` (sure) or `to decide`,
    confidence in [0, 1], evidence as a JSON array of facts, strongest first: kind (orcid, email,
    pmid, name, middle_name, rarity, institution, department, past), weight in log-odds,
    agrees, and pmid where a paper shows it. An address is never part of it.
    """
    wanted = wanted_places(people)
    sources: dict[str, engine.Source] = {
        **{name: current[name] for name in ("mentions", "identities", "authors")},
        "people": people.select(["person_id", "orcid"]),
        "readings": all_readings(people),
        "known_papers": known_papers(people, current["authorships"]),
        "roster_places": wanted,
        "same_places": same_places(wanted, current["mentions"], settings),
    }
    kept: dict[str, engine.Value] = {"candidates_kept": CANDIDATES_KEPT}
    found = engine.fetch(_HERE / "match.sql", sources, kept, settings)
    return _decide(found) if found.num_rows else PROPOSALS.empty_table()


def _decide(found: pa.Table) -> pa.Table:
    weights = _weights(found)
    odds = np.exp(np.minimum(sum(weights.values()), 50.0))
    confidence = _compete(found, odds)
    persons = found["person_id"].to_numpy(zero_copy_only=False)
    order = np.lexsort((-confidence, persons))
    order = order[confidence[order] >= WORTH_ASKING]
    order = order[_place_in_group(persons[order]) < ASKED_AT_MOST]
    chosen = found.take(pa.array(order))
    sure = confidence[order] >= SURE
    return pa.table(
        {
            "person_id": chosen["person_id"],
            "author_id": chosen["author_id"],
            "status": np.where(sure, "matched", "to decide"),
            "confidence": confidence[order],
            "evidence": pa.array(
                _evidence(chosen, {k: w[order] for k, w in weights.items()}), TEXT
            ),
        }
    ).cast(PROPOSALS)


def _weights(found: pa.Table) -> dict[str, Reals]:
    """Weigh each kind of evidence, in log-odds, shape (rows,); 0 where it says nothing."""
    weights = {"rarity": np.log(PRIOR_ODDS) - _expected_namesakes(found), **_name_weights(found)}
    weights["orcid"] = ORCID * _numbers(found, "same_orcid")
    for kind, column in (("email", "email_count"), ("pmid", "known_count")):
        count = _numbers(found, column)
        further = np.clip(count - 1, 0, FURTHER_PAPERS_COUNTED)
        weights[kind] = np.where(count > 0, KNOWN_PAPER + FURTHER_PAPER * further, 0.0)
    for kind, m in SAME_PLACE.items():
        weights[kind] = _place_weights(found, kind, m)
    return weights


def _expected_namesakes(found: pa.Table) -> Reals:
    """Log of how many other authors to expect of this name, if names went together by chance.

    Frequencies are smoothed by one (Laplace). Without an agreeing name it is 0: one other person.
    """
    last, first, initial = (
        _numbers(found, f"{name}_count") + 1 for name in ("last", "first", "initial")
    )
    whole_names = np.minimum(TOGETHER * first / (_numbers(found, "whole_count") + 1), 1.0)
    initials = np.minimum(TOGETHER * initial / (_numbers(found, "author_count") + 1), 1.0)
    level = _numbers(found, "first_agrees")
    return np.select(
        [level == 2, level == 1], [np.log(last * whole_names), np.log(last * initials)], 0.0
    )


def _name_weights(found: pa.Table) -> dict[str, Reals]:
    level, middle = _numbers(found, "first_agrees"), _numbers(found, "middle_agrees")
    whole, initial, other = (np.log(m) for m in SAME_NAME)
    return {
        "name": np.select([level == 2, level == 1], [whole, initial], other),
        "middle_name": SAME_MIDDLE * (middle > 0),
    }


def _place_weights(found: pa.Table, kind: str, m: float) -> Reals:
    share = _numbers(found, f"{kind}_share")
    agrees = np.log(m / np.fmax(share, LEAST_SHARE))
    if kind == "past":
        return np.where(np.isnan(share), 0.0, agrees)
    is_elsewhere = (_numbers(found, f"has_{kind}") > 0) & (_numbers(found, f"wants_{kind}") > 0)
    return np.where(np.isnan(share), np.where(is_elsewhere, np.log(1 - m), 0.0), agrees)


def _compete(found: pa.Table, odds: Reals) -> Reals:
    """Turn odds into confidence, given the other candidates and the others who claim the author.

    What an ORCID iD, an address or a known paper identifies has no rivals among the candidates,
    since a person may be split over several authors; but it is a rival of the others.
    """
    _, person = np.unique(found["person_id"].to_numpy(zero_copy_only=False), return_inverse=True)
    _, author = np.unique(found["author_id"].to_numpy(), return_inverse=True)
    told = sum(_numbers(found, name) for name in ("same_orcid", "email_count", "known_count"))
    is_told = np.asarray(told > 0)
    rivals = np.where(is_told, 0.0, np.bincount(person, odds)[person] - odds)
    weakest = np.full(person.max() + 1, np.inf)
    np.minimum.at(weakest, person, odds)
    unseen = np.maximum(_numbers(found, "candidate_count") - CANDIDATES_KEPT, 0) * weakest[person]
    rivals += np.where(is_told, 0.0, unseen)
    claims = np.bincount(author, odds)[author] - odds
    confidence: Reals = odds / (1 + odds + np.maximum(rivals, 0) + np.maximum(claims, 0))
    return confidence


def _evidence(chosen: pa.Table, weights: Mapping[str, Reals]) -> Iterator[str]:
    """Write the facts behind each row."""
    for place, row in enumerate(chosen.to_pylist()):
        facts = [
            {"kind": kind, "weight": round(float(values[place]), 2), **_detail(kind, row)}
            for kind, values in weights.items()
            if values[place] or kind == "name"
        ]
        yield json.dumps(sorted(facts, key=lambda fact: -fact["weight"]), separators=(",", ":"))


def _detail(kind: str, row: Mapping[str, object]) -> dict[str, object]:
    """Say what a fact is, beside its weight."""
    if kind == "name":
        return {"agrees": ("no", "initial", "whole")[int(str(row["first_agrees"]))]}
    if kind in ("email", "pmid"):
        column = {"email": "email", "pmid": "known"}[kind]
        return {"pmid": row[f"{column}_pmid"], "papers": int(str(row[f"{column}_count"]))}
    if kind in ("institution", "department"):
        return {"agrees": "no" if row[f"{kind}_share"] is None else "yes"}
    return {}


def _numbers(found: pa.Table, column: str) -> Reals:
    """Read a column as numbers, shape (rows,); NaN for null."""
    numbers: Reals = found[column].cast(REAL).to_numpy()
    return numbers


def _place_in_group(keys: NDArray[np.object_]) -> NDArray[np.int64]:
    """Number the rows of each run of equal keys from 0."""
    if not keys.size:
        return np.zeros(0, np.int64)
    starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])
    return np.arange(keys.size) - np.repeat(starts, np.diff(np.r_[starts, keys.size]))
