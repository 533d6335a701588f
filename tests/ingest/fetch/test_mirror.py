"""Baseline and update files from a server on loopback and from a folder, and odd ones."""

from __future__ import annotations

import doctest
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import lake
from pipeline.errors import ConfrereError, UpstreamError, WrongUse
from pipeline.ingest import log_files
from pipeline.ingest.fetch import mirror
from pipeline.ingest.log_files import files_of
from pipeline.settings import Settings
from tests.builders import write_lake
from tests.ingest.drawn import article, article_set
from tests.ingest.fetch.drawn_mirror import Mirror, packed


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Mirror]:
    own = Mirror(tmp_path / "pubmed")
    for name in ("baseline", "updatefiles"):
        (own.folder / name).mkdir(parents=True)

    class Handler(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:  # the name that http.server calls
            own.asked.append(self.path)
            page = own.pages.get(self.path)
            if page is None:
                return super().do_GET()
            self.send_response(200)
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)
            return None

        def log_message(self, *args: object) -> None:
            """Keep the test's output clean."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(own.folder)))
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    own.url = f"http://127.0.0.1:{http.server_port}"
    yield own
    http.shutdown()
    thread.join()
    http.server_close()


@pytest.fixture
def remote(server: Mirror, tmp_path: Path) -> Settings:
    # a key: ten requests a second
    return Settings(home=tmp_path / "home", pubmed_mirror=server.url, ncbi_api_key="k")


@pytest.fixture
def local(server: Mirror, tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", pubmed_mirror=str(server.folder))


def pending(settings: Settings) -> list[str]:
    sources = lake.read(settings.lake_folder, "sources")
    return mirror.pending_files(sources, spooled(settings), settings)


def spooled(settings: Settings) -> list[str]:
    if not settings.spool_folder.exists():
        return []
    return sorted(file.name for file in settings.spool_folder.iterdir())


def read_before(settings: Settings, **record_counts: int) -> None:
    """Draw a ledger of files: stems and their record counts."""
    rows = [
        {"name": f"{stem}.xml.gz", "record_count": count} for stem, count in record_counts.items()
    ]
    write_lake(settings.lake_folder, sources=rows)


def test_files_are_fetched_in_number_order_each_once(server: Mirror, remote: Settings) -> None:
    server.put("updatefiles/pubmed26n0004")
    server.put("updatefiles/pubmed26n0003")
    server.put("baseline/pubmed26n0002")
    server.put("baseline/pubmed26n0001", packed(article_set([article(1), article(9)])))
    assert pending(remote) == ["files/pubmed26n0001..pubmed26n0004"]
    assert mirror.fetch_files("files/pubmed26n0001..pubmed26n0004", remote) == 5
    names = [f"pubmed26n000{number}.xml.gz" for number in range(1, 5)]
    assert spooled(remote) == names
    assert [p.rpartition("/")[2] for p in server.asked if p.endswith(".gz")] == names
    assert pending(remote) == []
    server.asked.clear()
    assert mirror.fetch_files("files/pubmed26n0001..pubmed26n0004", remote) == 0
    assert server.asked == ["/baseline/", "/updatefiles/"]


def test_what_the_ledger_has_is_not_fetched_again(server: Mirror, remote: Settings) -> None:
    for number in (1, 2, 3):
        server.put(f"baseline/pubmed26n000{number}")
    read_before(remote, pubmed26n0001=1, pubmed26n0003=1)
    assert pending(remote) == ["files/pubmed26n0002"]
    assert mirror.fetch_files("files/pubmed26n0001..pubmed26n0003", remote) == 1
    assert spooled(remote) == ["pubmed26n0002.xml.gz"]


def test_a_first_fill_is_planned_in_pieces_of_twenty(tmp_path: Path) -> None:
    folder = tmp_path / "pubmed" / "baseline"
    folder.mkdir(parents=True)
    for number in range(1, 1335):
        (folder / f"pubmed26n{number:04}.xml.gz").touch()
    pieces = pending(Settings(home=tmp_path / "home", pubmed_mirror=str(folder.parent)))
    assert pieces[0] == "files/pubmed26n0001..pubmed26n0020"
    assert pieces[-1] == "files/pubmed26n1321..pubmed26n1334"
    assert len(pieces) == 67


@given(
    listed=st.frozensets(st.integers(1, 60), min_size=1),
    had=st.frozensets(st.integers(1, 60)),
)
@hypothesis.settings(deadline=None, max_examples=60)
def test_the_plan_is_the_longest_gapless_run_in_order_and_then_what_is_missing(
    listed: frozenset[int], had: frozenset[int]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder) / "home", pubmed_mirror=f"{folder}/pubmed")
        own = Mirror(Path(folder) / "pubmed")
        for number in listed:
            part = "baseline" if number < 30 else "updatefiles"
            own.put(f"{part}/pubmed26n{number:04}", b"", md5=None)
        read_before(settings, **{f"pubmed26n{number:04}": 1 for number in had})
        planned = [file.number for piece in pending(settings) for file in files_of(piece)]
    there = listed | had
    end = min(there)
    while end in there:
        end += 1
    gapless = [number for number in sorted(listed - had) if number < end]
    assert planned == gapless + [end] * (max(listed) > end)


def test_a_gap_stops_the_plan_and_its_fetch_names_the_missing_file(
    server: Mirror, remote: Settings
) -> None:
    for name in ("baseline/pubmed26n0001", "baseline/pubmed26n0002", "updatefiles/pubmed26n0004"):
        server.put(name)
    assert pending(remote) == ["files/pubmed26n0001..pubmed26n0002", "files/pubmed26n0003"]
    with pytest.raises(UpstreamError, match=r"^\[pubmed26n0003\.xml\.gz\] is missing from.*into"):
        mirror.fetch_files("files/pubmed26n0003", remote)
    assert spooled(remote) == []
    # it came after the plan was made
    server.put("updatefiles/pubmed26n0003")
    assert mirror.fetch_files("files/pubmed26n0003", remote) == 1


def test_a_baseline_over_http_begins_at_one_but_a_sample_in_a_folder_where_it_begins(
    server: Mirror, remote: Settings, local: Settings
) -> None:
    server.put("baseline/pubmed26n1334")
    server.put("updatefiles/pubmed26n1335")
    assert pending(remote) == ["files/pubmed26n0001"]
    assert pending(local) == ["files/pubmed26n1334..pubmed26n1335"]
    read_before(local, pubmed26n1332=1)
    assert pending(local) == ["files/pubmed26n1333"]


def test_a_new_year_is_refused_until_it_is_confirmed(server: Mirror, remote: Settings) -> None:
    server.put("baseline/pubmed27n0001")
    server.put("baseline/pubmed27n0002")
    server.put("updatefiles/pubmed26n1400")
    read_before(
        remote,
        pubmed26n1398=1,
        pubmed26n1399=1,
        **{f"pubmed26n{number:04}": 1 for number in range(1, 1398)},
    )
    assert pending(remote) == ["files/pubmed26n1400", "files/pubmed27n0001"]
    assert mirror.fetch_files("files/pubmed26n1400", remote) == 1
    with pytest.raises(WrongUse, match=r"pubmed27n0001.*2026 is followed.*CONFRERE_PUBMED_YEAR=27"):
        mirror.fetch_files("files/pubmed27n0001", remote)
    assert spooled(remote) == ["pubmed26n1400.xml.gz"]
    confirmed = replace(remote, pubmed_year="27")
    assert pending(confirmed) == ["files/pubmed27n0001..pubmed27n0002"]
    assert mirror.fetch_files("files/pubmed27n0001..pubmed27n0002", confirmed) == 2
    # the year that was followed is over
    with pytest.raises(WrongUse, match=r"pubmed26n1401.*2027 is followed"):
        mirror.fetch_files("files/pubmed26n1401", confirmed)


def test_a_new_home_follows_the_newest_year(server: Mirror, local: Settings) -> None:
    server.put("baseline/pubmed27n0001")
    server.put("updatefiles/pubmed26n1400")
    assert pending(local) == ["files/pubmed27n0001"]


def test_a_mirror_without_files_is_an_error_not_a_quiet_night(
    server: Mirror, remote: Settings, local: Settings
) -> None:
    assert pending(remote) == ["files/listing"]
    with pytest.raises(UpstreamError, match=r"pubmed_mirror\].*has no pubmedYYnNNNN"):
        mirror.fetch_files("files/listing", remote)
    with pytest.raises(WrongUse, match=r"pubmed_mirror\].*has no pubmedYYnNNNN"):
        pending(local)
    with pytest.raises(WrongUse, match="neither a folder nor an address"):
        pending(replace(local, pubmed_mirror="ftp.ncbi.nlm.nih.gov/pubmed"))
    server.put("baseline/pubmed26n0001")
    with pytest.raises(WrongUse, match="has files of 2026 but 2027 is followed"):
        pending(replace(local, pubmed_year="27"))


def test_a_mirror_that_cannot_be_listed_is_asked_again_by_the_fetch(
    server: Mirror, remote: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    for name in (
        "baseline/pubmed26n0001",
        "updatefiles/pubmed26n0002",
        "updatefiles/pubmed26n0004",
    ):
        server.put(name)
    hidden = server.folder.rename(server.folder.with_name("hidden"))
    assert pending(remote) == ["files/listing"]
    assert "HTTP 404" in caplog.text
    with pytest.raises(UpstreamError, match="HTTP 404"):
        mirror.fetch_files("files/listing", remote)
    hidden.rename(server.folder)
    with pytest.raises(UpstreamError, match=r"pubmed26n0003\.xml\.gz\] is missing"):
        mirror.fetch_files("files/listing", remote)
    assert spooled(remote) == ["pubmed26n0001.xml.gz", "pubmed26n0002.xml.gz"]


LINKS = b"""<HTML><A HREF="?C=N;O=D">Name</A> <a href="../">Parent</a>
<A HREF='/pubmed/baseline/pubmed26n0001.xml.gz'>absolute</A>
<a class=f href=pubmed26n0002.xml.gz>bare</a>
<a href = "./pubmed26n0003.xml.gz?x=1&amp;y=2">query</a>
<a href="https://other.example/pubmed/baseline/pubmed26n0004.xml.gz">other name of the host</a>
<a href="old/pubmed26n0006.xml.gz">another folder</a> <a href="http://[broken">broken</a>
<a href="pubmed26n0007.xml.gz.md5">md5 alone</a> <a href="README.txt">pubmed26n0008.xml.gz</a>
<a href="pubmed26n0001%2Exml.gz">encoded, twice</a> \xff</HTML>"""


def test_all_sorts_of_links_are_understood(server: Mirror, remote: Settings) -> None:
    server.pages = {"/baseline/": LINKS, "/updatefiles/": b"<html></html>"}
    assert pending(remote) == ["files/pubmed26n0001..pubmed26n0004"]


@given(page=st.text(alphabet="<a hrefHREF=\"'/.?:[]&#;%pubmed26n01xml.gz\n"))
@hypothesis.settings(max_examples=300)
def test_no_page_breaks_the_reader_of_links(page: str) -> None:
    names = mirror.names_linked(f'<a href="{page}">', "http://localhost/baseline/")
    assert all("/" not in name for name in names)


GOOD = packed(article_set([article(1)]))
HALF = article_set([article(1)])
DAMAGED = {
    "cut": (GOOD[:-12], "is cut short"),
    "checksum": (GOOD[:-8] + bytes(4) + GOOD[-4:], "is damaged"),
    "garbage behind": (GOOD + b"garbage", "has other bytes behind its end"),
    "nothing": (packed(b""), "is a gzip file with nothing in it"),
    "no records": (packed(article_set([])), "holds neither a record nor a deletion"),
    "page": (b"<!DOCTYPE html><html>Sorry", "is no gzip file, it begins with b'<!DOCTYPE html>"),
    "packed page": (packed(b"<html>Sorry</html>"), "ends in b'<html>Sorry</html>'"),
    "half": (packed(HALF[: len(HALF) // 2]), "not in </PubmedArticleSet>"),
    "0 bytes": (b"", "is no gzip file, it begins with b''"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_file_does_not_reach_the_spool(
    server: Mirror, local: Settings, case: str
) -> None:
    body, why = DAMAGED[case]
    server.put("baseline/pubmed26n0001")
    original = server.put("baseline/pubmed26n0002", body)
    server.put("baseline/pubmed26n0003")
    with pytest.raises(UpstreamError, match=why) as caught:
        mirror.fetch_files("files/pubmed26n0001..pubmed26n0003", local)
    assert str(caught.value).startswith("[pubmed26n0002.xml.gz]")
    assert spooled(local) == ["pubmed26n0001.xml.gz"]
    assert original.read_bytes() == body
    server.put("baseline/pubmed26n0002")
    assert mirror.fetch_files("files/pubmed26n0001..pubmed26n0003", local) == 2


def test_over_http_a_file_is_held_to_its_md5(server: Mirror, remote: Settings) -> None:
    for md5, why in (
        ("MD5({})= 0123456789abcdef0123456789abcdef", "not 0123456789abcdef"),
        ("<html>Sorry</html>", "holds no md5 but b'<html>"),
        (None, r"xml.gz.md5\] is missing from the mirror"),
    ):
        server.put("baseline/pubmed26n0001", md5=md5)
        with pytest.raises(UpstreamError, match=why) as caught:
            mirror.fetch_files("files/pubmed26n0001", remote)
        assert str(caught.value).startswith("[pubmed26n0001.xml.gz")
        assert spooled(remote) == []
    server.put("baseline/pubmed26n0001", md5="{1}  {0}\n")
    assert mirror.fetch_files("files/pubmed26n0001", remote) == 1


def test_in_a_folder_an_md5_may_be_missing_but_not_wrong(server: Mirror, local: Settings) -> None:
    server.put("baseline/pubmed26n0001", md5=None)
    server.put("baseline/pubmed26n0002", md5="MD5({})= 0123456789ABCDEF0123456789ABCDEF")
    with pytest.raises(UpstreamError, match=r"\[pubmed26n0002\.xml\.gz\] has md5"):
        mirror.fetch_files("files/pubmed26n0001..pubmed26n0002", local)
    assert spooled(local) == ["pubmed26n0001.xml.gz"]


def test_a_file_that_cannot_be_copied_is_named(server: Mirror, local: Settings) -> None:
    (server.folder / "baseline" / "pubmed26n0001.xml.gz").mkdir()
    with pytest.raises(UpstreamError, match=r"\[pubmed26n0001\.xml\.gz\] cannot be fetched"):
        mirror.fetch_files("files/pubmed26n0001", local)


def test_the_crash_of_a_fetch_leaves_a_part_which_is_not_built_upon(
    server: Mirror, local: Settings, remote: Settings
) -> None:
    original = server.put("baseline/pubmed26n0001")
    body = original.read_bytes()
    local.spool_folder.mkdir(parents=True)
    part = local.spool_folder / "pubmed26n0001.xml.gz.part"
    for settings in (local, remote):
        part.hardlink_to(original)
        assert pending(settings) == ["files/pubmed26n0001"]
        assert mirror.fetch_files("files/pubmed26n0001", settings) == 1
        assert spooled(settings) == ["pubmed26n0001.xml.gz"]
        (settings.spool_folder / "pubmed26n0001.xml.gz").unlink()
        assert original.read_bytes() == body


@pytest.mark.parametrize("name", ["files/", "files/pubmed26n0002..pubmed26n0001", "files/a.xml.gz"])
def test_names_that_are_no_pieces_are_wrong_use(local: Settings, name: str) -> None:
    with pytest.raises(WrongUse, match="names no files"):
        mirror.fetch_files(name, local)


def test_the_examples_in_the_docstrings_hold() -> None:
    for module in (mirror, log_files):
        assert doctest.testmod(module).failed == 0


def test_the_settings_are_checked() -> None:
    given: list[dict[str, Any]] = [{"pubmed_year": "2026"}, {"smallest_file_share": 1.5}]
    for wrong in given:
        with pytest.raises(WrongUse, match=next(iter(wrong))):
            Settings(**wrong)


def test_a_tiny_file_is_refused_unless_the_setting_accepts_it(
    server: Mirror, local: Settings
) -> None:
    for number in range(1, 5):
        server.put(f"baseline/pubmed26n000{number}")
    server.put("updatefiles/pubmed26n0005")
    server.put("updatefiles/pubmed26n0006", packed(article_set([], deleted=[1])))
    read_before(local, pubmed26n0001=300, pubmed26n0002=300, pubmed26n0003=20)
    # a sibling is no standard for update files
    assert mirror.fetch_files("files/pubmed26n0005..pubmed26n0006", local) == 1
    with pytest.raises(
        ConfrereError,
        match=r"^\[pubmed26n0004\.xml\.gz\] has 1 records where 300 are usual.*FILE_SHARE",
    ):
        mirror.fetch_files("files/pubmed26n0004", local)
    assert mirror.fetch_files("files/pubmed26n0004", replace(local, smallest_file_share=0)) == 1
