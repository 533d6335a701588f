"""PubMed XML drawn by hand, and a lake to read it into."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from pipeline import lake
from pipeline.ingest.files import TABLES_OF_INGEST, Ingested, ingest_files
from pipeline.settings import Settings


def author(last: str, fore: str = "", **more: str) -> str:
    """Draw an author; `orcid` and `affiliation` may be given."""
    orcid = more.get("orcid")
    place = more.get("affiliation")
    return (
        '<Author ValidYN="Y">'
        f"<LastName>{escape(last)}</LastName><ForeName>{escape(fore)}</ForeName>"
        f"<Initials>{escape(fore[:1])}</Initials>"
        + (f'<Identifier Source="ORCID">{escape(orcid)}</Identifier>' if orcid else "")
        + (
            f"<AffiliationInfo><Affiliation>{escape(place)}</Affiliation></AffiliationInfo>"
            if place
            else ""
        )
        + "</Author>"
    )


def article(pmid: int, **given: Any) -> str:
    """Draw a PubmedArticle; title, authors, links and the rest as given, else a plain one."""
    revised = given.get("revised")
    links = "".join(
        f"<CommentsCorrections RefType={quoteattr(kind)}><PMID>{other}</PMID></CommentsCorrections>"
        for kind, other in given.get("links", ())
    )
    types = "".join(
        f"<PublicationType>{escape(name)}</PublicationType>"
        for name in given.get("types", ["Journal Article"])
    )
    keywords = "".join(f"<Keyword>{escape(word)}</Keyword>" for word in given.get("keywords", ()))
    cites = "".join(
        f'<ReferenceList><Reference><ArticleIdList><ArticleId IdType="pubmed">{pmid}</ArticleId>'
        "</ArticleIdList></Reference></ReferenceList>"
        for pmid in given.get("cites", ())
    )
    date = "<Year>{}</Year><Month>{}</Month><Day>{}</Day>"
    return (
        f'<PubmedArticle><MedlineCitation><PMID Version="{given.get("version", 1)}">{pmid}</PMID>'
        + (f"<DateRevised>{date.format(*revised.split('-'))}</DateRevised>" if revised else "")
        + "<Article><Journal><JournalIssue><PubDate>"
        + given.get("pub_date", "<Year>2020</Year>")
        + "</PubDate></JournalIssue><Title>Journal of Tests</Title></Journal>"
        + given.get(
            "title_element", f"<ArticleTitle>{escape(given.get('title', 'T'))}</ArticleTitle>"
        )
        + f"<AuthorList>{''.join(given.get('authors', [author('Doe', 'Jane')]))}</AuthorList>"
        + f"<Language>eng</Language><PublicationTypeList>{types}</PublicationTypeList></Article>"
        + f"<CommentsCorrectionsList>{links}</CommentsCorrectionsList>"
        + f"<KeywordList>{keywords}</KeywordList></MedlineCitation><PubmedData><History>"
        + f'<PubMedPubDate PubStatus="entrez">{date.format(2020, 1, 2)}</PubMedPubDate>'
        + f"</History>{cites}</PubmedData></PubmedArticle>"
    )


def article_set(records: Iterable[str], deleted: Sequence[int] = (), root: str = "") -> bytes:
    """Draw a document of records and deletions; `root` is put into the root's tag."""
    pmids = "".join(f"<PMID>{pmid}</PMID>" for pmid in deleted)
    tail = f"<DeleteCitation>{pmids}</DeleteCitation>" if deleted else ""
    document = f"<PubmedArticleSet{root}>{''.join(records)}{tail}</PubmedArticleSet>"
    return f'<?xml version="1.0" encoding="utf-8"?>\n{document}'.encode()


def write(path: Path, records: Iterable[str], deleted: Sequence[int] = ()) -> Path:
    """Write a set to a file, compressed where the name says so."""
    document = article_set(records, deleted)
    path.write_bytes(gzip.compress(document) if path.suffix == ".gz" else document)
    return path


NIGHT = datetime(2026, 11, 23, 9, tzinfo=UTC)


def ingest(home: Path, *paths: Path, started_at: datetime = NIGHT, **given: Any) -> Ingested:
    """Read files into the lake of `home`, with settings as given."""
    return ingest_files(paths, Settings(home=home, **given), started_at)


def tables(home: Path) -> dict[str, list[dict[str, Any]]]:
    """Load all rows of the tables of ingest, ledger and log apart."""
    found = lake.datasets(Settings(home=home).lake_folder, TABLES_OF_INGEST)
    own = {name: table for name, table in found.items() if name not in ("sources", "merges")}
    return {name: table.read().to_pylist() for name, table in own.items()}


def versions(home: Path) -> dict[str, str]:
    """Look up the version of each table of ingest."""
    found = lake.datasets(Settings(home=home).lake_folder, TABLES_OF_INGEST)
    return {name: table.version for name, table in found.items()}
