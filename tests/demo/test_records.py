"""The XML of the made-up papers, read by others: Biopython's Entrez parser and NLM's own DTD."""

from __future__ import annotations

import gzip
import io
import re
from datetime import date, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import Bio.Entrez
import pytest
from Bio import Entrez
from lxml import etree

from pipeline.demo.medicine import CHECK_TAGS
from pipeline.demo.records import article_set, record_xml, write_files
from pipeline.demo.world import World
from pipeline.errors import ConfrereError

DTD = Path(Bio.Entrez.__file__).parent / "DTDs" / "pubmed_250101.dtd"
BEFORE = timedelta(days=1)


def read(world: World, pmids: list[int], as_of: date) -> list[Any]:
    document = article_set(record_xml(world, pmid, as_of) for pmid in pmids)
    return list(Entrez.read(io.BytesIO(document.encode()))["PubmedArticle"])


def sample(world: World, as_of: date) -> list[int]:
    """Pick some papers of each year, all special ones, the last nights."""
    visible = world.visible(as_of)
    special = {pmid for change in world.changes for pmid in (change.pmid, change.notice) if pmid}
    consortium = [p.pmid for p in world.papers.values() if len(p.authors) > 50]
    return [
        p for p in sorted({*visible[::60], *visible[-60:], *special, *consortium}) if p in visible
    ]


def test_every_field_comes_back_as_the_world_has_it(world: World) -> None:
    as_of = world.nights[-1]
    pmids = sample(world, as_of)
    assert len(pmids) > 300
    for pmid, read_back in zip(pmids, read(world, pmids, as_of), strict=True):
        paper = world.record(pmid, as_of)
        assert paper is not None
        citation = read_back["MedlineCitation"]
        article = citation["Article"]
        assert int(citation["PMID"]) == pmid
        assert citation["PMID"].attributes["Version"] == "1"
        assert unescape(str(article["ArticleTitle"])) == unescape(paper.title)
        assert article["Journal"]["Title"] == paper.journal.title
        assert [str(kind) for kind in article["PublicationTypeList"]] == list(
            paper.publication_types
        )
        authors = article.get("AuthorList", [])
        assert len(authors) == len(paper.authors)
        for printed, author in zip(authors, paper.authors, strict=True):
            assert printed.get("LastName", "") == author.last_name
            assert printed.get("ForeName", "") == author.fore_name
            assert printed.get("Initials", "") == author.initials
            assert printed.get("Suffix", "") == author.suffix
            assert printed.get("CollectiveName", "") == author.collective_name
            assert [str(i) for i in printed["Identifier"]] == (
                [author.orcid] if author.orcid else []
            )
            assert (
                tuple(i["Affiliation"] for i in printed["AffiliationInfo"]) == author.affiliations
            )
        links = [
            (c.attributes["RefType"], int(c["PMID"]))
            for c in citation.get("CommentsCorrectionsList", [])
        ]
        assert links == list(paper.links)
        data = read_back["PubmedData"]
        references = [r for group in data["ReferenceList"] for r in group["Reference"]]
        assert [int(r["ArticleIdList"][0]) for r in references] == list(paper.cites)
        [entrez] = [d for d in data["History"] if d.attributes["PubStatus"] == "entrez"]
        assert date(*(int(entrez[part]) for part in ("Year", "Month", "Day"))) == paper.entered_on
        revised = date(*(int(citation["DateRevised"][part]) for part in ("Year", "Month", "Day")))
        assert revised == world.revised_on(pmid, as_of)


def test_headings_come_with_indexing_and_name_the_topic(world: World) -> None:
    paper = next(p for p in world.papers.values() if p.indexed_on and p.entered_on.year == 2020)
    assert paper.indexed_on is not None
    [before] = read(world, [paper.pmid], paper.indexed_on - BEFORE)
    [after] = read(world, [paper.pmid], paper.indexed_on)
    assert "MeshHeadingList" not in before["MedlineCitation"]
    assert before["MedlineCitation"].attributes["Status"] == "Publisher"
    assert after["MedlineCitation"].attributes["Status"] == "MEDLINE"
    headings = {
        (h["DescriptorName"].attributes["UI"], str(h["DescriptorName"]))
        for h in after["MedlineCitation"]["MeshHeadingList"]
    }
    assert set(world.topics[paper.topic].descriptors) <= headings
    assert {name for _, name in headings - set(world.topics[paper.topic].descriptors)} <= set(
        CHECK_TAGS
    )
    assert all(ui.startswith("D9") and len(ui) == 7 for ui, _ in headings)


def test_abstracts_mention_the_subject_and_some_are_structured(world: World) -> None:
    as_of = world.nights[-1]
    labelled = plain = 0
    for pmid, record in zip(
        sample(world, as_of), read(world, sample(world, as_of), as_of), strict=True
    ):
        article = record["MedlineCitation"]["Article"]
        if "Abstract" not in article:
            continue
        texts = article["Abstract"]["AbstractText"]
        subject = world.topics[world.papers[pmid].topic].descriptors[0][1]
        assert subject.lower() in " ".join(map(str, texts)).lower()
        labelled += len(texts) == 4
        plain += len(texts) == 1
    assert min(labelled, plain) > 50


def test_records_are_valid_by_the_dtd_of_the_national_library(world: World) -> None:
    dtd = etree.DTD(str(DTD))
    as_of = world.nights[-1]
    document = article_set(record_xml(world, pmid, as_of) for pmid in sample(world, as_of))
    root = etree.fromstring(document.encode(), etree.XMLParser(load_dtd=False, no_network=True))
    assert dtd.validate(root), str(dtd.error_log)[:500]


def test_a_record_that_is_not_there_is_refused_by_name(world: World) -> None:
    paper = next(reversed(world.papers.values()))
    with pytest.raises(ConfrereError, match=rf"\[pubmed:{paper.pmid}\]"):
        record_xml(world, paper.pmid, paper.entered_on - BEFORE)


def test_baseline_files_hold_the_backlog_once_and_in_order(world: World, tmp_path: Path) -> None:
    until = date(2019, 12, 31)
    paths = write_files(world, tmp_path / "baseline", until)
    assert [path.name for path in paths] == ["pubmed19n0001.xml.gz", "pubmed19n0002.xml.gz"]
    found: list[int] = []
    for path in paths:
        text = gzip.decompress(path.read_bytes()).decode()
        numbers = re.findall(r'<MedlineCitation [^>]+><PMID Version="1">(\d+)<', text)
        pmids = [int(number) for number in numbers]
        assert text.count("<PubmedArticle>") == text.count("</PubmedArticle>") == len(pmids)
        assert text.endswith("</PubmedArticleSet>\n")
        assert len(pmids) <= 5_000
        found += pmids
    assert found == world.visible(until)
    assert max(world.papers[pmid].entered_on for pmid in found) <= until


def test_the_same_world_gives_the_same_bytes(world: World, tmp_path: Path) -> None:
    day = date(2014, 6, 30)
    [a] = write_files(world, tmp_path / "a", day)
    [b] = write_files(world, tmp_path / "b", day)
    assert a.read_bytes() == b.read_bytes()
