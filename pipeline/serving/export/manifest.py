"""What a file of an export is: said beside it, so that whoever gets it can check it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from pipeline.lake import Dataset
from pipeline.tables import Table


def write_manifest(
    path: Path, table: Dataset, kind: str, row_count: int, files: Sequence[Path]
) -> None:
    """Write the manifest of `files`: table, schema, rows, and of each file size and checksum."""
    said = {
        "table": table.table.name,
        "meaning": table.table.meaning,
        "format": kind,
        "schema_version": schema_version(table.table),
        "version": table.version,
        "as_of": table.as_of.isoformat() if table.as_of else None,
        "row_count": row_count,
        "columns": [
            {
                "name": column.name,
                "type": str(column.type),
                "nullable": column.nullable,
                "meaning": column.meaning,
            }
            for column in table.table.columns
        ],
        "files": [
            {"name": file.name, "byte_count": file.stat().st_size, "sha256": _sha256(file)}
            for file in files
        ],
    }
    beside = path.with_name(f".{path.name}.part")
    try:
        beside.write_text(json.dumps(said, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def schema_version(table: Table) -> str:
    """Name the columns of a table: another name means that names, types or keys are others."""
    columns = [(column.name, str(column.type), column.nullable) for column in table.columns]
    return hashlib.sha256(repr((table.key, columns)).encode()).hexdigest()[:12]


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
