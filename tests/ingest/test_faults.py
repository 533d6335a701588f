"""Over real sockets that go wrong: no record is lost, no rate exceeded, nobody waits for ever."""

from __future__ import annotations

import gzip
import logging
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from pipeline import stages
from pipeline.demo.corpus import Drawn, DrawnCorpus
from pipeline.demo.faults import Fault, Faults
from pipeline.demo.server import PubMedStandIn, serve
from pipeline.errors import Incomplete, RateLimited, TimedOut, UpstreamError
from pipeline.ingest import eutilities
from pipeline.ingest.http import Http
from pipeline.ingest.patience import Patience
from pipeline.ingest.spool import query_hash
from pipeline.ingest.turns import Turns
from pipeline.settings import Settings
from tests.ingest import campaign
from tests.ingest.conftest import FAST, KEY
from tests.ingest.drawn import article, tables, versions

ROOT = Path(__file__).parents[2]
DAY = date(2026, 3, 2)
NEW = f"new/{DAY}@{query_hash('all[sb]')}"
SHORT = Patience(tries=3, first_pause=0.001, read=60, total=1, gap=0)
"""The read timeout is as long as in production: what must end the wait is the total."""


def corpus(*pmids: int) -> DrawnCorpus:
    return DrawnCorpus({pmid: Drawn(pmid, DAY, DAY, article(pmid)) for pmid in pmids}, [7, 8])


@contextmanager
def serving(
    home: Path, faults: Faults | None = None, key: str = KEY
) -> Iterator[tuple[PubMedStandIn, Settings]]:
    with serve(corpus(11, 12, 13), DAY, faults) as pubmed:
        yield (
            pubmed,
            Settings(
                home=home,
                pubmed_query="all[sb]",
                pubmed_since=f"{DAY}",
                eutils_url=pubmed.eutils_url,
                deleted_pmids_url=pubmed.deleted_pmids_url,
                ncbi_api_key=key,
                request_seconds=4,
            ),
        )


def test_a_thousand_faults_lose_no_record_add_none_and_double_none(tmp_path: Path) -> None:
    result = campaign.run(tmp_path, count=41_000, busy=20_500, rate=0.72)
    assert sum(result.faults.values()) >= 1_000
    assert len(result.faults) >= 20
    assert len(result.withheld) == 20
    for name, planted in result.planted.items():
        unavailable = result.unavailable.get(name, [])
        assert sorted([*result.came[name], *unavailable]) == planted, name
        assert unavailable == [pmid for pmid in planted if pmid in result.withheld]


ASK = """
import sys
from pathlib import Path
from pipeline.ingest.http import Http
from pipeline.settings import Settings
home, url, key, count = sys.argv[1:]
settings = Settings(home=Path(home), eutils_url=url, ncbi_api_key=key)
with Http.open(settings) as http:
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(int(count)):
        http.post("esearch.fcgi", {"term": "1:2[UID]"}, "test", len)
"""


@pytest.mark.parametrize(("key", "limit", "count"), [("", 3, 4), (KEY, 10, 12)])
def test_four_processes_together_keep_to_the_limit_of_their_key(
    tmp_path: Path, key: str, limit: int, count: int
) -> None:
    with serving(tmp_path, key=key) as (pubmed, settings):
        command = [sys.executable, "-c", ASK, f"{tmp_path}", settings.eutils_url, key, f"{count}"]
        askers = [
            subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            for _ in range(4)
        ]
        for asker in askers:
            assert asker.stdout is not None
            assert asker.stdout.readline() == "ready\n"
        for asker in askers:
            asker.communicate("go\n", timeout=60)
            assert asker.returncode == 0
    assert len(pubmed.arrivals) == 4 * count
    arrivals = sorted(pubmed.arrivals)
    spans = [last - first for first, last in zip(arrivals, arrivals[limit:], strict=False)]
    assert min(spans) >= 1.0
    # and the limit is made use of
    assert arrivals[-1] - arrivals[0] < 4 * count / limit * 1.6


def test_the_key_names_no_file_but_tells_turns_apart(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, ncbi_api_key=KEY)
    own, other = (
        Turns.of(each, FAST) for each in (settings, replace(settings, ncbi_api_key="other"))
    )
    assert own.path != other.path
    assert KEY not in f"{own.path}"
    own.pause(0.4)
    assert other.take(0.1)
    assert not own.take(0.1)


def test_who_is_told_to_slow_down_slows_all_that_share_the_key(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    one, other = Turns.of(settings, FAST), Turns.of(settings, FAST)
    assert one.take(0)
    one.pause(0.3)
    started = time.monotonic()
    assert other.take(5)
    assert 0.3 <= time.monotonic() - started < 2


@pytest.mark.parametrize("stored", ["", "?", "nan", "inf", "1e18", "-5"])
def test_turns_survive_a_damaged_file_and_a_restarted_machine(tmp_path: Path, stored: str) -> None:
    turns = Turns.of(Settings(home=tmp_path), replace(FAST, gap=0.05))
    turns.path.parent.mkdir()
    turns.path.write_text(stored)
    started = time.monotonic()
    assert turns.take(2)
    assert turns.take(2)
    assert 0.05 <= time.monotonic() - started < 2


SLOW = [Fault.STALL_BEFORE, Fault.STALL_WITHIN, Fault.DRIP, Fault.DRIP_HEADERS]
LASTING = {
    RateLimited: [Fault.SLOW_DOWN, Fault.SLOW_DOWN_SECONDS, Fault.SLOW_DOWN_DATE],
    TimedOut: SLOW,
    Incomplete: [Fault.FOREIGN, Fault.DUPLICATED, Fault.CHANGED_COUNT],
    UpstreamError: [
        *(Fault.ERROR_500, Fault.ERROR_502, Fault.ERROR_503, Fault.PROXY_STREAM, Fault.HTML),
        *(Fault.HTML_AS_XML, Fault.ERROR_ELEMENT, Fault.EMPTY, Fault.INVALID_UTF8, Fault.RESET),
        *(Fault.INVALID_CHARACTER, Fault.BAD_ENCODING, Fault.CUT_BY_LENGTH, Fault.CUT_CHUNKED),
        Fault.CUT_BY_CLOSE,
    ],
}


@pytest.mark.parametrize(
    ("kind", "fault"), [(kind, fault) for kind, faults in LASTING.items() for fault in faults]
)
def test_a_fault_that_lasts_is_a_typed_error_in_time_and_never_tells_the_key(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, kind: type[UpstreamError], fault: Fault
) -> None:
    caplog.set_level(logging.DEBUG)
    started = time.monotonic()
    with (
        serving(tmp_path, Faults([fault])) as (_, settings),
        pytest.raises(
            UpstreamError, match=rf"^\[{re.escape(NEW)}\] .*: run again later$"
        ) as caught,
    ):
        eutilities.fetch_slice(NEW, settings, SHORT)
    # one search and one fetch at most
    assert time.monotonic() - started < 2 * SHORT.total + 3
    assert caught.type is kind
    assert list(settings.spool_folder.iterdir()) == []
    error: BaseException = caught.value
    assert error.__context__ is None
    assert KEY not in f"{error!r} {caught.getrepr(chain=True)} {caplog.text}"


ASKED: dict[str, Callable[[Http, PubMedStandIn, Path], object]] = {
    "post": lambda http, pubmed, _: http.post("esearch.fcgi", {"term": "1:2[UID]"}, "a", len),
    "get": lambda http, pubmed, _: http.get(pubmed.deleted_pmids_url, "a"),
    "download": lambda http, pubmed, path: http.download(pubmed.deleted_pmids_url, "a", path),
}


@pytest.mark.parametrize("fault", SLOW)
@pytest.mark.parametrize("ask", ASKED)
def test_a_server_that_stalls_or_drips_is_left_in_time(
    tmp_path: Path, ask: str, fault: Fault
) -> None:
    with serving(tmp_path, Faults([fault])) as (pubmed, settings):
        started = time.monotonic()
        with (
            Http.open(settings, SHORT) as http,
            pytest.raises(TimedOut, match=r"\[a\] PubMed gave no answer"),
        ):
            ASKED[ask](http, pubmed, tmp_path / "file")
        assert 0.9 < time.monotonic() - started < SHORT.total + 3
        assert not (tmp_path / "file").exists()


def test_a_try_that_is_stuck_is_not_the_end_of_the_request(tmp_path: Path) -> None:
    with serving(tmp_path, Faults(script=[Fault.DRIP])) as (_, settings):
        assert eutilities.fetch_slice(NEW, settings, SHORT) == 3


FILE_FAULTS = [
    *(Fault.SLOW_DOWN, Fault.ERROR_503, Fault.CUT_BY_LENGTH, Fault.CUT_CHUNKED, Fault.RESET),
]


def test_a_download_is_the_bytes_that_are_there_after_any_fault(tmp_path: Path) -> None:
    faults = Faults(script=FILE_FAULTS)
    patient = replace(FAST, tries=9)
    with (
        serving(tmp_path, faults) as (pubmed, settings),
        Http.open(settings, patient) as http,
    ):
        target = tmp_path / "mirror" / "deleted.pmids.gz"
        http.download(pubmed.deleted_pmids_url, "deleted", target)
    assert gzip.decompress(target.read_bytes()) == b"7\n8\n"
    assert faults.counts.keys() == set(FILE_FAULTS)
    assert [path.name for path in target.parent.iterdir()] == ["deleted.pmids.gz"]


@pytest.mark.parametrize("fault", FILE_FAULTS)
def test_a_download_that_fails_leaves_what_was_there(tmp_path: Path, fault: Fault) -> None:
    target = tmp_path / "mirror" / "file"
    target.parent.mkdir()
    target.write_bytes(b"old")
    with (
        serving(tmp_path, Faults([fault])) as (pubmed, settings),
        Http.open(settings, SHORT) as http,
        pytest.raises(UpstreamError, match="tried 3"),
    ):
        http.download(pubmed.deleted_pmids_url, "deleted", target)
    assert target.read_bytes() == b"old"
    assert [path.name for path in target.parent.iterdir()] == ["file"]


def test_a_big_file_may_take_longer_than_a_request_as_long_as_it_comes(tmp_path: Path) -> None:
    block = bytes(3000)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def send_slowly() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n")
                for _ in range(20):
                    connection.sendall(block)
                    time.sleep(0.1)

        thread = threading.Thread(target=send_slowly)
        thread.start()
        with Http.open(Settings(home=tmp_path), SHORT) as http:
            url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
            started = time.monotonic()
            http.download(url, "big", tmp_path / "big")
        thread.join()
    assert time.monotonic() - started > SHORT.total
    assert (tmp_path / "big").read_bytes() == block * 20


def test_a_slice_that_stays_failed_changes_nothing_and_the_next_run_repairs_it(
    tmp_path: Path,
) -> None:
    faults = Faults(rate=0)
    now = datetime(2026, 3, 3, 9, tzinfo=UTC)
    with serving(tmp_path, faults) as (_, settings):
        stages.ingest(settings, [_baseline(tmp_path)])
        before, planned = versions(tmp_path), stages.plan_fetch(settings, now)
        assert len(planned) == 3
        faults.rate = 1
        for name in planned:
            with pytest.raises(UpstreamError):
                eutilities.fetch_slice(name, settings, SHORT)
        stages.ingest(settings)
        assert stages.plan_fetch(settings, now) == planned
        assert versions(tmp_path) == before
        faults.rate = 0
        for name in planned:
            stages.fetch(settings, name)
        stages.ingest(settings)
        assert stages.plan_fetch(settings, now) == []
    assert [row["pmid"] for row in tables(tmp_path)["publications"]] == [5, 11, 12, 13]


def _baseline(folder: Path) -> Path:
    path = folder / "baseline.xml"
    path.write_text(f"<PubmedArticleSet>{article(5)}</PubmedArticleSet>", encoding="utf-8")
    return path
