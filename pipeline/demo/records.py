"""The made-up papers as PubMed XML: the records that efetch returns, and baseline files."""

# ruff: noqa: E501  # an XML element stands on one line
from __future__ import annotations

import gzip
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from pipeline.demo.medicine import CHECK_TAGS, make_abstract, plain
from pipeline.demo.papers import Paper, PrintedAuthor
from pipeline.demo.world import World
from pipeline.errors import ConfrereError

HEAD = (
    '<?xml version="1.0" encoding="utf-8"?>\n'
    '<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2025//EN" '
    '"https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd">\n'
    "<PubmedArticleSet>\n"
)
FOOT = "\n</PubmedArticleSet>\n"
RECORDS_PER_FILE = 5_000

_TYPE_IDENTIFIERS = {
    "Journal Article": "D016428", "Review": "D016454", "Letter": "D016422", "Comment": "D016420",
    "Case Reports": "D002363", "Randomized Controlled Trial": "D016449", "Preprint": "D000076942",
    "Retracted Publication": "D016441", "Retraction of Publication": "D016440",
}  # fmt: skip
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def article_set(records: Iterable[str]) -> str:
    """Wrap records into one PubmedArticleSet document."""
    return HEAD + "\n".join(records) + FOOT


def record_xml(world: World, pmid: int, as_of: date) -> str:
    """Write one PubmedArticle as it stood on the evening of `as_of`.

    Raises
    ------
    ConfrereError
        There is no such record on that day.
    """
    paper = world.record(pmid, as_of)
    if paper is None:
        raise ConfrereError(f"[pubmed:{pmid}] is no record on {as_of}: ask World.visible")
    is_indexed = paper.indexed_on is not None and paper.indexed_on <= as_of
    return (
        "<PubmedArticle>"
        + _citation(world, paper, is_indexed, world.revised_on(pmid, as_of))
        + _pubmed_data(world, paper, is_indexed)
        + "</PubmedArticle>"
    )


def write_files(world: World, folder: Path, until: date) -> list[Path]:
    """Write all records visible on the evening of `until` as baseline files, oldest first.

    The files are named `pubmedYYn0001.xml.gz` and so on after the year of `until`, with at most
    5,000 records each. The same world and day give the same bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pmids = world.visible(until)
    paths = []
    for number, start in enumerate(range(0, len(pmids), RECORDS_PER_FILE), start=1):
        chunk = pmids[start : start + RECORDS_PER_FILE]
        document = article_set(record_xml(world, pmid, until) for pmid in chunk)
        path = folder / f"pubmed{until.year % 100:02d}n{number:04d}.xml.gz"
        path.write_bytes(gzip.compress(document.encode(), compresslevel=3, mtime=0))
        paths.append(path)
    return paths


def _element(tag: str, text: str) -> str:
    """Element with plain text, escaped; nothing if there is no text."""
    return f"<{tag}>{escape(text)}</{tag}>" if text else ""


def _date(tag: str, day: date, attributes: str = "") -> str:
    return f"<{tag}{attributes}><Year>{day.year}</Year><Month>{day.month:02d}</Month><Day>{day.day:02d}</Day></{tag}>"


def _citation(world: World, paper: Paper, is_indexed: bool, revised_on: date) -> str:
    status = 'Status="Publisher"'
    completed = ""
    if is_indexed and paper.indexed_on is not None:
        status = 'Status="MEDLINE" IndexingMethod="Automated"'
        completed = _date("DateCompleted", paper.indexed_on)
    elif "Preprint" in paper.publication_types:
        status = 'Status="PubMed-not-MEDLINE"'
    journal = paper.journal
    return "".join((
        f'<MedlineCitation {status} Owner="NLM"><PMID Version="1">{paper.pmid}</PMID>',
        completed,
        _date("DateRevised", revised_on),
        _article(world, paper),
        "<MedlineJournalInfo><Country>Switzerland</Country>",
        _element("MedlineTA", journal.abbreviation),
        f"<NlmUniqueID>{journal.nlm_id}</NlmUniqueID><ISSNLinking>{journal.issn}</ISSNLinking></MedlineJournalInfo>",
        "<CitationSubset>IM</CitationSubset>" if is_indexed else "",
        _comments(world, paper),
        _headings(world, paper) if is_indexed else "",
        _keywords(world, paper),
        "</MedlineCitation>",
    ))  # fmt: skip


def _article(world: World, paper: Paper) -> str:
    day, journal = paper.published_on, paper.journal
    return "".join((
        '<Article PubModel="Print-Electronic"><Journal>',
        f'<ISSN IssnType="Electronic">{journal.issn}</ISSN><JournalIssue CitedMedium="Internet">',
        f"<Volume>{day.year - 1990}</Volume><Issue>{day.month}</Issue>",
        _published(paper),
        "</JournalIssue>",
        _element("Title", journal.title),
        _element("ISOAbbreviation", journal.abbreviation),
        f"</Journal><ArticleTitle>{paper.title}</ArticleTitle>",
        f"<Pagination><StartPage>{_page(paper)}</StartPage><MedlinePgn>{_page(paper)}</MedlinePgn></Pagination>",
        f'<ELocationID EIdType="doi" ValidYN="Y">{_doi(paper)}</ELocationID>',
        _abstract(world, paper),
        _author_list(paper.authors),
        "<Language>eng</Language><PublicationTypeList>",
        *(f'<PublicationType UI="{_TYPE_IDENTIFIERS[kind]}">{kind}</PublicationType>' for kind in paper.publication_types),
        "</PublicationTypeList>",
        _date("ArticleDate", day, ' DateType="Electronic"'),
        "</Article>",
    ))  # fmt: skip


def _published(paper: Paper) -> str:
    """Publication date of the issue: some journals print a day, most a month, a few the year only."""
    day, precision = paper.published_on, int(paper.journal.nlm_id) % 5
    month = f"<Month>{_MONTHS[day.month - 1]}</Month>" if precision else ""
    return f"<PubDate><Year>{day.year}</Year>{month}{f'<Day>{day.day:02d}</Day>' if precision > 2 else ''}</PubDate>"


def _page(paper: Paper) -> str:
    return f"e{paper.pmid % 100_000}"


def _doi(paper: Paper) -> str:
    """DOI under 10.5555, the prefix reserved for examples."""
    return f"10.5555/{paper.journal.nlm_id}.{paper.published_on.year}.{paper.pmid}"


def _abstract(world: World, paper: Paper) -> str:
    if not paper.has_abstract:
        return ""
    sections = make_abstract(world.topics[paper.topic], paper.pick, paper.pmid % 9973)
    if paper.pick % 5 < 2:  # a plain abstract
        return f"<Abstract>{_element('AbstractText', ' '.join(text for _, text in sections))}</Abstract>"
    texts = (
        f'<AbstractText Label="{label}" NlmCategory="{label}">{escape(text)}</AbstractText>'
        for label, text in sections
    )
    return f"<Abstract>{''.join(texts)}<CopyrightInformation>© {paper.published_on.year} The Author(s).</CopyrightInformation></Abstract>"


def _author_list(authors: tuple[PrintedAuthor, ...]) -> str:
    if not authors:
        return ""
    return f'<AuthorList CompleteYN="Y">{"".join(map(_author, authors))}</AuthorList>'


def _author(author: PrintedAuthor) -> str:
    return "".join((
        '<Author ValidYN="Y">',
        _element("LastName", author.last_name),
        _element("ForeName", author.fore_name),
        _element("Initials", author.initials),
        _element("Suffix", author.suffix),
        _element("CollectiveName", author.collective_name),
        f'<Identifier Source="ORCID">{author.orcid}</Identifier>' if author.orcid else "",
        *(f"<AffiliationInfo>{_element('Affiliation', text)}</AffiliationInfo>" for text in author.affiliations),
        "</Author>",
    ))  # fmt: skip


def _comments(world: World, paper: Paper) -> str:
    if not paper.links:
        return ""
    links = (
        f"<CommentsCorrections RefType={quoteattr(kind)}>"
        f"{_element('RefSource', _source(world.papers[pmid]))}"
        f'<PMID Version="1">{pmid}</PMID></CommentsCorrections>'
        for kind, pmid in paper.links
    )
    return f"<CommentsCorrectionsList>{''.join(links)}</CommentsCorrectionsList>"


def _source(paper: Paper) -> str:
    day = paper.published_on
    return f"{paper.journal.abbreviation}. {day.year} {_MONTHS[day.month - 1]} {day.day};{day.year - 1990}({day.month}):{_page(paper)}"


def _headings(world: World, paper: Paper) -> str:
    """MeSH headings: those of the topic, its subject as the major one, and some check tags."""
    topic = world.topics[paper.topic]
    headings = [(ui, name, "YN"[place > 0]) for place, (ui, name) in enumerate(topic.descriptors)]
    headings += [
        (f"D9{place + 1:05d}", tag, "N")
        for place, tag in enumerate(CHECK_TAGS)
        if place == 0 or (paper.pick >> place) % 2
    ]
    texts = (
        f'<MeshHeading><DescriptorName UI="{ui}" MajorTopicYN="{major}">{escape(name)}</DescriptorName></MeshHeading>'
        for ui, name, major in sorted(headings, key=lambda heading: heading[1])
    )
    return f"<MeshHeadingList>{''.join(texts)}</MeshHeadingList>"


def _keywords(world: World, paper: Paper) -> str:
    if paper.pick % 8 == 0:  # some journals have none
        return ""
    texts = (
        f'<Keyword MajorTopicYN="N">{escape(word)}</Keyword>'
        for word in world.topics[paper.topic].keywords
    )
    return f'<KeywordList Owner="NOTNLM">{"".join(texts)}</KeywordList>'


def _pubmed_data(world: World, paper: Paper, is_indexed: bool) -> str:
    entered = paper.entered_on
    history = [
        ("received", entered - timedelta(120 + paper.pick % 90)),
        ("accepted", entered - timedelta(30)),
    ]
    if is_indexed and paper.indexed_on is not None:
        history.append(("medline", paper.indexed_on))
    history += [("pubmed", entered), ("entrez", entered)]
    return "".join((
        "<PubmedData><History>",
        *(_history_date(status, day) for status, day in history),
        "</History><PublicationStatus>ppublish</PublicationStatus><ArticleIdList>",
        f'<ArticleId IdType="pubmed">{paper.pmid}</ArticleId><ArticleId IdType="doi">{_doi(paper)}</ArticleId>',
        "</ArticleIdList>",
        _references(world, paper),
        "</PubmedData>",
    ))  # fmt: skip


def _history_date(status: str, day: date) -> str:
    clock = "" if status in ("received", "accepted") else "<Hour>6</Hour><Minute>0</Minute>"
    return (
        f'<PubMedPubDate PubStatus="{status}"><Year>{day.year}</Year><Month>{day.month}</Month>'
        f"<Day>{day.day}</Day>{clock}</PubMedPubDate>"
    )


def _references(world: World, paper: Paper) -> str:
    if not paper.cites:
        return ""
    texts = (
        f"<Reference>{_element('Citation', _citation_text(world.papers[pmid]))}"
        f'<ArticleIdList><ArticleId IdType="pubmed">{pmid}</ArticleId></ArticleIdList></Reference>'
        for pmid in paper.cites
    )
    return f"<ReferenceList>{''.join(texts)}</ReferenceList>"


def _citation_text(paper: Paper) -> str:
    names = [f"{author.last_name} {author.initials}" for author in paper.authors[:3]]
    others = ", et al" if len(paper.authors) > 3 else ""
    return f"{', '.join(names)}{others}. {plain(paper.title)} {_source(paper)}."
