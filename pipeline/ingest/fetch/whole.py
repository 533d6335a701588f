"""Whether a file of PubMed's log is whole, and of a size that can be believed."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from pipeline.errors import ConfrereError, UpstreamError

FEWEST_EARLIER = 3
"""With fewer files than this read before, no size is usual yet."""

_BLOCK = 1 << 20
_GZIP = b"\x1f\x8b"
_END = b"</PubmedArticleSet>"
_RECORDS = (b"<PubmedArticle>", b"<PubmedBookArticle>")
_DELETIONS = (b"<DeleteCitation>", b"<DeleteDocument>")


class Size(NamedTuple):
    """Size of a file: bytes as stored (None where the ledger does not know), and records in it."""

    byte_count: int | None
    record_count: int


def check_whole(name: str, path: Path) -> Size:
    """Read a gzip file to its end, checksum included, and count its records.

    Records are counted by their start tags, as bytes, which is many times faster than parsing.

    Raises
    ------
    UpstreamError
        The file is no gzip file, is cut or damaged, goes on behind its end, holds another document
        or a part of one, or holds neither a record nor a deletion.
    """
    with path.open("rb") as file:
        head = file.read(40)
    if not head.startswith(_GZIP):
        raise UpstreamError(
            f"[{name}] is no gzip file, it begins with {head!r}: see what the mirror gives"
        )
    try:
        counts, tail = _scan(path)
    except EOFError:
        raise UpstreamError(f"[{name}] is cut short: fetch it again") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        # its start is gzip, so what is not lies behind the end
        goes_on = str(error).startswith("Not a gzipped file")
        why = "has other bytes behind its end" if goes_on else f"is damaged ({error})"
        raise UpstreamError(f"[{name}] {why}: fetch it again") from None
    if not tail.strip():
        raise UpstreamError(f"[{name}] is a gzip file with nothing in it: fetch it again")
    if not tail.rstrip().endswith(_END):
        raise UpstreamError(
            f"[{name}] ends in {tail[-40:]!r}, not in {_END.decode()}: fetch it again"
        )
    if not any(counts.values()):
        raise UpstreamError(f"[{name}] holds neither a record nor a deletion: fetch it again")
    return Size(path.stat().st_size, sum(counts[tag] for tag in _RECORDS))


def check_plausible(name: str, size: Size, earlier: Sequence[Size], smallest_share: float) -> None:
    """Refuse a file with far fewer records or bytes than files of its kind have.

    Parameters
    ----------
    earlier
        Sizes of the files of the same kind (baseline or update) that were read before.
    smallest_share
        Smallest share of their median, from 0 (accepts any) to 1.

    Raises
    ------
    ConfrereError
        The file is smaller.
    """
    for what, got, usual in (
        ("records", size.record_count, [other.record_count for other in earlier]),
        ("bytes", size.byte_count, [other.byte_count for other in earlier]),
    ):
        known = [count for count in usual if count is not None]
        if got is None or len(known) < FEWEST_EARLIER:
            continue
        if got < smallest_share * median(known):
            raise ConfrereError(
                f"[{name}] has {got:,} {what} where {median(known):,.0f} are usual: look at it, "
                "and to accept it lower the setting smallest_file_share "
                f"(CONFRERE_SMALLEST_FILE_SHARE, now {smallest_share:g})"
            )


def _scan(path: Path) -> tuple[dict[bytes, int], bytes]:
    """How often each tag stands in the document, and its last bytes."""
    counts = dict.fromkeys((*_RECORDS, *_DELETIONS), 0)
    tail = b""
    with gzip.open(path, "rb") as stream:
        while block := stream.read(_BLOCK):
            for tag in counts:
                # as much of the block before as cannot hold the whole tag
                counts[tag] += (tail[1 - len(tag) :] + block).count(tag)
            tail = (tail + block)[-80:]
    return counts, tail
