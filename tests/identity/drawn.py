"""Papers drawn by hand, identified, for features and evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from models.same_author import Matcher, load_matcher
from pipeline import lake
from pipeline.identity.features import pair_features
from pipeline.identity.identify import TABLES_OF_IDENTITY, Identified, identify
from pipeline.identity.matcher.evaluate import TABLES_OF_EVALUATION
from pipeline.settings import Settings
from tests.builders import arrow

ENTERED = date(2020, 1, 1)
OF_PUBLICATIONS = (
    "title", "abstract", "journal", "published_on", "entered_on", "languages", "author_count",
)  # fmt: skip

Author = str | Mapping[str, Any]
Paper = Mapping[str, Any]
Papers = Mapping[int, Paper | Sequence[Author]]
Tables = dict[str, lake.Dataset]

OTHERS: dict[int, Paper] = {
    pmid: {
        "authors": [f"Fill{chr(97 + pmid % 26)} Er{chr(97 + pmid % 26)}", f"Per{pmid % 26} Son"],
        "title": f"Other matters {pmid}",
        "journal": f"Journal {pmid % 7}",
    }
    for pmid in range(900_000, 900_060)
}
"""Papers of other people, so that what two papers share is not what every paper has."""


def author(printed: str, **more: Any) -> dict[str, Any]:
    """Draw an authorship from 'Fore Last', with whatever else is given."""
    fore_name, _, last_name = printed.rpartition(" ")
    return {"last_name": last_name, "fore_name": fore_name or None, **more}


class Home:
    """A lake in which papers are identified, night after night."""

    def __init__(self, folder: Path, matcher: Matcher | None = None, **options: Any) -> None:
        self.settings = Settings(home=folder, **options)
        self.matcher = matcher or load_matcher()

    def night(self, papers: Papers, as_of: date = ENTERED) -> Identified:
        """Make these the papers that there are, and identify them."""
        rows = _rows(papers)
        with lake.begin(self.settings.lake_folder) as commit:
            for name, drawn in rows.items():
                commit.write(name, arrow(name, drawn).to_batches())
        return self.identify(as_of)

    def identify(self, as_of: date = ENTERED) -> Identified:
        """Identify what is pending."""
        with lake.begin(self.settings.lake_folder) as commit:
            tables = lake.datasets(self.settings.lake_folder, TABLES_OF_IDENTITY)
            return identify(tables, commit, as_of, self.matcher, self.settings, "made from")

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Rows of a table."""
        return lake.read(self.settings.lake_folder, table).read().to_pylist()

    def who(self) -> dict[tuple[int, int], int]:
        """Author of each mention."""
        return {(row["pmid"], row["position"]): row["author_id"] for row in self.rows("identities")}

    def same(self, *mentions: tuple[int, int]) -> bool:
        """Whether mentions are one person."""
        who = self.who()
        return len({who[mention] for mention in mentions}) == 1


def _rows(papers: Papers) -> dict[str, list[dict[str, Any]]]:
    """Rows of the lake for papers.

    A paper is its authors (names or authorships), or has `authors`, and may have topics, citations
    and grants (lists of their names, PMIDs and numbers) and columns of publications.
    """
    rows: dict[str, list[dict[str, Any]]] = {
        name: [] for name in ("publications", "authorships", "topics", "citations", "grants")
    }
    for pmid, drawn in sorted(papers.items()):
        paper = drawn if isinstance(drawn, Mapping) else {"authors": drawn}
        more = {name: paper[name] for name in OF_PUBLICATIONS if name in paper}
        more["checksum"] = repr(sorted(paper.items()))
        rows["publications"].append({"pmid": pmid, "entered_on": ENTERED} | more)
        for place, who in enumerate(paper["authors"], start=1):
            known = author(who) if isinstance(who, str) else who
            rows["authorships"].append({"pmid": pmid, "position": place, **known})
        rows["topics"] += [{"pmid": pmid, "descriptor_ui": ui} for ui in paper.get("topics", ())]
        rows["citations"] += [{"pmid": pmid, "ref_pmid": ref} for ref in paper.get("citations", ())]
        rows["grants"] += [
            {"pmid": pmid, "place": place, "grant_id": grant}
            for place, grant in enumerate(paper.get("grants", ()), start=1)
        ]
    return rows


def identified(folder: Path, papers: Papers) -> Tables:
    """Write papers and identify them."""
    home = Home(folder)
    home.night(papers)
    return lake.datasets(home.settings.lake_folder, TABLES_OF_EVALUATION)


def features_of(folder: Path, one: Paper, other: Paper, **others: Paper) -> dict[str, float]:
    """Features of the first authors of two papers, in a corpus with some more papers."""
    filler = {
        pmid: {"authors": [f"Fill{chr(97 + pmid % 26)} Er{chr(97 + pmid % 26)}"], "title": "Other"}
        for pmid in range(100, 126)
    }
    papers = {1: one, 2: other, **filler, **dict(enumerate(others.values(), start=3))}
    tables = identified(folder, papers)
    pair = {"pmid": [1], "position": [1], "other_pmid": [2], "other_position": [1]}
    found = pair_features(tables, pa.table(pair), Settings(home=folder))
    return {name: found[name][0].as_py() for name in found.column_names}
