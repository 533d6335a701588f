"""The client against a small server on loopback, which answers as PubMed does and should not."""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from pipeline import lake
from pipeline.errors import BadCredentials, ConfrereError, RateLimited, UpstreamError, WrongUse
from pipeline.ingest import eutilities, spool
from pipeline.settings import Settings
from tests.builders import write_lake
from tests.ingest.conftest import KEY, QUERY, Answer, Form, PubMed, found, records
from tests.ingest.drawn import ingest, tables

AT = f"@{spool.query_hash(QUERY)}"
DAY = f"new/2026-11-22{AT}"


def spooled(settings: Settings) -> list[str]:
    return sorted(file.name for file in settings.spool_folder.iterdir())


def test_a_slice_goes_into_the_spool_and_from_there_into_the_lake(
    pubmed: PubMed, settings: Settings
) -> None:
    pubmed.ids = list(range(1, 451))
    assert eutilities.fetch_slice(DAY, settings) == 450
    assert spooled(settings) == [f"new_2026-11-22{AT}.xml.gz"]
    ingest(settings.home, *settings.spool_folder.iterdir())
    assert [row["pmid"] for row in tables(settings.home)["publications"]] == pubmed.ids
    search, *fetches = [form for _, form in pubmed.asked]
    assert search["term"] == '(Geneva[ad]) AND "2026/11/22"[CRDT]'
    assert [len(form["id"].split(",")) for form in fetches] == [200, 200, 50]
    own = {"db": "pubmed", "tool": "confrere", "email": "a@example.org", "api_key": KEY}
    assert all(own.items() <= form.items() for _, form in pubmed.asked)


def test_revised_records_are_asked_for_by_the_day_of_revision(
    pubmed: PubMed, settings: Settings
) -> None:
    eutilities.fetch_slice(f"revised/2026-11-22{AT}", settings)
    assert pubmed.asked[0][1]["term"] == '(Geneva[ad]) AND "2026/11/22"[LR]'


def pending(settings: Settings, today: date, *spooled: str) -> list[str]:
    sources = lake.read(settings.lake_folder, "sources")
    return eutilities.pending_slices(sources, spooled, today, settings)


def with_ledger(folder: Path, *names: str, since: str = "") -> Settings:
    settings = Settings(home=folder, pubmed_query=QUERY, pubmed_since=since, deleted_pmids_url="")
    write_lake(settings.lake_folder, sources=[{"name": name} for name in sorted(names)])
    return settings


def test_all_that_was_read_is_no_longer_pending(pubmed: PubMed, settings: Settings) -> None:
    today = date(2026, 11, 23)
    names = pending(settings, today)
    assert names == [
        f"new/2026-11-21{AT}",
        f"revised/2026-11-21{AT}",
        f"new/2026-11-22{AT}",
        f"revised/2026-11-22{AT}",
        "deleted/2026-11-22",
    ]
    for name in names:
        # an empty day leaves its trace too
        pubmed.ids = [] if name.startswith("revised") else [7, 9]
        eutilities.fetch_slice(name, settings)
    ingest(settings.home, *settings.spool_folder.iterdir())
    assert pending(settings, today) == []
    assert pending(settings, date(2026, 11, 24)) == [
        f"new/2026-11-23{AT}",
        f"revised/2026-11-23{AT}",
        "deleted/2026-11-23",
    ]
    assert [row["pmid"] for row in tables(settings.home)["publications"]] == [9]


def test_what_waits_in_the_spool_is_not_asked_for_again(settings: Settings) -> None:
    spooled = (f"new/2026-11-21..2026-11-22{AT}", "deleted/2026-11-22", "pubmed26n0001.xml.gz")
    assert pending(settings, date(2026, 11, 23), *spooled) == [
        f"revised/2026-11-21{AT}",
        f"revised/2026-11-22{AT}",
    ]


def test_long_gaps_are_fetched_by_calendar_year(tmp_path: Path) -> None:
    settings = with_ledger(
        tmp_path, f"new/2025-12-01..2025-12-31{AT}", "a.xml.gz", since="2025-11-01"
    )
    assert pending(settings, date(2026, 1, 3)) == [
        f"new/2025-11-01..2025-11-30{AT}",
        f"revised/2025-11-01..2025-12-31{AT}",
        f"new/2026-01-01{AT}",
        f"revised/2026-01-01{AT}",
        f"new/2026-01-02{AT}",
        f"revised/2026-01-02{AT}",
    ]


def test_without_a_first_day_thirty_days_are_pending(tmp_path: Path) -> None:
    settings = with_ledger(tmp_path, "deleted/2026-01-01", "pubmed26n0001.xml.gz")
    days = f"2026-10-24..2026-11-22{AT}"
    assert pending(settings, date(2026, 11, 23)) == [f"new/{days}", f"revised/{days}"]


def test_no_day_of_a_long_outage_is_lost(tmp_path: Path) -> None:
    settings = with_ledger(
        tmp_path, f"new/2026-05-02..2026-06-01{AT}", f"revised/2026-05-02..2026-06-01{AT}"
    )
    gap = f"2026-06-02..2026-11-22{AT}"
    assert pending(settings, date(2026, 11, 23)) == [f"new/{gap}", f"revised/{gap}"]


def test_another_query_asks_for_all_days_anew(tmp_path: Path) -> None:
    settings = with_ledger(
        tmp_path,
        f"new/2026-09-01..2026-11-22{AT}",
        f"revised/2026-09-01..2026-11-22{AT}",
    )
    assert pending(settings, date(2026, 11, 23)) == []
    days = f"2026-09-01..2026-11-22@{spool.query_hash('Lausanne[ad]')}"
    other = replace(settings, pubmed_query="Lausanne[ad]")
    assert pending(other, date(2026, 11, 23)) == [f"new/{days}", f"revised/{days}"]


def test_a_slice_of_another_query_is_not_fetched_under_its_name(settings: Settings) -> None:
    for name in ("new/2026-11-22", "new/2026-11-22@1a2b3c4d"):
        with pytest.raises(WrongUse, match="of another query"):
            eutilities.fetch_slice(name, settings)
    assert spooled(settings) == []


def test_a_span_of_too_many_records_is_halved(
    pubmed: PubMed, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(eutilities, "MOST_IDS", 3)

    def search(own: PubMed, form: Form) -> bytes:
        if ":" in form["term"]:
            return found(own.ids[:3], count=len(own.ids))
        return found([11, 12] if "2026/11/21" in form["term"] else [13, 14])

    pubmed.ids = [11, 12, 13, 14]
    pubmed.search = search
    assert eutilities.fetch_slice(f"new/2026-11-21..2026-11-22{AT}", settings) == 4
    pubmed.search = lambda own, _: found(own.ids[:3], count=len(own.ids))
    with pytest.raises(ConfrereError, match=r"new/2026-11-22@.*at most 3.*narrow"):
        eutilities.fetch_slice(DAY, settings)


@pytest.mark.parametrize(
    "answer",
    [
        (429, {"Retry-After": "0"}, b"slow down"),
        (500, {"Retry-After": "0"}, b""),
        (503, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, b""),
    ],
)
def test_a_passing_failure_is_tried_again(
    pubmed: PubMed, settings: Settings, answer: Answer
) -> None:
    pubmed.failures = [answer, answer]
    assert eutilities.fetch_slice(DAY, settings) == 3


LASTING: dict[str, tuple[list[Answer], type[ConfrereError], str]] = {
    "slow down": ([(429, {"Retry-After": "0"}, b"{}")] * 5, RateLimited, "HTTP 429, tried 5"),
    "slow down for an hour": ([(429, {"Retry-After": "3600"}, b"")], RateLimited, "tried 1"),
    "server error": ([(502, {"Retry-After": "0"}, b"")] * 5, UpstreamError, "HTTP 502, tried 5"),
    "bad key": ([(400, {}, b'{"error":"API key invalid"}')], BadCredentials, "ncbi_api_key"),
    "bad request": ([(400, {}, b"proxy_stream()")], UpstreamError, "HTTP 400"),
}


@pytest.mark.parametrize("case", LASTING)
def test_a_lasting_failure_is_a_typed_error_without_the_key(
    pubmed: PubMed, settings: Settings, case: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    failures, kind, told = LASTING[case]
    pubmed.failures = list(failures)
    with pytest.raises(kind, match=told) as caught:
        eutilities.fetch_slice(DAY, settings)
    assert caught.type is kind
    assert spooled(settings) == []
    assert KEY not in f"{caught.value!r} {caught.getrepr(chain=True)} {caplog.text}"


SEARCH_ERRORS = {
    "page": (b"<html><body>Sorry</body></html>", "is html, not eSearchResult"),
    "broken page": (b"<html><br>Sorry", "is no XML"),
    "error": (b"<eSearchResult><ERROR>Backend failed</ERROR></eSearchResult>", "Backend failed"),
    "empty": (b"", "is no XML"),
    "count": (found([1, 2], count=3), "counts 3 records but lists 2"),
    "twice": (found([1, 1]), "counts 2 records"),
    "phrase": (
        found([1], more="<ErrorList><PhraseNotFound>Genvea[ad]</PhraseNotFound></ErrorList>"),
        r"does not understand 'Genvea\[ad\]'",
    ),
    "no count": (b"<eSearchResult/>", "has no count"),
}


@pytest.mark.parametrize("case", SEARCH_ERRORS)
def test_a_search_answer_that_proves_nothing_is_refused(
    pubmed: PubMed, settings: Settings, case: str
) -> None:
    body, why = SEARCH_ERRORS[case]
    pubmed.search = lambda *_: body
    with pytest.raises(ConfrereError, match=why) as caught:
        eutilities.fetch_slice(DAY, settings)
    assert str(caught.value).startswith(f"[{DAY}]")
    assert spooled(settings) == []


FETCH_ERRORS = {
    "missing": (records("11,13"), r"left out 1 of the records asked for \(12\)"),
    "foreign": (records("11,12,13,99"), "sent 4 records for 3 ids"),
    "twice": (records("11,12,13,13"), "sent 4 records for 3 ids"),
    "error": (b"<eFetchResult><ERROR>no</ERROR></eFetchResult>", r"with an error \(no\)"),
    "page": (b"<html/>", "is html"),
    "cut": (records("11,12,13")[:-40], "is no XML"),
    "subset": (
        b"<!DOCTYPE PubmedArticleSet [<!ENTITY a 'b'>]><PubmedArticleSet/>",
        "DTD of its own",
    ),
}


@pytest.mark.parametrize("case", FETCH_ERRORS)
def test_records_that_are_not_those_asked_for_are_refused(
    pubmed: PubMed, settings: Settings, case: str
) -> None:
    body, why = FETCH_ERRORS[case]
    pubmed.fetch = lambda *_: body
    with pytest.raises(UpstreamError, match=why):
        eutilities.fetch_slice(DAY, settings)
    assert spooled(settings) == []


def test_a_day_that_pubmed_calls_unknown_is_an_empty_day(
    pubmed: PubMed, settings: Settings
) -> None:
    more = '<ErrorList><PhraseNotFound>"2026/11/22"[CRDT]</PhraseNotFound></ErrorList>'
    pubmed.search = lambda *_: found([], more=more)
    assert eutilities.fetch_slice(DAY, settings) == 0


def test_a_list_of_deleted_pmids_that_is_damaged_is_not_kept(
    pubmed: PubMed, settings: Settings
) -> None:
    assert eutilities.fetch_slice("deleted/2026-11-22", settings) == 2
    assert spooled(settings) == ["deleted_2026-11-22.pmids.gz"]
    for bad in (b"<html>", pubmed.download[:-9], gzip.compress(b"<html>"), gzip.compress(b"")):
        pubmed.download = bad
        with pytest.raises(ConfrereError, match=r"deleted/2026-11-21"):
            eutilities.fetch_slice("deleted/2026-11-21", settings)
    assert spooled(settings) == ["deleted_2026-11-22.pmids.gz"]


@pytest.mark.parametrize("name", ["new", "old/2026-11-22", "new/2026-11-22..2026-11-21"])
def test_names_that_are_no_slices_are_wrong_use(settings: Settings, name: str) -> None:
    with pytest.raises(WrongUse, match="is no slice"):
        eutilities.fetch_slice(name, settings)


def test_an_empty_query_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="pubmed_query"):
        eutilities.fetch_slice(DAY, Settings(home=tmp_path))


def test_the_ledger_knows_a_spool_file_by_its_slice() -> None:
    for name in (DAY, f"revised/2026-01-01..2026-11-22{AT}", "deleted/2026-11-22"):
        assert spool.source_name(Path("spool") / spool.slice_named(name).file_name) == name
    assert spool.source_name(Path("pubmed26n0001.xml.gz")) == "pubmed26n0001.xml.gz"
