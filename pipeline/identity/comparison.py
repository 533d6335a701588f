"""Compare the mentions of new and changed papers with those of their blocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from models.given_names import conflicts, name_codes
from models.same_author import Matcher
from pipeline import engine, lake
from pipeline.identity.features import TABLES_OF_FEATURES, Words, pair_features
from pipeline.identity.matcher.learn import as_matrix
from pipeline.identity.output import Output
from pipeline.progress import meter
from pipeline.settings import Settings
from pipeline.tables import MATCHES

BLOCK_CAP = 200
"""In a block of so many mentions each is compared with each; in a larger one evidence chooses."""

SUBJECT_CAP = 20
"""So many mentions of a large block may share a heading, grant, journal or reference."""

FLOOR = 0.1
"""Pairs less probable are not kept: they count as improbable as those that were not compared."""

PAIRS_AT_ONCE = 500_000
"""About 1 kB of memory a pair."""

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Compared:
    """How much was compared."""

    pair_count: int
    kept_count: int


def compare(
    current: Mapping[str, lake.Dataset],
    changed: pa.Table,
    matcher: Matcher,
    words: Words,
    out: Output,
    settings: Settings,
) -> Compared:
    """Write `matches`: what the matcher says of pairs that involve a paper of `changed`.

    Parameters
    ----------
    current
        The tables of `TABLES_OF_FEATURES`, mentions as of this run, and `matches` as of the last.
    changed
        Rows of pending.sql.
    """
    parameters: dict[str, engine.Value] = {
        "author_cap": settings.author_cap,
        "block_cap": BLOCK_CAP,
        "trait_cap": BLOCK_CAP,
        "subject_cap": SUBJECT_CAP,
    }
    sources: dict[str, engine.Source] = {**current, "changed": changed}
    with (
        engine.query(_HERE / "candidate_pairs.sql", sources, parameters, settings) as rows,
        engine.spilled(rows, rows.schema, settings) as candidates,
        engine.spilled(
            _scored(candidates, current, matcher, words, settings), MATCHES.schema, settings
        ) as scored,
    ):
        hidden = engine.fetch(_HERE / "hidden_matches.sql", sources, {}, settings)
        sources |= {"scored": scored, "hidden": hidden}
        with engine.query(_HERE / "matches.sql", sources, {}, settings) as matches:
            out.put("matches", matches, hidden["pmid"])
        return Compared(pq.read_metadata(candidates).num_rows, pq.read_metadata(scored).num_rows)


def _scored(
    candidates: Path,
    current: Mapping[str, lake.Dataset],
    matcher: Matcher,
    words: Words,
    settings: Settings,
) -> Iterator[pa.RecordBatch]:
    tables = {name: current[name] for name in TABLES_OF_FEATURES}
    with (
        pq.ParquetFile(candidates) as file,
        meter("comparing mentions", file.metadata.num_rows, "pairs") as show,
    ):
        seen = 0
        for pairs in _chunks(file.iter_batches()):
            seen += pairs.num_rows
            possible = pairs.filter(pc.invert(_conflicts(pairs)))
            if possible.num_rows:
                features = pair_features(tables, possible, settings, words)
                probability = pa.array(matcher.probability(as_matrix(features)))
                whole = possible.append_column("probability", probability)
                kept = whole.filter(pc.greater_equal(probability, FLOOR))
                yield from kept.select(MATCHES.schema.names).cast(MATCHES.schema).to_batches()
            show(seen, seen)


def _chunks(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        if sum(part.num_rows for part in waiting) >= PAIRS_AT_ONCE:
            yield pa.Table.from_batches(waiting)
            waiting = []
    if waiting:
        yield pa.Table.from_batches(waiting)


def _conflicts(pairs: pa.Table) -> pa.Array:
    """Whether the given names of a pair cannot be those of one person."""
    sides = pa.chunked_array(
        [*pairs["given_names"].chunks, *pairs["other_given_names"].chunks], pa.string()
    )
    coded = sides.combine_chunks().dictionary_encode()
    rows = coded.indices.to_numpy()
    count = pairs.num_rows
    return pa.array(conflicts(name_codes(coded.dictionary.to_pylist()), rows[:count], rows[count:]))
