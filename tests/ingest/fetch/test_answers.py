"""Answers that are none, as PubMed gives them, and the errors that they become."""

from __future__ import annotations

import pytest

from pipeline import stages
from pipeline.errors import (
    BadCredentials,
    ConfrereError,
    QueryRejected,
    RateLimited,
    UpstreamError,
)
from pipeline.ingest import spool
from pipeline.settings import Settings
from tests.ingest.conftest import (
    KEY,
    QUERY,
    XML,
    Answer,
    PubMed,
    fetch_slice,
    found,
    records,
    spooled,
)
from tests.ingest.drawn import article_set

AT = f"@{spool.query_hash(QUERY)}"
DAY = f"new/2026-11-22{AT}"


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
    assert fetch_slice(DAY, settings) == 3


LASTING: dict[str, tuple[list[Answer], type[ConfrereError], str]] = {
    "slow down": ([(429, {"Retry-After": "0"}, b"{}")] * 5, RateLimited, "HTTP 429, tried 5"),
    "slow down for an hour": ([(429, {"Retry-After": "3600"}, b"")], RateLimited, "tried 1"),
    "slow down until a day": (
        [(503, {"Retry-After": "Wed, 21 Oct 2099 07:28:00 GMT"}, b"")],
        UpstreamError,
        "tried 1",
    ),
    "server error": ([(502, {"Retry-After": "0"}, b"")] * 5, UpstreamError, "HTTP 502, tried 5"),
    "bad key": ([(400, {}, b'{"error":"API key invalid"}')], BadCredentials, "ncbi_api_key"),
    "bad key, told back": (
        [(400, {}, f'{{"error":"API key invalid","api-key":"{KEY}"}}'.encode())],
        BadCredentials,
        "ncbi_api_key",
    ),
    "forbidden": ([(403, {}, KEY.encode())], BadCredentials, "HTTP 403"),
    "bad request": ([(400, {}, b"no")], UpstreamError, "HTTP 400.*check the settings"),
    "passing trouble": ([(400, {}, b"proxy_stream()")] * 5, UpstreamError, "HTTP 400, tried 5"),
    "elsewhere": ([(301, {"Location": "/"}, b"")], UpstreamError, "HTTP 301.*eutils_url"),
    "page": ([(200, {"Content-Type": "text/html"}, b"")] * 5, UpstreamError, "text/html, not XML"),
    "the key in an error": (
        [(200, XML, f"<eSearchResult><ERROR>{KEY}</ERROR></eSearchResult>".encode())] * 5,
        UpstreamError,
        "an error: …",
    ),
    "no sound body": (
        [(200, {**XML, "Content-Encoding": "gzip"}, b"no gzip" * 9)] * 5,
        UpstreamError,
        "Decoding",
    ),
}


@pytest.mark.parametrize("case", LASTING)
def test_a_lasting_failure_is_a_typed_error_without_the_key(
    pubmed: PubMed, settings: Settings, case: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    failures, kind, told = LASTING[case]
    pubmed.failures = list(failures)
    with pytest.raises(kind, match=told) as caught:
        fetch_slice(DAY, settings)
    assert caught.type is kind
    assert spooled(settings) == []
    assert KEY not in f"{caught.value!r} {caught.getrepr(chain=True)} {caplog.text}"
    # what hangs on an error is printed by some tools, and httpx hangs the form on its own
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


def test_the_key_shows_in_no_address_no_settings_no_result_and_no_file(
    pubmed: PubMed, settings: Settings
) -> None:
    assert KEY not in repr(settings)
    for name in (DAY, "deleted/2026-11-22"):
        assert KEY not in f"{stages.fetch(settings, name)}"
    assert [KEY in f"{path} {form}" for path, form in pubmed.asked] == [True, True, False]
    assert not any(KEY in path for path, _ in pubmed.asked)
    files = [path for path in settings.home.rglob("*") if path.is_file()]
    assert not any(KEY in f"{path}" or KEY.encode() in path.read_bytes() for path in files)


def test_a_form_with_the_key_follows_no_redirect(pubmed: PubMed, settings: Settings) -> None:
    pubmed.failures = [(307, {"Location": f"{pubmed.url}/elsewhere"}, b"")]
    with pytest.raises(UpstreamError, match="HTTP 307"):
        fetch_slice(DAY, settings)
    assert [path for path, _ in pubmed.asked] == ["/eutils/esearch.fcgi"]


SEARCH_ERRORS = {
    "page": (b"<html><body>Sorry</body></html>", "is html, not eSearchResult"),
    "broken page": (b"<html><br>Sorry", "is no XML"),
    "error": (b"<eSearchResult><ERROR>Backend failed</ERROR></eSearchResult>", "Backend failed"),
    "empty": (b"", "is no XML"),
    "count": (found([1, 2], count=3), "counts 3 records but lists 2"),
    "latin": (b"<?xml version='1.0' encoding='iso-8859-1'?><eSearchResult/>", "PubMed sends UTF-8"),
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
        fetch_slice(DAY, settings)
    assert str(caught.value).startswith(f"[{DAY}]")
    assert spooled(settings) == []


FETCH_ERRORS = {
    "foreign": (records("11,12,13,99"), r"sent 4 records for 3 ids, foreign ones: \[99\]"),
    "no record": (article_set(["<Note/>"]), "sent an element Note"),
    "entity": (records("11,12,13").replace(b">T<", b">&nbsp;<"), "no"),
    "twice": (records("11,12,13,13"), "sent 4 records for 3 ids"),
    "error": (b"<eFetchResult><ERROR>no</ERROR></eFetchResult>", "an error: no"),
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
        fetch_slice(DAY, settings)
    assert spooled(settings) == []


def test_a_day_that_pubmed_calls_unknown_is_an_empty_day(
    pubmed: PubMed, settings: Settings
) -> None:
    more = '<ErrorList><PhraseNotFound>"2026/11/22"[CRDT]</PhraseNotFound></ErrorList>'
    pubmed.search = lambda *_: found([], more=more)
    assert fetch_slice(DAY, settings) == 0
    pubmed.search = lambda *_: found([11], more=more)
    with pytest.raises(QueryRejected, match="2026/11/22"):
        fetch_slice(DAY, settings)


@pytest.mark.parametrize(
    "told",
    [
        "<ErrorList><FieldNotFound>x</FieldNotFound></ErrorList>",
        "<WarningList><PhraseIgnored>x</PhraseIgnored></WarningList>",
        "<WarningList><QuotedPhraseNotFound>x</QuotedPhraseNotFound></WarningList>",
        "<ErrorList><SomethingNew>x</SomethingNew></ErrorList>",
    ],
)
def test_a_query_that_pubmed_changes_is_rejected_at_once(
    pubmed: PubMed, settings: Settings, told: str
) -> None:
    pubmed.search = lambda *_: found([], more=told)
    with pytest.raises(QueryRejected, match=r"does not understand 'x'.*pubmed_query"):
        fetch_slice(DAY, settings)
    assert len(pubmed.asked) == 1
