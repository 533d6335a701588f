"""Files made to do harm: they touch nothing, cost little, and get a plain answer."""

from __future__ import annotations

import gzip
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.ingest.drawn import article, article_set

CANARY = "sesame-4711"
MOST_CPU = 2.0
MOST_MEGABYTES = 512
GOOD = article_set([article(1), article(2, title="@"), article(3)])
"""The second title is where the harm goes; the records around it are read where they can be."""


class Bait(NamedTuple):
    """What no file may make the reader touch."""

    file: str
    """Holds the canary."""
    fifo: str
    """Whoever opens it hangs."""
    port: int
    """Listens on this machine."""


def in_title(bait: bytes) -> bytes:
    return GOOD.replace(b"@", bait)


def with_prolog(doctype: str, title: str = "&e;") -> bytes:
    head, body = in_title(title.encode()).split(b"\n", 1)
    return head + b"\n" + doctype.encode() + b"\n" + body


def entity(declared: str, title: str = "&e;") -> bytes:
    return with_prolog(f"<!DOCTYPE PubmedArticleSet [{declared}]>", title)


def laughs() -> bytes:
    rest = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    return entity(f'<!ENTITY l0 "ha">{rest}', "&l11;")


def bomb(byte: bytes, count: int) -> bytes:
    """A title of so many bytes, compressed a thousandfold."""
    before, after = GOOD.split(b"@")
    return (
        gzip.compress(before)
        + gzip.compress(byte * (1 << 20)) * (count >> 20)
        + gzip.compress(after)
    )


def attributes(count: int) -> bytes:
    named = b"".join(b' a%d="%d"' % (n, n) for n in range(count))
    return in_title(b"<i%b>x</i>" % named)


FILES: dict[str, tuple[Callable[[Bait], bytes], str]] = {
    "external_entity": (
        lambda bait: entity(f'<!ENTITY e SYSTEM "file://{bait.file}">'),
        "a DTD of its own",
    ),
    "entity_over_http": (
        lambda bait: entity(f'<!ENTITY e SYSTEM "http://127.0.0.1:{bait.port}/e">'),
        "a DTD of its own",
    ),
    "parameter_entity": (
        lambda bait: entity(f'<!ENTITY % p SYSTEM "file://{bait.fifo}"> %p;'),
        "a DTD of its own",
    ),
    "internal_subset": (lambda _: entity("<!ELEMENT PMID ANY>", "x"), "a DTD of its own"),
    "billion_laughs": (lambda _: laughs(), "a DTD of its own"),
    "quadratic_blow_up": (
        lambda _: entity(f'<!ENTITY e "{"a" * 100_000}">', "&e;" * 100_000),
        "a DTD of its own",
    ),
    "external_dtd_file": (
        lambda bait: with_prolog(f'<!DOCTYPE PubmedArticleSet SYSTEM "file://{bait.fifo}">'),
        "2 read, 1 not",
    ),
    "external_dtd_over_http": (
        lambda bait: with_prolog(
            f'<!DOCTYPE PubmedArticleSet PUBLIC "x" "http://127.0.0.1:{bait.port}/x.dtd">'
        ),
        "2 read, 1 not",
    ),
    "xinclude": (
        lambda bait: in_title(
            b'<x:include xmlns:x="http://www.w3.org/2001/XInclude" parse="text" href="%b"/>'
            % bait.file.encode()
        ),
        "3 read",
    ),
    "schema_location": (
        lambda bait: GOOD.replace(
            b"<PubmedArticleSet",
            b'<PubmedArticleSet xmlns:s="http://www.w3.org/2001/XMLSchema-instance" '
            b's:noNamespaceSchemaLocation="http://127.0.0.1:%d/s.xsd"' % bait.port,
        ),
        "3 read",
    ),
    "stylesheet": (
        lambda bait: with_prolog(f'<?xml-stylesheet href="file://{bait.fifo}"?>', "x"),
        "3 read",
    ),
    "depth": (lambda _: in_title(b"<i>" * 100_000 + b"</i>" * 100_000), "2 read, 1 not"),
    "text_9_mb": (lambda _: in_title(b"x" * 9_000_000), "3 read"),
    "text_11_mb": (lambda _: in_title(b"x" * 11_000_000), "2 read, 1 not"),
    "text_50_mb": (lambda _: in_title(b"x" * 50_000_000), "without the end of a record"),
    "text_30_mb": (lambda _: in_title(b"x" * 30_000_000), "2 read, 1 not"),
    "attribute_50_mb": (
        lambda _: in_title(b'<i a="%b">x</i>' % (b"x" * 50_000_000)),
        "without the end of a record",
    ),
    "root_attribute_50_mb": (
        lambda _: GOOD.replace(b"Set>", b'Set a="%b">' % (b"x" * 50_000_000), 1),
        "holds no XML element",
    ),
    "million_attributes": (lambda _: attributes(1_000_000), "2 read, 1 not"),
    "million_children": (lambda _: in_title(b"<i/>" * 1_000_000), "3 read"),
    "references": (lambda _: in_title(b"&amp;" * 2_000_000), "3 read"),
    "unclosed_cdata": (lambda _: in_title(b"<![CDATA["), "2 read, 1 not"),
    "unclosed_comment": (lambda _: in_title(b"<!--"), "2 read, 1 not"),
    "nul": (lambda _: in_title(b"a\0b"), "2 read, 1 not"),
    "invalid_utf8": (lambda _: in_title(b"a\xc3\x28\xff"), "2 read, 1 not"),
    "overlong_utf8": (lambda _: in_title(b"\xc0\xbcscript>"), "2 read, 1 not"),
    "surrogate": (lambda _: in_title(b"&#xD800;\xed\xa0\x80"), "2 read, 1 not"),
    "utf16": (lambda _: GOOD.decode().replace("utf-8", "utf-16").encode("utf-16"), "UTF-16"),
    "utf16_unmarked": (lambda _: GOOD.decode().encode("utf-16-le"), "is not XML"),
    "utf7": (
        lambda _: GOOD.replace(b"utf-8", b"utf-7").replace(b"@", b"+ADw-script+AD4-"),
        "is in utf-7",
    ),
    "ebcdic": (lambda _: GOOD.decode().replace("utf-8", "cp037").encode("cp037"), "is not XML"),
    "said_to_be_utf16": (lambda _: GOOD.replace(b"utf-8", b"utf-16"), "is in utf-16"),
    "said_to_be_nonsense": (lambda _: GOOD.replace(b"utf-8", b"no-such"), "no-such"),
    "bomb_of_zeros.gz": (lambda _: bomb(b"0", 1 << 30), "without the end of a record"),
    "bomb_of_nuls.gz": (lambda _: bomb(b"\0", 1 << 30), "without the end of a record"),
    "bomb_of_tags.gz": (lambda _: bomb(b"<i></i>\n", 1 << 25), "without the end of a record"),
}
"""What is written, and what is answered: how many of its three records are read, or why none."""


@pytest.fixture(scope="module")
def bait(tmp_path_factory: pytest.TempPathFactory) -> Bait:
    folder = tmp_path_factory.mktemp("bait")
    (folder / "canary").write_text(CANARY)
    os.mkfifo(folder / "fifo")
    return Bait(str(folder / "canary"), str(folder / "fifo"), 0)


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_file_is_refused_or_read_at_little_cost_and_touches_nothing(
    name: str, bait: Bait, tmp_path: Path
) -> None:
    make, answer = FILES[name]
    path = tmp_path / (f"{name[:-3]}.xml.gz" if name.endswith(".gz") else f"{name}.xml")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        path.write_bytes(make(bait._replace(port=listener.getsockname()[1])))
        process = subprocess.run(
            [sys.executable, "-m", "tests.ingest.read.reading", str(path), CANARY],
            capture_output=True,
            text=True,
            timeout=60,
        )
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert process.returncode == 0, process.stderr
    told = json.loads(process.stdout)
    sys.stdout.write(
        f"{name:22} {told['cpu']:5.2f} s {told['megabytes']:4.0f} MB {told['kinds']}\n"
    )
    read, not_read = told["kinds"].get("Record", 0), told["kinds"].get("Unread", 0)
    summary = f"{read} read, {not_read} not" if not_read else f"{read} read"
    assert answer in (told["error"] or summary)
    assert not told["has_word"]
    assert told["cpu"] < MOST_CPU
    assert told["megabytes"] < MOST_MEGABYTES
