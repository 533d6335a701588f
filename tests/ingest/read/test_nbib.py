"""MEDLINE text to records."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import ConfrereError
from pipeline.ingest.read import nbib
from pipeline.ingest.read.records import Authorship, Record, Topic, Unread
from tests.ingest.drawn import article, ingest, tables, write

TEXT = """
PMID- 31432522
OWN - NLM
LR  - 20200706
DP  - 2020 Jan
TI  - A study of <carnitine> & related things that goes on for
      more than a line.
LID - S1098-1004 [pii] 10.1002/HUMU.23901 [doi]
AB  - A rare
      disease.
FAU - Läera, Luna
AU  - Läera L
AUID- ORCID: 0000000218250097
AD  - Department of Biosciences, University of Bari,
      Bari, Italy.
FAU - De Grassi, Anna Jr
AU  - De Grassi A Jr
AD  - One.
AD  - Two.
CN  - The Great
      Group
LA  - eng
PT  - Journal Article
PT  - Preprint
TA  - Hum Mutat
JT  - Human mutation
CIN - Lancet. 2020;1:2. PMID:
      32000001
RIN - Hum Mutat. 2021;3:4.
MH  - Child
MH  - Leigh Disease/*genetics
OT  - CRAT
CRDT- 2019/08/27 06:00
PHST- 2019/08/20 00:00 [accepted]
PHST- 2019/08/26 06:00 [entrez]
SO  - Hum Mutat. 2020 Jan;41(1):110-114.

PMID- 5
TI  - Second
AU  - Smith JA Jr
AU  - Lee B
DP  - 1999 Winter
"""


PAIR_AS_TEXT = """
PMID- 31432522
DA  - 20190820
LR  - 20200706
DP  - 2020 Jan 7
TI  - Carnitine & the rest.
LID - 10.1002/humu.23901 [doi]
AB  - AIM: To see. DONE: Seen.
FAU - Läera, Luna
AU  - Läera L
AUID- ORCID: 0000-0002-1825-0097
AD  - Department of Biosciences, Bari, Italy.
FAU - De Grassi, Anna Jr
AU  - De Grassi A Jr
CN  - The Great Group
LA  - eng
LA  - ita
GR  - R01 AG5/AG/NIA NIH HHS/United States
GR  - Wellcome Trust/United Kingdom
PT  - Journal Article
PT  - Retracted Publication
JT  - Human mutation
RIN - Hum Mutat. 2021;3:4. PMID: 33000001
EFR - Hum Mutat. 2018;1:2. PMID: 29000001
MH  - Child
MH  - *Leigh Disease/genetics/*metabolism
OT  - *CRAT
PHST- 2019/08/26 06:00 [entrez]
"""

PAIR_AS_XML = """
<PubmedArticle><MedlineCitation><PMID Version="2">31432522</PMID>
<DateRevised><Year>2020</Year><Month>07</Month><Day>06</Day></DateRevised>
<Article><Journal><JournalIssue><PubDate><Year>2020</Year><Month>Jan</Month><Day>7</Day></PubDate>
</JournalIssue><Title>Human mutation</Title></Journal>
<ArticleTitle><i>Carnitine</i> &amp; the rest.</ArticleTitle>
<ELocationID EIdType="doi" ValidYN="Y">10.1002/humu.23901</ELocationID>
<Abstract><AbstractText Label="AIM">To see.</AbstractText>
<AbstractText Label="DONE">Seen.</AbstractText></Abstract>
<AuthorList><Author ValidYN="Y" EqualContrib="Y"><LastName>Läera</LastName>
<ForeName>Luna</ForeName><Initials>L</Initials>
<Identifier Source="ORCID">0000-0002-1825-0097</Identifier><AffiliationInfo>
<Affiliation>Department of Biosciences, Bari, Italy.</Affiliation>
<Identifier Source="ROR">https://ror.org/027ynra39</Identifier></AffiliationInfo></Author>
<Author ValidYN="Y"><LastName>De Grassi</LastName><ForeName>Anna</ForeName>
<Initials>A</Initials><Suffix>Jr</Suffix></Author>
<Author ValidYN="Y"><CollectiveName>The Great Group</CollectiveName></Author></AuthorList>
<Language>eng</Language><Language>ita</Language>
<GrantList><Grant><GrantID>R01 AG5</GrantID><Acronym>AG</Acronym><Agency>NIA NIH HHS</Agency>
<Country>United States</Country></Grant><Grant><Agency>Wellcome Trust</Agency>
<Country>United Kingdom</Country></Grant></GrantList>
<PublicationTypeList><PublicationType>Journal Article</PublicationType>
<PublicationType>Retracted Publication</PublicationType></PublicationTypeList></Article>
<CommentsCorrectionsList>
<CommentsCorrections RefType="RetractionIn"><RefSource>Hum Mutat. 2021;3:4.</RefSource>
<PMID>33000001</PMID></CommentsCorrections>
<CommentsCorrections RefType="ErratumFor"><RefSource>Hum Mutat. 2018;1:2.</RefSource>
<PMID>29000001</PMID></CommentsCorrections></CommentsCorrectionsList>
<MeshHeadingList><MeshHeading><DescriptorName UI="D002648" MajorTopicYN="N">Child</DescriptorName>
</MeshHeading><MeshHeading>
<DescriptorName UI="D007888" MajorTopicYN="Y">Leigh Disease</DescriptorName>
<QualifierName UI="Q000235" MajorTopicYN="N">genetics</QualifierName>
<QualifierName UI="Q000378" MajorTopicYN="Y">metabolism</QualifierName></MeshHeading>
</MeshHeadingList><KeywordList><Keyword MajorTopicYN="Y">CRAT</Keyword></KeywordList>
</MedlineCitation><PubmedData><History><PubMedPubDate PubStatus="entrez"><Year>2019</Year>
<Month>8</Month><Day>26</Day></PubMedPubDate></History><ReferenceList><Reference>
<ArticleIdList><ArticleId IdType="pubmed">12</ArticleId></ArticleIdList></Reference>
</ReferenceList></PubmedData></PubmedArticle>
"""

LACKING = {
    "version": "the text has no version: it is the first",
    "title": "the text has no inline markup",
    "abstract": "the text has sections one behind the other, not on lines of their own",
    "checksum": "each format has its own, and XML wins",
    "equal_contribution": "the text does not say",
    "affiliation_identifiers": "the text has none",
    "descriptor_ui": "the text has no MeSH identifiers: a heading is keyed like a keyword",
    "qualifiers": "nor those of qualifiers",
    "place": "notices stand by kind in the text",
    "citations": "the text has no references",
}
"""Columns, and one table, in which the same paper differs by format."""


def read(tmp_path: Path, text: str) -> list[Record]:
    path = tmp_path / "export.nbib"
    path.write_text(text, encoding="utf-8")
    items = list(nbib.read(path))
    assert all(isinstance(item, Record) for item in items)
    return [item for item in items if isinstance(item, Record)]


def test_a_medline_export_is_read_with_each_authors_own_affiliations(tmp_path: Path) -> None:
    first, second = read(tmp_path, TEXT)
    assert first.authorships == [
        Authorship(
            "Läera", "Luna", "L", None, None, "0000-0002-1825-0097", False,
            ["Department of Biosciences, University of Bari, Bari, Italy."], (),
        ),
        Authorship("De Grassi", "Anna", "A", "Jr", None, None, False, ["One.", "Two."], ()),
        Authorship(None, None, None, None, "The Great Group", None, False, [], ()),
    ]  # fmt: skip
    assert [(a.last_name, a.fore_name, a.suffix) for a in second.authorships] == [
        ("Smith", "JA", "Jr"),
        ("Lee", "B", None),
    ]


def test_a_medline_export_gives_the_fields_of_a_paper(tmp_path: Path) -> None:
    first, second = read(tmp_path, TEXT)
    assert first.title == (
        "A study of &lt;carnitine&gt; &amp; related things that goes on for more than a line."
    )
    assert (first.abstract, first.journal, first.languages) == (
        "A rare disease.",
        "Human mutation",
        ["eng"],
    )
    assert first.doi == "10.1002/humu.23901"
    assert (first.published_on, first.entered_on, first.revised_on) == (
        date(2020, 1, 1),
        date(2019, 8, 26),
        date(2020, 7, 6),
    )
    assert (second.published_on, second.entered_on) == (date(1999, 1, 1), date(1999, 1, 1))
    assert first.publication_types == ["Journal Article", "Preprint"]
    assert [(n.ref_type, n.ref_pmid, n.kind, n.subject_pmid) for n in first.notices] == [
        ("CommentIn", 32000001, "other", 31432522),
        ("RetractionIn", None, "retraction", 31432522),
    ]
    assert first.topics == [
        Topic("keyword:child", "Child", False),
        Topic("keyword:leigh disease", "Leigh Disease", True, (("", "genetics", True),)),
        Topic("keyword:crat", "CRAT", False),
    ]


def rows_of(tmp_path: Path, name: str, content: str) -> dict[str, list[dict[str, Any]]]:
    file = tmp_path / name
    file.write_text(content, encoding="utf-8")
    ingest(tmp_path / f"home of {name}", file)
    return tables(tmp_path / f"home of {name}")


def test_the_same_paper_as_text_gives_the_rows_that_it_gives_as_xml(tmp_path: Path) -> None:
    document = f"<PubmedArticleSet>{PAIR_AS_XML}</PubmedArticleSet>"
    as_xml, as_text = (
        rows_of(tmp_path, "a.xml", document),
        rows_of(tmp_path, "a.nbib", PAIR_AS_TEXT),
    )
    differing = set()
    for name, rows in as_xml.items():
        # topics and notices are sorted by what the text lacks
        key = {"topics": "name", "notices": "ref_type"}.get(name)
        if key:
            rows = sorted(rows, key=lambda row: str(row[key]))
            as_text[name].sort(key=lambda row: str(row[key]))
        if len(rows) != len(as_text[name]):
            differing.add(name)
            continue
        differing |= {
            column
            for row, other in zip(rows, as_text[name], strict=True)
            for column in row
            if row[column] != other[column]
        }
    assert differing == set(LACKING)
    assert as_xml["publications"][0]["is_retracted"]
    assert as_text["publications"][0]["is_retracted"]


def test_a_medline_export_goes_into_the_lake(tmp_path: Path) -> None:
    read(tmp_path, TEXT)
    ingest(tmp_path / "home", tmp_path / "export.nbib")
    rows = {row["pmid"]: row for row in tables(tmp_path / "home")["publications"]}
    assert [(rows[p]["is_retracted"], rows[p]["is_preprint"]) for p in (5, 31432522)] == [
        (False, False),
        (True, True),
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "holds no record"),
        ("<html>\n<body>", r"line 1\] is no MEDLINE text"),
        ("      folded without a field", r"line 1\] is no MEDLINE text"),
    ],
)
def test_what_is_no_medline_text_is_refused_by_name(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(ConfrereError, match=why) as caught:
        read(tmp_path, text)
    assert "export.nbib" in str(caught.value)


def test_a_record_without_number_or_title_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "export.nbib"
    path.write_text(f"TI  - No number\n\nPMID- 5\nAU  - Smith J\n\n{TEXT}", encoding="utf-8")
    unread = [item for item in nbib.read(path) if isinstance(item, Unread)]
    assert [(item.pmid, item.reason.partition(":")[0]) for item in unread] == [
        (None, "has no PMID"),
        (5, "has no title"),
    ]
    assert unread[0].text == "TI  - No number"


@pytest.mark.parametrize("files", [("a.xml", "b.nbib"), ("b.nbib", "a.xml")])
@pytest.mark.parametrize("title", [f"Title {number}" for number in range(6)])
def test_xml_wins_over_medline_text_of_the_same_revision(
    tmp_path: Path, title: str, files: tuple[str, str]
) -> None:
    """Several titles, so that the hashes alone would not decide for XML each time."""
    write(tmp_path / "a.xml", [article(5, title=title, revised="2020-07-06")])
    (tmp_path / "b.nbib").write_text(f"PMID- 5\nTI  - From text\nLR  - 20200706\nAB  - {title}\n")
    for file in files:
        ingest(tmp_path / "home", tmp_path / file)
    assert [row["title"] for row in tables(tmp_path / "home")["publications"]] == [title]
