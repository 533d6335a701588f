"""The E-utilities stand-in over a real socket."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import date, timedelta

import httpx
import pytest
from lxml import etree

from pipeline.demo.corpus import Drawn, DrawnCorpus
from pipeline.demo.faults import Answer, Fault, Faults
from pipeline.demo.server import PubMedStandIn, serve
from pipeline.demo.world import World

BEFORE = timedelta(days=1)


@pytest.fixture(scope="module")
def running(world: World) -> Iterator[PubMedStandIn]:
    with serve(world, world.first_night) as pubmed:
        yield pubmed


@pytest.fixture
def pubmed(running: PubMedStandIn, world: World) -> PubMedStandIn:
    running.today = world.first_night
    return running


def search(pubmed: PubMedStandIn, term: str, **more: str) -> etree._Element:
    form = {"db": "pubmed", "term": term, "retmode": "xml", "retmax": "9999", **more}
    answer = httpx.post(f"{pubmed.eutils_url}esearch.fcgi", data=form)
    assert answer.status_code == 200, answer.text
    return etree.fromstring(answer.content)


def ids(result: etree._Element) -> list[int]:
    return [int(element.text or "") for element in result.iterfind("IdList/Id")]


def fetch(pubmed: PubMedStandIn, pmids: list[int]) -> etree._Element:
    form = {"db": "pubmed", "id": ",".join(map(str, pmids)), "retmode": "xml"}
    answer = httpx.post(f"{pubmed.eutils_url}efetch.fcgi", data=form)
    assert answer.status_code == 200, answer.text
    assert b"<!DOCTYPE PubmedArticleSet PUBLIC" in answer.content
    return etree.fromstring(answer.content)


def fetched(root: etree._Element) -> list[int]:
    return [int(pmid.text or "") for pmid in root.iterfind("PubmedArticle/MedlineCitation/PMID")]


def deleted(pubmed: PubMedStandIn) -> list[int]:
    return [
        int(line) for line in gzip.decompress(httpx.get(pubmed.deleted_pmids_url).content).split()
    ]


def test_a_day_gives_what_entered_on_it(pubmed: PubMedStandIn, world: World) -> None:
    result = search(pubmed, '(all[sb]) AND "2026/03/02"[CRDT]')
    expected = [p for p, paper in world.papers.items() if paper.entered_on == world.first_night]
    assert sorted(ids(result)) == expected
    assert result.findtext("Count") == str(len(expected))
    assert result.findtext("RetStart") == "0"
    assert result.find("TranslationSet") is not None
    assert ids(search(pubmed, '() AND "2026/03/02"[EDAT]')) == ids(result)


@pytest.mark.parametrize(
    "clause",
    [
        '("2020/01/01"[CRDT] : "2020/12/31"[CRDT])',
        "2020/01/01:2020/12/31[crdt]",
        '"2020/1/1"[CRDT]:"2020/12/31"[CRDT]',
    ],
)
def test_a_range_gives_what_entered_within_it(
    pubmed: PubMedStandIn, world: World, clause: str
) -> None:
    expected = {p for p, paper in world.papers.items() if paper.entered_on.year == 2020}
    assert set(ids(search(pubmed, f"(all[sb]) AND {clause}"))) == expected


def test_nothing_of_tomorrow_shows_today(pubmed: PubMedStandIn, world: World) -> None:
    second = world.nights[1]
    tomorrow = [p for p, paper in world.papers.items() if paper.entered_on == second]
    clause = f'"{second:%Y/%m/%d}"[CRDT]'
    empty = search(pubmed, clause)
    assert empty.findtext("Count") == "0"
    assert fetched(fetch(pubmed, tomorrow)) == []
    pubmed.today = second
    assert sorted(ids(search(pubmed, clause))) == tomorrow
    assert sorted(fetched(fetch(pubmed, tomorrow))) == tomorrow


def test_retraction_and_revision_show_from_their_night_on(
    pubmed: PubMedStandIn, world: World
) -> None:
    second = world.nights[1]
    [retraction], [revision] = (
        world.changed("retraction", second),
        world.changed("revision", second),
    )
    changed = {retraction.pmid, revision.pmid}
    assert retraction.paper is not None
    assert revision.paper is not None
    old = etree.tostring(fetch(pubmed, sorted(changed)))
    assert b"RetractionIn" not in old
    assert revision.paper.title.split(":")[0].encode() not in old
    pubmed.today = second
    new = etree.tostring(fetch(pubmed, sorted(changed)))
    assert b"RetractionIn" in new
    assert revision.paper.title.split(":")[0].encode() in new
    entered = {p for p, paper in world.papers.items() if paper.entered_on == second}
    assert set(ids(search(pubmed, f'"{second:%Y/%m/%d}"[LR]'))) == entered | changed
    pubmed.today = world.nights[2]
    assert changed <= set(ids(search(pubmed, f'"{second:%Y/%m/%d}"[LR]')))


def test_a_deletion_shows_from_its_night_on(pubmed: PubMedStandIn, world: World) -> None:
    second = world.nights[1]
    [change] = world.changed("deletion", second)
    assert fetched(fetch(pubmed, [change.pmid])) == [change.pmid]
    assert change.pmid not in deleted(pubmed)
    pubmed.today = second
    assert fetched(fetch(pubmed, [change.pmid])) == []
    assert change.pmid in deleted(pubmed)
    assert deleted(pubmed) == world.deleted(second)


def test_one_search_lists_at_most_9999_of_all_it_counts(
    pubmed: PubMedStandIn, world: World
) -> None:
    everything = '(all[sb]) AND ("2000/01/01"[CRDT] : "2026/03/02"[CRDT])'
    result = search(pubmed, everything, retmax="100000")
    assert int(result.findtext("Count", "")) == len(world.visible(world.first_night))
    assert len(ids(result)) == 9_999
    assert ids(search(pubmed, everything, retstart="9990", retmax="100")) == ids(result)[9_990:]
    form = {"db": "pubmed", "term": everything, "retstart": "9999"}
    beyond = httpx.post(f"{pubmed.eutils_url}esearch.fcgi", data=form)
    assert beyond.status_code == 400
    assert "retstart" in etree.fromstring(beyond.content).findtext("ERROR", "")


def test_pages_of_a_search_join_without_overlap(pubmed: PubMedStandIn) -> None:
    term = '"2026/03/02"[CRDT]'
    pages = [ids(search(pubmed, term, retstart=str(n), retmax="20")) for n in (0, 20, 40, 60, 80)]
    assert [pmid for page in pages for pmid in page] == ids(search(pubmed, term))


def test_words_must_all_occur(pubmed: PubMedStandIn, world: World) -> None:
    term = '(Nordhaven[ad] AND "heart failure") AND ("2013/01/01"[CRDT] : "2026/03/02"[CRDT])'
    found = ids(search(pubmed, term))
    assert found
    for pmid in found:
        paper = world.record(pmid, world.first_night)
        assert paper is not None
        assert "heart failure" in paper.title.lower()
        assert any("Nordhaven" in text for a in paper.authors for text in a.affiliations)


def test_ids_that_are_unknown_are_left_out(pubmed: PubMedStandIn, world: World) -> None:
    known = world.visible(world.first_night)[:2]
    assert fetched(fetch(pubmed, [known[0], 1, known[1]])) == known


def test_get_answers_like_post(pubmed: PubMedStandIn) -> None:
    form = {"db": "pubmed", "term": '"2026/03/02"[CRDT]'}
    url = f"{pubmed.eutils_url}esearch.fcgi"
    assert httpx.get(url, params=form).content == httpx.post(url, data=form).content


def test_a_search_kept_on_the_history_can_be_fetched(pubmed: PubMedStandIn) -> None:
    result = search(pubmed, '"2026/03/02"[CRDT]', usehistory="y")
    form = {
        "db": "pubmed", "WebEnv": result.findtext("WebEnv", ""),
        "query_key": result.findtext("QueryKey", ""), "retstart": "5", "retmax": "10",
    }  # fmt: skip
    answer = httpx.post(f"{pubmed.eutils_url}efetch.fcgi", data=form)
    assert fetched(etree.fromstring(answer.content)) == ids(result)[5:15]


@pytest.mark.parametrize(
    ("endpoint", "form", "word"),
    [
        ("esearch", {"db": "pubmed", "term": ""}, "Empty term"),
        ("esearch", {"db": "pubmed", "term": "a OR b"}, "OR"),
        ("esearch", {"db": "pubmed", "term": "2020[dp]"}, "2020"),
        ("esearch", {"db": "pubmed", "term": '"2020/02/31"[CRDT]'}, "day"),
        ("esearch", {"db": "pubmed", "term": "x", "mindate": "2020"}, "mindate"),
        ("esearch", {"db": "gene", "term": "x"}, "gene"),
        ("efetch", {"db": "pubmed", "id": "12,x"}, "PMIDs"),
        ("efetch", {"db": "pubmed", "id": "1", "retmode": "text"}, "retmode"),
        ("efetch", {"db": "pubmed", "WebEnv": "MCID_999"}, "WebEnv"),
    ],
)
def test_what_it_cannot_do_it_refuses(
    pubmed: PubMedStandIn, endpoint: str, form: dict[str, str], word: str
) -> None:
    answer = httpx.post(f"{pubmed.eutils_url}{endpoint}.fcgi", data=form)
    assert answer.status_code == 400
    assert word in etree.fromstring(answer.content).findtext("ERROR", "")


def test_a_range_of_pmids_narrows_a_search(pubmed: PubMedStandIn) -> None:
    everything = sorted(ids(search(pubmed, '"2026/03/02"[CRDT]')))
    low, high = everything[3], everything[-2]
    some = search(pubmed, f'(all[sb]) AND "2026/03/02"[CRDT] AND {low}:{high}[UID]')
    assert sorted(ids(some)) == everything[3:-1]
    assert some.findtext("Count") == str(len(everything) - 4)


DAY = date(2026, 3, 2)
DRAWN = DrawnCorpus(
    {
        pmid: Drawn(pmid, DAY, DAY, f"<PubmedArticle><PMID>{pmid}</PMID></PubmedArticle>")
        for pmid in (21, 22, 23)
    },
    [7, 8],
)


def pmids(answer: httpx.Response) -> list[int]:
    return [int(found.text or "") for found in etree.fromstring(answer.content).iter("PMID")]


def test_drawn_records_stand_in_for_a_world() -> None:
    records = {**DRAWN.records, 24: Drawn(24, DAY, DAY, "")}
    with serve(DrawnCorpus(records, [7, 8]), DAY) as pubmed:
        assert ids(search(pubmed, '"2026/03/02"[LR]')) == [24, 23, 22, 21]
        form = {"db": "pubmed", "id": "24,22"}
        assert pmids(httpx.post(f"{pubmed.eutils_url}efetch.fcgi", data=form)) == [22]
        assert deleted(pubmed) == [7, 8]
        first, second, third = pubmed.arrivals
        assert first < second < third


@pytest.mark.parametrize(
    ("fault", "status", "told"),
    [
        (Fault.SLOW_DOWN, 429, b"rate limit"),
        (Fault.PROXY_STREAM, 400, b"proxy_stream()"),
        (Fault.ERROR_503, 503, b""),
        (Fault.HTML, 200, b"<html>"),
        (Fault.ERROR_ELEMENT, 200, b"<ERROR>Search Backend failed"),
        (Fault.INVALID_UTF8, 200, b"\xff</PubmedArticleSet>"),
        (Fault.INVALID_CHARACTER, 200, b"\x01</PubmedArticleSet>"),
        (Fault.FOREIGN, 200, b"<PMID>1</PMID>"),
        (Fault.DUPLICATED, 200, b"<PMID>21</PMID></PubmedArticle><PubmedArticle><PMID>21</PMID>"),
    ],
)
def test_a_scripted_fault_spoils_one_answer_and_is_counted(
    fault: Fault, status: int, told: bytes
) -> None:
    with serve(DRAWN, DAY, Faults(script=[None, fault])) as pubmed:
        answers = [
            httpx.post(f"{pubmed.eutils_url}efetch.fcgi", data={"db": "pubmed", "id": "21,22"})
            for _ in range(3)
        ]
        assert [answer.status_code for answer in answers] == [200, status, 200]
        assert told in answers[1].content
        assert pmids(answers[0]) == pmids(answers[2]) == [21, 22]
        assert pubmed.faults is not None
        assert pubmed.faults.counts == {fault: 1}


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.CUT_BY_LENGTH, httpx.RemoteProtocolError),
        (Fault.CUT_CHUNKED, httpx.RemoteProtocolError),
        (Fault.RESET, httpx.ReadError),
        (Fault.STALL_BEFORE, httpx.ReadTimeout),
        (Fault.STALL_WITHIN, httpx.ReadTimeout),
    ],
)
def test_a_fault_on_the_way_is_seen_as_what_it_is(fault: Fault, error: type[Exception]) -> None:
    with serve(DRAWN, DAY, Faults([fault])) as pubmed, pytest.raises(error):
        httpx.get(pubmed.deleted_pmids_url, timeout=0.3)


def test_a_body_that_is_called_gzip_and_is_none_cannot_be_decoded() -> None:
    form = {"db": "pubmed", "id": "21"}
    with serve(DRAWN, DAY, Faults([Fault.BAD_ENCODING])) as pubmed:
        with pytest.raises(httpx.DecodingError):
            httpx.post(f"{pubmed.eutils_url}efetch.fcgi", data=form)
        assert deleted(pubmed) == [7, 8]


def test_a_fault_waits_for_an_answer_that_it_fits() -> None:
    faults = Faults(script=[Fault.BAD_GZIP, Fault.CHANGED_COUNT, Fault.MISSING])
    with serve(DRAWN, DAY, faults) as pubmed:
        clause = '"2026/03/02"[CRDT]'
        assert search(pubmed, clause).findtext("Count") == "3"
        with pytest.raises(gzip.BadGzipFile):
            deleted(pubmed)
        assert search(pubmed, clause).findtext("Count") == "4"
        form = {"db": "pubmed", "id": "21,22,23"}
        assert pmids(httpx.post(f"{pubmed.eutils_url}efetch.fcgi", data=form)) == [22, 23]


def test_a_history_that_expired_stays_gone() -> None:
    with serve(DRAWN, DAY, Faults([Fault.HISTORY_EXPIRED], rate=0)) as pubmed:
        kept = search(pubmed, '"2026/03/02"[CRDT]', usehistory="y").findtext("WebEnv", "")
        form = {"db": "pubmed", "WebEnv": kept, "query_key": "1"}
        url = f"{pubmed.eutils_url}efetch.fcgi"
        assert pmids(httpx.post(url, data=form)) == [23, 22, 21]
        assert pubmed.faults is not None
        pubmed.faults.rate = 1
        for _ in range(2):
            answer = httpx.post(url, data=form)
            assert answer.status_code == 400
            assert b"Unable to obtain query" in answer.content
        assert pubmed.faults.counts == {Fault.HISTORY_EXPIRED: 1}


def test_the_same_seed_draws_the_same_faults() -> None:
    drawn = []
    for seed in (1, 1, 2):
        faults = Faults(rate=0.5, seed=seed)
        answer = Answer("esearch", "text/xml", b"<a></a>")
        drawn.append([faults.draw(answer) for _ in range(50)])
        assert sum(faults.counts.values()) == sum(fault is not None for fault in drawn[-1])
    assert drawn[0] == drawn[1] != drawn[2]


def test_other_addresses_are_not_there(pubmed: PubMedStandIn) -> None:
    assert httpx.get(f"{pubmed.base_url}/entrez/eutils/elink.fcgi").status_code == 404


def test_the_port_is_free_again_after_the_block(world: World) -> None:
    with serve(world, date(2014, 1, 1)) as pubmed:
        assert httpx.get(pubmed.deleted_pmids_url).status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get(pubmed.deleted_pmids_url)
