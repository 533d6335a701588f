"""What a roster tells, as tables to hold against the lake: names, known papers, places."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pipeline import engine, lake
from pipeline.identity import names
from pipeline.identity.roster.names import readings
from pipeline.settings import Settings
from pipeline.tables import ID, REAL, TEXT

LEAST_SHARE = 1e-4
"""No place is taken to be rarer than this."""

_HERE = Path(__file__).parent
_BETWEEN_ADDRESSES = r"[^\w.+'@-]+"
_NOT_LETTERS = re.compile(r"[\W\d_]+")
_GENERIC = frozenset(
    word
    for line in (
        "department departement departamento dipartimento dept dep division service servicio",
        "servizio unit unite unita clinic clinica clinique klinik institute institut instituto",
        "istituto section laboratory laboratoire lab group centre center centro zentrum chair",
        "school faculty faculte fakultat facultad university universite universitat universita",
        "universidad universidade universiteit universitaire universitario hospital",
        "hopital hopitaux ospedale college medical of and for the at in de des du la le les et fur",
        "und der die di del della e y do da",
    )
    for word in line.split()
)


def all_readings(people: pa.Table) -> pa.Table:
    """List each way to read each name: person_id, last_name, block, given_names."""
    rows = [
        (person_id, reading.last_name, reading.block, reading.given_names)
        for person_id, name in zip(
            *(people[c].to_pylist() for c in ("person_id", "name")), strict=True
        )
        for reading in readings(name)
    ]
    columns = ("person_id", "last_name", "block", "given_names")
    return _table(rows, pa.schema([(name, TEXT) for name in columns]))


def known_papers(people: pa.Table, authorships: lake.Dataset) -> pa.Table:
    """List papers known to be somebody's: those on the roster, those that print their address."""
    by_address = defaultdict(list)
    rows = []
    for person_id, email, pmids in zip(
        *(people[name].to_pylist() for name in ("person_id", "email", "pmids")), strict=True
    ):
        rows += [(person_id, "pmid", pmid) for pmid in dict.fromkeys(pmids or ())]
        if email:
            by_address[email.lower()].append(person_id)
    wanted = pa.array(sorted(by_address), TEXT)
    printed = {
        place
        for batch in authorships.batches(["pmid", "affiliations"])
        for place in _printed(batch, wanted)
    }
    rows += [(who, "email", pmid) for pmid, text in sorted(printed) for who in by_address[text]]
    return _table(rows, pa.schema([("person_id", TEXT), ("kind", TEXT), ("pmid", ID)]))


def _printed(batch: pa.RecordBatch, wanted: pa.Array) -> Iterator[tuple[int, str]]:
    """Find which papers print which of the wanted addresses."""
    owners, texts = pc.list_parent_indices(batch["affiliations"]), batch["affiliations"].flatten()
    has_address = pc.match_substring(texts, "@")
    pmids = batch["pmid"].take(owners.filter(has_address))
    words = pc.split_pattern_regex(pc.utf8_lower(texts.filter(has_address)), _BETWEEN_ADDRESSES)
    pmids = pmids.take(pc.list_parent_indices(words))
    addresses = pc.utf8_trim(words.flatten(), ".-'")
    is_wanted = pc.is_in(addresses, wanted)
    return zip(
        pmids.filter(is_wanted).to_pylist(), addresses.filter(is_wanted).to_pylist(), strict=True
    )


def wanted_places(people: pa.Table) -> pa.Table:
    """List the places of everybody: aspect, field of mentions that may hold it, text as given."""
    rows = []
    columns = ("person_id", "institution", "department", "past_affiliations")
    for person_id, institution, department, past in zip(
        *(people[name].to_pylist() for name in columns), strict=True
    ):
        told = [
            ("institution", "institution", institution),
            ("department", "department", department),
        ]
        told += [("past", "institution", place) for place in past or ()]
        rows += [(person_id, aspect, field, text) for aspect, field, text in told if text]
    columns = ("person_id", "aspect", "field", "wanted")
    return _table(rows, pa.schema([(name, TEXT) for name in columns]))


def same_places(wanted: pa.Table, mentions: lake.Dataset, settings: Settings) -> pa.Table:
    """Find the printed places that a wanted one means: all telling words of one stand in the other.

    Returns
    -------
    field, wanted, place, and share: of the mentions that print the field, those at any place that
    `wanted` means.
    """
    words = {
        (field, text): _telling_words(text)
        for field, text in zip(
            wanted["field"].to_pylist(), wanted["wanted"].to_pylist(), strict=True
        )
    }
    by_word = defaultdict(set)
    for key, own in words.items():
        for word in own:
            by_word[key[0], word].add(key)
    rows: list[tuple[str, str, str]] = []
    counts: defaultdict[tuple[str, str], int] = defaultdict(int)
    totals: defaultdict[str, int] = defaultdict(int)
    with engine.query(_HERE / "places.sql", {"mentions": mentions}, {}, settings) as batches:
        for batch in batches:
            for field, place, count in zip(*(column.to_pylist() for column in batch), strict=True):
                totals[field] += count
                own = _telling_words(place)
                near = set().union(*(by_word.get((field, word), ()) for word in own))
                for key in near:
                    if own <= words[key] or words[key] <= own:
                        rows.append((*key, place))
                        counts[key] += count
    shares = [max(LEAST_SHARE, counts[field, text] / totals[field]) for field, text, _ in rows]
    same = _table(rows, pa.schema([(name, TEXT) for name in ("field", "wanted", "place")]))
    return same.append_column("share", pa.array(shares, REAL))


def _telling_words(place: str) -> frozenset[str]:
    """Fold the words of a place that are not in every second one; all, where no other are left.

    >>> sorted(_telling_words("Division of Cardiology")), sorted(_telling_words("Medical Clinic"))
    (['cardiology'], ['clinic', 'medical'])
    """
    letters = _NOT_LETTERS.sub(" ", names.fold(place)).split()
    singular = {word.removesuffix("s") if len(word) > 4 else word for word in letters}
    return frozenset(singular - _GENERIC or singular)


def _table(rows: Sequence[tuple[object, ...]], schema: pa.Schema) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    return pa.table([list(column) for column in columns], schema=schema)
