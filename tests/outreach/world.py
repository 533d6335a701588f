"""A small drawn run: Zoë is on the roster and is suggested seven people.

Ana wrote with Zoë and with all but the third of them; to the third leads a path over Ana and Tom.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from pipeline import lake
from pipeline.serving.database import Engine
from pipeline.serving.publish import SOURCES, Run, publish
from pipeline.serving.roster import COLUMNS, import_roster
from pipeline.settings import Settings
from tests.builders import write_lake

Row = dict[str, Any]
KEY = b"key"
ZOE, BEN, ANA, TOM = 1, 2, 3, 4
ZOE_ORCID, BEN_ORCID, KIM_ORCID = (
    "0000-0002-1825-0097",
    "0000-0001-5109-3700",
    "0000-0002-1694-233X",
)
CANDIDATES = (11, 12, 13, 14, 15, 16, 17)
KIM = CANDIDATES[0]
MONDAY = datetime(2026, 3, 2, 6, 30, tzinfo=UTC)
TUESDAY = datetime(2026, 3, 3, 6, 30, tzinfo=UTC)

PEOPLE: dict[int, Row] = {
    ZOE: {"display_name": "Zoë Müller-Łukasz", "orcid": ZOE_ORCID},
    BEN: {"display_name": "Ben Adeyemi", "orcid": BEN_ORCID},
    ANA: {"display_name": "Ana Ruiz"},
    TOM: {"display_name": "Tom Okafor"},
    11: {
        "display_name": "Kim Park",
        "orcid": KIM_ORCID,
        "department": "Department of Cardiology",
        "institution": "St. Example Hospital",
    },
    12: {"display_name": "Nguyễn Thị Ánh", "institution": "Example University"},
    13: {"display_name": "Li Wei", "department": "Institute for Population Health"},
    14: {"display_name": "Sofía O'Neill"},
    15: {
        "display_name": "Mehmet Yılmaz",
        "department": "Intensive Care",
        "institution": "Another Hospital",
    },
    16: {"display_name": "Ingrid Løvås"},
    17: {"display_name": "Amara Diallo"},
}
AUREUS = (
    "<i>Staphylococcus aureus</i> at 10<sup>5</sup> CFU/mL &amp; the failing heart: CO<sub>2</sub> "
    "gap as an early sign"
)
PAPERS: dict[int, Row] = {
    101: {
        "title": "Fluid balance after cardiac surgery: a cohort study",
        "journal": "Example Heart Journal",
        "published_on": date(2024, 5, 1),
    },
    102: {
        "title": "Early lactate and outcome",
        "journal": "Intensive Care Letters",
        "published_on": date(2022, 2, 1),
    },
    103: {"title": "Sepsis bundles in district hospitals", "published_on": date(2023, 1, 1)},
    104: {
        "title": AUREUS,
        "journal": "Journal of Made-up Medicine",
        "published_on": date(2025, 11, 1),
    },
    105: {
        "title": "Walking the ward: what nurses see first",
        "journal": "Example Care",
        "published_on": date(2026, 1, 1),
    },
    106: {"title": "A paper without a date"},
}


def reasons(candidate: int) -> list[Row]:
    """Draw why `candidate` is suggested to Zoë."""
    pair = {"author_id": ZOE, "candidate_id": candidate}
    recent = {**pair, "kind": "recent_paper", "pmid": 104 if candidate % 2 else 105}
    if candidate == 13:
        stops = (ZOE, ANA, TOM, candidate)
        steps = zip(stops, stops[1:], (101, 102, 103), strict=False)
        path = [
            {
                **pair,
                "kind": "path",
                "place": place,
                "person_id": start,
                "other_person_id": end,
                "pmid": pmid,
            }
            for place, (start, end, pmid) in enumerate(steps, start=1)
        ]
        return [*path, {**pair, "kind": "walk", "contribution": 0.1}, recent]
    shared = {
        **pair,
        "kind": "shared_coauthor",
        "contribution": 0.5,
        "person_id": ANA,
        "pmid": 101,
        "other_pmid": 102,
    }
    second = {**shared, "place": 2, "contribution": 0.25, "person_id": TOM, "other_pmid": 103}
    topic = {
        **pair,
        "kind": "shared_topic",
        "topic": "Shock, Septic",
        "pmid": 101,
        "other_pmid": 103,
    }
    other = {**topic, "place": 2, "topic": "Cardiac Output"}
    return [shared, *([second, topic, other] if candidate == KIM else []), recent]


def recommendations(candidates: Iterable[int] = CANDIDATES) -> dict[str, list[Row]]:
    """Draw the tables of a run that suggests `candidates` to Zoë, in this order, and Kim to Ben."""
    chosen = list(candidates)
    given = [
        {
            "author_id": ZOE,
            "rank": rank,
            "candidate_id": candidate,
            "score": sum(reason.get("contribution", 0.0) for reason in reasons(candidate)),
            "introducer_id": None if candidate == 13 else ANA,
        }
        for rank, candidate in enumerate(chosen, start=1)
    ]
    to_ben = {"author_id": BEN, "candidate_id": KIM}
    return {
        "recommendations": [*given, {**to_ben, "rank": 1, "score": 0.25, "introducer_id": TOM}],
        "reasons": [
            *(reason for candidate in chosen for reason in reasons(candidate)),
            {
                **to_ben,
                "kind": "shared_coauthor",
                "contribution": 0.25,
                "person_id": TOM,
                "pmid": 103,
                "other_pmid": 106,
            },
        ],
    }


def serve(
    engine: Engine,
    settings: Settings,
    name: str = "run-1",
    candidates: Iterable[int] = CANDIDATES,
    people: Mapping[int, Row] = PEOPLE,
    papers: Mapping[int, Row] = PAPERS,
) -> None:
    """Publish a drawn run through the lake and the gates."""
    write_lake(
        settings.lake_folder,
        authors=[{"author_id": author_id, **row} for author_id, row in people.items()],
        publications=[{"pmid": pmid, **row} for pmid, row in papers.items()],
        identities=[{"pmid": 101, "position": 1, "author_id": ZOE}],
        **recommendations(candidates),
    )
    tables = lake.datasets(settings.lake_folder, SOURCES)
    run = Run(name, MONDAY, date(2026, 2, 28), "test-1", f"made for {name}")
    assert publish(engine, run, tables, settings).accepted


def enrol(engine: Engine, folder: Path, **changed: Row) -> None:
    """Import a roster on which Zoë has opted in and Ben has not; `zoe`, `ben` change their rows."""
    rows: list[Row] = [
        {
            "person_id": "staff/7",
            "name": "Zoë Müller-Łukasz",
            "email": "zoe@example.org",
            "orcid": ZOE_ORCID,
            "digest": "yes",
            **changed.get("zoe", {}),
        },
        {
            "person_id": "staff/8",
            "name": "Ben Adeyemi",
            "email": "ben@example.org",
            "orcid": BEN_ORCID,
            "digest": "no",
            **changed.get("ben", {}),
        },
    ]
    lines = [",".join(COLUMNS)]
    lines += [",".join(f'"{row.get(column, "")}"' for column in COLUMNS) for row in rows]
    file = folder / "roster.csv"
    file.write_text("\n".join(lines), encoding="utf-8")
    import_roster(engine, file, KEY, MONDAY)
