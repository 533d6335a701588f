"""Papers drawn by hand, identified, for features and evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline import lake
from pipeline.identity.evaluate import TABLES_OF_EVALUATION
from pipeline.identity.features import pair_features
from pipeline.identity.identify import identify
from pipeline.settings import Settings
from tests.builders import arrow

ENTERED = date(2020, 1, 1)
OF_PUBLICATIONS = ("title", "abstract", "journal", "published_on", "languages", "author_count")

Paper = Mapping[str, Any]
Tables = dict[str, lake.Dataset]


def author(printed: str, **more: Any) -> dict[str, Any]:
    """Draw an authorship from 'Fore Last', with whatever else is given."""
    fore_name, _, last_name = printed.rpartition(" ")
    return {"last_name": last_name, "fore_name": fore_name or None, **more}


def identified(folder: Path, papers: Mapping[int, Paper]) -> Tables:
    """Write papers and identify them.

    A paper has `authors` (names or authorships), and may have topics, citations and grants (lists
    of their names, PMIDs and numbers) and columns of publications.
    """
    rows: dict[str, list[dict[str, Any]]] = {
        name: [] for name in ("publications", "authorships", "topics", "citations", "grants")
    }
    for pmid, paper in papers.items():
        more = {name: paper[name] for name in OF_PUBLICATIONS if name in paper}
        rows["publications"].append({"pmid": pmid, "entered_on": ENTERED, **more})
        for place, who in enumerate(paper["authors"], start=1):
            known = author(who) if isinstance(who, str) else who
            rows["authorships"].append({"pmid": pmid, "position": place, **known})
        rows["topics"] += [{"pmid": pmid, "descriptor_ui": ui} for ui in paper.get("topics", ())]
        rows["citations"] += [{"pmid": pmid, "ref_pmid": ref} for ref in paper.get("citations", ())]
        rows["grants"] += [
            {"pmid": pmid, "place": place, "grant_id": grant}
            for place, grant in enumerate(paper.get("grants", ()), start=1)
        ]
    settings = Settings(home=folder)
    with lake.begin(settings.lake_folder) as commit:
        for name, drawn in rows.items():
            commit.write(name, arrow(name, drawn).to_batches())
    current = lake.datasets(settings.lake_folder, TABLES_OF_EVALUATION)
    with lake.begin(settings.lake_folder) as commit:
        identify(current, commit, ENTERED, settings, "")
    return lake.datasets(settings.lake_folder, TABLES_OF_EVALUATION)


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
