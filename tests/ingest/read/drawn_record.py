"""A whole record drawn at random: its XML, and every column as it should be read."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.ingest.read.written import NOTICES, ORCID_FORMS, Writer, collapsed, orcid

Row = tuple[Any, ...]


def draw_record(writer: Writer, pmid: int) -> tuple[str, dict[str, Any]]:
    """A PubmedArticle, and its columns but for the checksum."""
    version = writer.random.randrange(1, 4)
    article, expected = draw_article(writer)
    notices_xml, notices, cited = draw_notices(writer, pmid)
    topics_xml, keywords_xml, topics = draw_topics(writer)
    journal_info, short = writer.maybe("MedlineTA")
    dates = [writer.dated(tag) for tag in ("DateCompleted", "DateRevised") if writer.chance(0.7)]
    revised = [day for xml, day in dates if xml.startswith("<DateRevised")]
    data_xml, entered_on, doi, citations = draw_data(writer)
    days = [day for _, day in dates if day]
    expected |= {
        "pmid": pmid,
        "version": version,
        "revised_on": revised[0] if revised else None,
        "entered_on": entered_on or min(days, default=expected["published_on"] or date(1900, 1, 1)),
        "doi": expected["doi"] or doi,
        "topics": topics,
        "citations": tuple(dict.fromkeys((*cited, *citations))),
    }
    if expected["journal"] is None:
        expected["journal"] = short
    if "Retracted Publication" in expected["publication_types"]:
        notices.append(("Retracted Publication", None, None, "retraction", pmid, None))
    expected["notices"] = notices
    citation = writer.of(
        "MedlineCitation",
        writer.leaf("PMID", f" {pmid} ", Version=str(version)),
        *(xml for xml, _ in dates),
        article,
        writer.of("MedlineJournalInfo", journal_info),
        notices_xml,
        topics_xml,
        keywords_xml,
    )
    return writer.of("PubmedArticle", citation, data_xml), expected


def draw_article(writer: Writer) -> tuple[str, dict[str, Any]]:
    pub_date, published_on = writer.dated("PubDate")
    electronic, electronic_on = writer.dated("ArticleDate", DateType="Electronic")
    journal_xml, journal = writer.maybe("Title")
    title_xml, title, _ = writer.mixed()
    other_xml, other, _ = writer.mixed()
    abstract_xml, abstract = draw_abstract(writer)
    authors = writer.some(lambda: draw_author(writer), 4)
    types = [*writer.some(writer.draw, 3), *(["Retracted Publication"] * writer.chance(0.2))]
    languages = writer.some(writer.draw, 2)
    doi = f"10.{writer.random.randrange(1000, 9999)}/aB({writer.random.random()})"
    has_doi, valid = writer.chance(0.5), writer.random.choice("YN")
    grants = writer.some(lambda: draw_grant(writer), 3)
    written = writer.of(
        "Article",
        writer.of("Journal", writer.of("JournalIssue", pub_date), journal_xml),
        writer.element("ArticleTitle", title_xml),
        writer.leaf("ELocationID", doi, EIdType="doi", ValidYN=valid) if has_doi else "",
        abstract_xml,
        writer.of("AuthorList", *(xml for xml, _ in authors)),
        *(writer.leaf("Language", code) for code in languages),
        writer.of("GrantList", *(xml for xml, _ in grants)),
        writer.of("PublicationTypeList", *(writer.leaf("PublicationType", t) for t in types)),
        writer.element("VernacularTitle", other_xml),
        electronic,
    )
    return written, {
        "title": collapsed(title) or collapsed(other),
        "abstract": abstract,
        "journal": journal,
        "published_on": published_on or electronic_on,
        "publication_types": [said for one in types if (said := collapsed(one))],
        "languages": [said.lower() for one in languages if (said := collapsed(one))],
        "doi": doi.lower() if has_doi and valid == "Y" else None,
        "authorships": [row for _, row in authors if row],
        "grants": [row for _, row in grants],
    }


def draw_abstract(writer: Writer) -> tuple[str, str | None]:
    if writer.chance(0.3):
        return "", None
    sections, said = [], []
    for _ in range(writer.random.randrange(4)):
        written, _, plain = writer.mixed()
        label = writer.random.choice(("", "METHODS & <WAYS>", 'It\'s "so"'))
        sections.append(
            writer.element("AbstractText", written, **({"Label": label} if label else {}))
        )
        if text := collapsed(plain):
            said.append(f"{label}: {text}" if label else text)
    return writer.of("Abstract", *sections, writer.leaf("CopyrightInformation", "©")), "\n".join(
        said
    )


def draw_author(writer: Writer) -> tuple[str, Row | None]:
    tags = ("LastName", "ForeName", "Initials", "Suffix")
    names = [writer.maybe(tag) for tag in tags]
    group_xml, group = writer.maybe("CollectiveName") if writer.chance(0.2) else ("", None)
    number, form = orcid(writer.random), writer.random.choice(ORCID_FORMS)
    kind = writer.random.randrange(4)  # none, right, wrong check digit, another kind of number
    printed = number[:-1] + ("0" if number[-1] != "0" else "1") if kind == 2 else number
    source = "GRID" if kind == 3 else "ORCID"
    places, affiliations, identifiers = draw_places(writer)
    is_valid, is_equal = writer.chance(0.9), writer.chance(0.2)
    written = writer.of(
        "Author",
        *(xml for xml, _ in names),
        group_xml,
        writer.leaf("Identifier", form(printed), Source=source) if kind else "",
        *places,
        ValidYN="Y" if is_valid else "N",
        **({"EqualContrib": "Y"} if is_equal else {}),
    )
    last, fore, initials, suffix = (said for _, said in names)
    more = (number if kind == 1 else None, is_equal, affiliations, identifiers)
    if not is_valid:
        return written, None
    if group:
        return written, (None, None, None, None, group, *more)
    if not (last or fore or initials):
        return written, None
    return written, (last, fore or initials, initials, suffix, group, *more)


def draw_places(writer: Writer) -> tuple[list[str], list[str], list[Row]]:
    written: list[str] = []
    affiliations: list[str] = []
    identifiers: list[Row] = []
    for _ in range(writer.random.randrange(3)):
        inside, _, plain = writer.mixed(1)
        ids = [(writer.random.choice(("ROR", "GRID", "")), writer.draw()) for _ in "ab"]
        ids = ids[: writer.random.randrange(3)]
        written.append(
            writer.of(
                "AffiliationInfo",
                writer.element("Affiliation", inside),
                *(writer.leaf("Identifier", value, Source=source) for source, value in ids),
            )
        )
        if collapsed(plain) or ids:
            affiliations.append(collapsed(plain))
            place = len(affiliations)
            identifiers += [(place, source, collapsed(value)) for source, value in ids]
    return written, affiliations, identifiers


def draw_topics(writer: Writer) -> tuple[str, str, list[Row]]:
    headings: list[str] = []
    found: dict[str, Row] = {}

    def add(key: str, name: str, is_major: bool, qualifiers: tuple[Row, ...] = ()) -> None:
        if key in found:
            _, name, was_major, known = found[key]
            is_major = is_major or was_major
            qualifiers = tuple(dict.fromkeys((*known, *qualifiers)))
        found[key] = (key, name, is_major, qualifiers)

    for _ in range(writer.random.randrange(4)):
        ui, name = f"D{writer.random.randrange(5):06}", f"H{writer.draw()}"
        major = writer.chance(0.3)
        qualifiers = tuple(
            (f"Q{writer.random.randrange(9)}", collapsed(writer.draw()), writer.chance(0.3))
            for _ in range(writer.random.randrange(3))
        )
        headings.append(
            writer.of(
                "MeshHeading",
                writer.leaf("DescriptorName", name, UI=ui, MajorTopicYN="NY"[major]),
                *(
                    writer.leaf("QualifierName", text, UI=of, MajorTopicYN="NY"[is_major])
                    for of, text, is_major in qualifiers
                ),
            )
        )
        is_major = major or any(one[2] for one in qualifiers)
        add(ui, collapsed(name), is_major, qualifiers)
    words = [(writer.draw(), writer.chance(0.3)) for _ in range(writer.random.randrange(4))]
    for word, is_major in words:
        if said := collapsed(word):
            add(f"keyword:{said.lower()}", said, is_major)
    keywords = [writer.leaf("Keyword", word, MajorTopicYN="NY"[major]) for word, major in words]
    lists = writer.of("KeywordList", *keywords[:1]) + writer.of("KeywordList", *keywords[1:])
    return writer.of("MeshHeadingList", *headings), lists, list(found.values())


def draw_notices(writer: Writer, pmid: int) -> tuple[str, list[Row], list[int]]:
    written: list[str] = []
    rows: list[Row] = []
    cited: list[int] = []
    for _ in range(writer.random.randrange(3)):
        ref_type = writer.random.choice(list(NOTICES))
        kind, is_own = NOTICES[ref_type]
        source_xml, source = writer.maybe("RefSource")
        other = writer.random.randrange(1, 10**8) if writer.chance(0.7) else None
        written.append(
            writer.of(
                "CommentsCorrections",
                source_xml,
                writer.leaf("PMID", str(other)) if other else "",
                RefType=ref_type,
            )
        )
        both = (pmid, other) if is_own else (other, pmid)
        if ref_type != "Cites":
            rows.append((ref_type, other, source, kind, *both))
        elif other:
            cited.append(other)
    return writer.of("CommentsCorrectionsList", *written), rows, cited


def draw_data(writer: Writer) -> tuple[str, date | None, str | None, tuple[int, ...]]:
    """PubmedData: day of entry, DOI and citations."""
    printed = [s for s in ("entrez", "pubmed", "medline", "received") if writer.chance(0.4)]
    history = {status: writer.dated("PubMedPubDate", PubStatus=status) for status in printed}
    days = [history[s][1] for s in ("entrez", "pubmed", "medline") if s in history]
    dates = [xml for xml, _ in history.values()]
    writer.random.shuffle(dates)
    has_doi = writer.chance(0.5)
    cited: list[int] = []
    lists = [draw_references(writer, cited, 2) for _ in range(writer.random.randrange(3))]
    written = writer.of(
        "PubmedData",
        writer.of("History", *dates),
        writer.of(
            "ArticleIdList",
            writer.leaf("ArticleId", "1", IdType="pubmed"),
            writer.leaf("ArticleId", "https://doi.org/10.1000/Y", IdType="doi") if has_doi else "",
        ),
        *lists,
    )
    doi = "10.1000/y" if has_doi else None
    return written, next(filter(None, days), None), doi, tuple(dict.fromkeys(cited))


def draw_references(writer: Writer, cited: list[int], depth: int) -> str:
    written = []
    for _ in range(writer.random.randrange(4)):
        number = writer.random.choice((0, *range(1, 6), 10**9))
        cited += [number] if number else []
        ids = [
            writer.leaf("ArticleId", writer.draw(), IdType="pmc"),
            writer.leaf("ArticleId", f"{number} ", IdType="pubmed"),
        ]
        citation = writer.element("Citation", writer.mixed(1)[0])
        written.append(writer.of("Reference", citation, writer.of("ArticleIdList", *ids)))
    if depth and writer.chance(0.4):
        written.append(draw_references(writer, cited, depth - 1))
    return writer.of("ReferenceList", *written)


def draw_grant(writer: Writer) -> tuple[str, Row]:
    parts = [writer.maybe(tag) for tag in ("GrantID", "Acronym", "Agency", "Country")]
    return writer.of("Grant", *(xml for xml, _ in parts)), tuple(said for _, said in parts)
