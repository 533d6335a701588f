"""Slices: which are pending, how they are searched, and what is in their files."""

from __future__ import annotations

import gzip
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from pipeline import lake
from pipeline.errors import (
    ConfrereError,
    Incomplete,
    WrongUse,
)
from pipeline.ingest import spool
from pipeline.ingest.fetch import eutilities
from pipeline.ingest.fetch.http import Http
from pipeline.settings import Settings
from tests.builders import write_lake
from tests.ingest.conftest import (
    FAST,
    KEY,
    QUERY,
    XML,
    Form,
    PubMed,
    fetch_slice,
    found,
    records,
    spooled,
)
from tests.ingest.drawn import article, article_set, ingest, tables

AT = f"@{spool.query_hash(QUERY)}"
DAY = f"new/2026-11-22{AT}"


def test_a_slice_goes_into_the_spool_and_from_there_into_the_lake(
    pubmed: PubMed, settings: Settings
) -> None:
    pubmed.ids = list(range(1, 451))
    assert fetch_slice(DAY, settings) == 450
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
    fetch_slice(f"revised/2026-11-22{AT}", settings)
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
        fetch_slice(name, settings)
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
            fetch_slice(name, settings)
    assert spooled(settings) == []


def long_search(own: PubMed, form: Form) -> bytes:
    """Answer as where two ids are already too many: by day, and by PMID within a day."""
    matches = own.ids
    if ":" not in form["term"].split("[UID]")[0]:
        matches = [pmid for pmid in own.ids if (pmid < 13) == ("2026/11/21" in form["term"])]
    if bounds := re.search(r"AND (\d+):(\d+)\[UID\]", form["term"]):
        low, high = map(int, bounds.groups())
        matches = [pmid for pmid in own.ids if low <= pmid <= high]
    return found(sorted(matches, reverse=True)[:2], count=len(matches))


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """PubMed lists two ids at most."""
    monkeypatch.setattr("pipeline.ingest.fetch.answers.MOST_IDS", 2)
    monkeypatch.setattr("pipeline.ingest.fetch.search.MOST_IDS", 2)


@pytest.mark.usefixtures("few")
def test_a_span_of_too_many_records_is_halved(pubmed: PubMed, settings: Settings) -> None:
    pubmed.ids, pubmed.search = [11, 12, 13, 14], long_search
    assert fetch_slice(f"new/2026-11-21..2026-11-22{AT}", settings) == 4
    terms = [form["term"] for path, form in pubmed.asked if "esearch" in path]
    assert [term.removeprefix("(Geneva[ad]) AND ") for term in terms] == [
        '("2026/11/21"[CRDT] : "2026/11/22"[CRDT])',
        '"2026/11/21"[CRDT]',
        '"2026/11/22"[CRDT]',
    ]


@pytest.mark.usefixtures("few")
def test_a_day_of_too_many_records_is_cut_by_pmid(pubmed: PubMed, settings: Settings) -> None:
    pubmed.ids, pubmed.search = [13, 15, 16, 20, 21], long_search
    assert fetch_slice(DAY, settings) == 5
    terms = [form["term"] for path, form in pubmed.asked if "esearch" in path]
    assert [term.partition("[CRDT]")[2] for term in terms] == [
        "",
        " AND 1:20[UID]",
        " AND 1:16[UID]",
        " AND 1:15[UID]",
        " AND 16:16[UID]",
        " AND 17:20[UID]",
        " AND 21:99999999[UID]",
    ]


@pytest.mark.usefixtures("few")
def test_a_count_that_changes_meanwhile_is_asked_for_again(
    pubmed: PubMed, settings: Settings
) -> None:
    wrong = [1]

    def search(own: PubMed, form: Form) -> bytes:
        if "UID" not in form["term"] and wrong:
            return found([13, 14], count=3 + wrong.pop())
        return long_search(own, form)

    pubmed.ids, pubmed.search = [13, 14, 15], search
    assert fetch_slice(DAY, settings) == 3
    wrong += [1] * 3
    with pytest.raises(Incomplete, match="counts 4 records but 3 over its halves, asked 3 times"):
        fetch_slice(DAY, settings)
    assert spooled(settings) == [f"new_2026-11-22{AT}.xml.gz"]


def document(settings: Settings) -> bytes:
    [file] = settings.spool_folder.iterdir()
    return gzip.decompress(file.read_bytes())


def test_a_record_that_pubmed_withholds_is_named_unavailable(
    pubmed: PubMed, settings: Settings
) -> None:
    def fetch(own: PubMed, form: Form) -> bytes:
        given = [pmid for pmid in form["id"].split(",") if pmid not in ("12", "13")]
        return records(",".join(given)) if given else article_set([])

    pubmed.fetch = fetch
    assert fetch_slice(DAY, settings) == 1
    assert [form["id"] for _, form in pubmed.asked[1:]] == ["11,12,13", "12,13", "12", "13"]
    assert document(settings).decode() == (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<PubmedArticleSet Slice="{DAY}" Count="1">\n{article(11)}\n'
        "<Unavailable><PMID>12</PMID><PMID>13</PMID></Unavailable>\n</PubmedArticleSet>\n"
    )
    ingest(settings.home, *settings.spool_folder.iterdir())
    assert [row["pmid"] for row in tables(settings.home)["publications"]] == [11]


def test_a_record_that_is_missing_in_passing_is_asked_for_again(
    pubmed: PubMed, settings: Settings
) -> None:
    def fetch(own: PubMed, form: Form) -> bytes:
        return records("11" if form["id"] == "11,12,13" else form["id"])

    pubmed.fetch = fetch
    assert fetch_slice(DAY, settings) == 3
    assert [form["id"] for _, form in pubmed.asked[1:]] == ["11,12,13", "12,13"]
    assert b"Unavailable" not in document(settings)


def test_none_of_the_records_is_an_answer_too(pubmed: PubMed, settings: Settings) -> None:
    told = b"<ERROR>ID list is empty! Possibly it has no correct IDs.</ERROR>"
    none = b"<eFetchResult>" + told + b"</eFetchResult>"
    pubmed.ids = [7]
    pubmed.fetch = lambda *_: none
    assert fetch_slice(DAY, settings) == 0
    pubmed.failures = [(200, XML, found([7])), *[(400, XML, none)] * 3]
    assert fetch_slice(DAY, settings) == 0
    assert b"<Unavailable><PMID>7</PMID></Unavailable>" in document(settings)


def test_records_go_into_the_spool_as_the_bytes_that_came(
    pubmed: PubMed, settings: Settings
) -> None:
    odd = article(11).replace("<PubmedArticle>", "<PubmedArticle  a='x>y'><!-- é &amp; -->\r\n")
    head = (
        "<!DOCTYPE PubmedArticleSet PUBLIC '-//NLM//DTD PubMedArticle//EN' 'https://example.org'>"
    )
    pubmed.ids = [11]
    pubmed.fetch = lambda *_: (
        f"{head}<PubmedArticleSet b='1>0' >\n{odd}</PubmedArticleSet>".encode()
    )
    fetch_slice(DAY, settings)
    assert odd.encode() in document(settings)


def test_two_runs_that_fetch_the_same_slice_leave_one_whole_file(settings: Settings) -> None:
    target = settings.spool_folder / "new.xml.gz"

    def overtaken() -> None:
        with spool.whole(target), spool.whole(target) as second:
            second.write_bytes(b"second")

    with pytest.raises(ConfrereError, match=r"new.xml.gz\] is being fetched by another run"):
        overtaken()
    assert target.read_bytes() == b"second"
    assert spooled(settings) == ["new.xml.gz"]


def test_a_gzip_file_stays_what_it_is_where_a_server_calls_gzip_an_encoding(
    pubmed: PubMed, settings: Settings
) -> None:
    answer = (200, {"Content-Encoding": "gzip"}, pubmed.download)
    pubmed.failures = [answer, answer]
    fetch_slice("deleted/2026-11-22", settings)
    [file] = settings.spool_folder.iterdir()
    assert file.read_bytes() == pubmed.download
    with Http.open(settings, FAST) as http:
        http.download(settings.deleted_pmids_url, "deleted", file)
    assert file.read_bytes() == pubmed.download


def test_a_list_of_deleted_pmids_that_is_damaged_is_not_kept(
    pubmed: PubMed, settings: Settings
) -> None:
    assert fetch_slice("deleted/2026-11-22", settings) == 2
    assert spooled(settings) == ["deleted_2026-11-22.pmids.gz"]
    for bad in (b"<html>", pubmed.download[:-9], gzip.compress(b"<html>"), gzip.compress(b"")):
        pubmed.download = bad
        with pytest.raises(ConfrereError, match=r"deleted/2026-11-21"):
            fetch_slice("deleted/2026-11-21", settings)
    assert spooled(settings) == ["deleted_2026-11-22.pmids.gz"]


@pytest.mark.parametrize("name", ["new", "old/2026-11-22", "new/2026-11-22..2026-11-21"])
def test_names_that_are_no_slices_are_wrong_use(settings: Settings, name: str) -> None:
    with pytest.raises(WrongUse, match="is no slice"):
        fetch_slice(name, settings)


def test_an_empty_query_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="pubmed_query"):
        fetch_slice(DAY, Settings(home=tmp_path))


def test_the_ledger_knows_a_spool_file_by_its_slice() -> None:
    for name in (DAY, f"revised/2026-01-01..2026-11-22{AT}", "deleted/2026-11-22"):
        assert spool.source_name(Path("spool") / spool.slice_named(name).file_name) == name
    assert spool.source_name(Path("pubmed26n0001.xml.gz")) == "pubmed26n0001.xml.gz"
