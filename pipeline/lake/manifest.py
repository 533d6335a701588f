"""`manifest.json`: which files are the tables."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import TypedDict

from pipeline.errors import ConfrereError
from pipeline.lake.checks import sync
from pipeline.lake.datasets import Dataset, Layer
from pipeline.tables import TABLES, Table

FORMAT = 3


class LayerEntry(TypedDict):
    """What the manifest says of a layer; files relative to the lake."""

    file: str
    hides: str | None
    row_count: int


class Entry(TypedDict):
    """What the manifest says of a table; files relative to the lake."""

    layers: list[LayerEntry]
    replaced: list[str]
    version: str
    made_from: str
    as_of: str | None


def read(folder: Path, name: str) -> Dataset:
    """Look up the current files of table `name`; empty if it was never written."""
    return datasets(folder, [name])[name]


def datasets(folder: Path, names: Iterable[str]) -> dict[str, Dataset]:
    """Look up several tables as of one commit."""
    manifest = load(folder)
    return {name: dataset_of(folder, TABLES[name], manifest) for name in names}


def dataset_of(folder: Path, table: Table, manifest: Mapping[str, Entry]) -> Dataset:
    """Make the dataset that an entry describes."""
    entry = manifest.get(table.name)
    if entry is None:
        return Dataset(table)
    layers = tuple(
        Layer(
            folder / layer["file"],
            folder / layer["hides"] if layer["hides"] else None,
            layer["row_count"],
        )
        for layer in entry["layers"]
    )
    as_of = date.fromisoformat(entry["as_of"]) if entry["as_of"] else None
    return Dataset(table, layers, entry["version"], entry["made_from"], as_of)


def lend(folder: Path, other: Path, names: Iterable[str]) -> None:
    """Make a new lake at `other` that shows tables of this one as they stand now.

    Their files are linked, not copied where the disk allows it; no commit to one of the lakes
    touches the other.
    """
    tables = load(folder)
    lent: dict[str, Entry] = {
        name: {**tables[name], "replaced": []} for name in names if name in tables
    }
    for entry in lent.values():
        for file in files_of(entry):
            (other / file).parent.mkdir(parents=True, exist_ok=True)
            _link(folder / file, other / file)
    other.mkdir(parents=True, exist_ok=True)
    save(other, lent)


def _link(file: Path, other: Path) -> None:
    try:
        other.hardlink_to(file)
    except OSError:  # another disk, or one without links
        shutil.copy(file, other)


def files_of(entry: Entry | None) -> list[str]:
    """All files of a table."""
    if entry is None:
        return []
    return [file for layer in entry["layers"] for file in (layer["file"], layer["hides"]) if file]


def load(folder: Path) -> dict[str, Entry]:
    """Read what is there: an entry for each table that was ever written."""
    path = folder / "manifest.json"
    try:
        read_back = json.loads(path.read_text(encoding="utf-8"))
        if read_back.get("format") != FORMAT:
            raise ConfrereError(
                f"[{path}] is of another version of Confrere: read the files into a new home"
            )
        entries: dict[str, Entry] = read_back["tables"]
    except FileNotFoundError:
        return {}
    except (AttributeError, KeyError, ValueError) as error:
        raise ConfrereError(f"[{path}] is damaged ({error}): restore it from a backup") from None
    return entries


def save(folder: Path, tables: Mapping[str, Entry]) -> None:
    """Replace the manifest: what it names is the lake from this moment on."""
    beside = folder / "manifest.json.new"
    with beside.open("w", encoding="utf-8") as file:
        json.dump({"format": FORMAT, "tables": tables}, file, indent=1)
    sync(beside)
    beside.replace(folder / "manifest.json")
    sync(folder / "manifest.json")
