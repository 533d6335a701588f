"""A mirror of PubMed's baseline and update files, drawn by hand."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from tests.ingest.drawn import article, article_set


@dataclass
class Mirror:
    """A folder of baseline and update files, and the same over HTTP."""

    folder: Path
    url: str = ""
    asked: list[str] = field(default_factory=list)
    pages: dict[str, bytes] = field(default_factory=dict)
    """Answers in place of the folder's own."""

    def put(self, name: str, body: bytes | None = None, md5: str | None = "MD5({})= {}\n") -> Path:
        """Add a file, `body` or else one record, and its .md5 (None: none)."""
        stem = name.rpartition("/")[2].split(".")[0]
        body = packed(article_set([article(int(stem[-4:]))])) if body is None else body
        path = self.folder / f"{name}.xml.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
        beside = path.with_name(f"{path.name}.md5")
        beside.unlink(missing_ok=True)
        if md5 is not None:
            beside.write_text(md5.format(path.name, hashlib.md5(body).hexdigest()))
        return path


def packed(document: bytes) -> bytes:
    return gzip.compress(document, mtime=0)
