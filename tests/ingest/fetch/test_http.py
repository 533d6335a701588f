"""No wait is without an end, and a downloaded file is whole."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.demo.faults import Fault, Faults
from pipeline.demo.server import PubMedStandIn
from pipeline.errors import TimedOut, UpstreamError
from pipeline.ingest.fetch import eutilities
from pipeline.ingest.fetch.http import Http
from pipeline.settings import Settings
from tests.ingest.conftest import FAST, PubMed
from tests.ingest.fetch.faulty import NEW, SHORT, SLOW, serving

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


def test_a_pause_that_pubmed_asks_for_is_kept(pubmed: PubMed, settings: Settings) -> None:
    pubmed.failures = [(429, {"Retry-After": "1"}, b"")]
    patience = replace(FAST, longest_pause=2)
    started = time.monotonic()
    with Http.open(settings, patience) as http, Http.open(settings, patience) as other:
        first = threading.Thread(target=http.get, args=(settings.deleted_pmids_url, "a"))
        first.start()
        while not pubmed.asked or pubmed.failures:
            time.sleep(0.01)
        time.sleep(0.1)
        # the other was told nothing, but shares the key
        other.get(settings.deleted_pmids_url, "b")
        first.join()
    assert 1 <= time.monotonic() - started < 3
    assert len(pubmed.asked) == 3


def test_nobody_waits_after_the_last_try(pubmed: PubMed, settings: Settings) -> None:
    pubmed.failures = [(500, {}, b"")]
    patience = replace(FAST, tries=1, first_pause=10, longest_pause=20)
    started = time.monotonic()
    with Http.open(settings, patience) as http, pytest.raises(UpstreamError, match="tried 1"):
        http.get(settings.deleted_pmids_url, "a")
    assert time.monotonic() - started < 2


def test_without_a_key_a_refusal_is_no_matter_of_credentials(
    pubmed: PubMed, settings: Settings
) -> None:
    pubmed.failures = [(403, {}, b"")] * 2
    with Http.open(replace(settings, ncbi_api_key=""), FAST) as http:
        with pytest.raises(UpstreamError, match=r"HTTP 403.*eutils_url"):
            http.post("esearch.fcgi", {}, "a", len)
        with pytest.raises(UpstreamError, match=r"HTTP 403.*deleted\.pmids\.gz"):
            http.get(settings.deleted_pmids_url, "a")


def test_an_address_that_is_none_is_a_typed_error(settings: Settings) -> None:
    for url in ("http://[", "no://where", "http://127.0.0.1:1/"):
        with Http.open(settings, SHORT) as http, pytest.raises(UpstreamError, match="tried"):
            http.get(url, "a")
