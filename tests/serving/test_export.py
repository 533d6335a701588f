"""Exports, without the people who asked to be left out."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline import lake
from pipeline.errors import WrongUse
from pipeline.serving.database import open_database
from pipeline.serving.evidence import hidden_mentions
from pipeline.serving.export import export
from pipeline.serving.suppressions import suppress, suppressed_author_ids
from pipeline.settings import Settings
from tests.builders import write_lake
from tests.serving.world import ADA, ADA_ORCID, BO, NIGHT

NAMES = {
    (1, 1): "Lovelace",
    (1, 2): "Adams",
    (2, 1): "Lovelace",
    (2, 2): "Group",
    (10, 1): "Adams",
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Give a home with Ada (papers 1 and 2) and Bo (1 and 10), and a mention that is nobody's."""
    settings = Settings(home=tmp_path)
    keys = [{"pmid": pmid, "position": position} for pmid, position in NAMES]
    people = [ADA, BO, ADA, None, BO]
    write_lake(
        settings.lake_folder,
        authors=[{"author_id": ADA, "orcid": ADA_ORCID}, {"author_id": BO}],
        identities=[
            {**k, "author_id": who} for k, who in zip(keys, people, strict=True) if who is not None
        ],
        authorships=[{**k, "last_name": NAMES[k["pmid"], k["position"]]} for k in keys],
        mentions=[{**k, "block": NAMES[k["pmid"], k["position"]]} for k in keys],
        affiliations=[{**k, "institution": NAMES[k["pmid"], k["position"]]} for k in keys],
        author_affiliations=[
            {"author_id": ADA, "institution": "Lovelace", "affiliation_key": "home"},
            {"author_id": ADA, "institution": "Lovelace", "affiliation_key": "work"},
            {"author_id": BO, "institution": "Adams", "affiliation_key": "home"},
            {"author_id": BO, "institution": "Adams", "affiliation_key": "work"},
        ],
    )
    return settings


def _exported(settings: Settings, name: str) -> str:
    tables = lake.datasets(settings.lake_folder, (name, "identities", "authors"))
    engine = open_database(settings)
    hidden = suppressed_author_ids(engine, tables, settings)
    out = settings.home / f"{name}.jsonl"
    mentions = hidden_mentions(engine, hidden, tables["identities"])
    export(tables[name], tables["authors"], hidden, mentions, out)
    engine.dispose()
    return out.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["authorships", "mentions", "affiliations", "author_affiliations"])
def test_a_table_of_mentions_or_people_leaves_out_those_of_a_hidden_author(
    name: str, settings: Settings
) -> None:
    assert _exported(settings, name).count("Lovelace") == 2
    suppress(open_database(settings), NIGHT, "test", orcid=ADA_ORCID)
    told = _exported(settings, name)
    assert "Lovelace" not in told
    assert told.count("Adams") == 2


def test_a_mention_that_is_evidence_is_left_out_whosoever_it_is(settings: Settings) -> None:
    suppress(open_database(settings), NIGHT, "test", mentions=[(2, 2), (77, 1)])
    told = _exported(settings, "authorships")
    assert "Group" not in told
    assert told.count("Lovelace") == 2


def test_a_pair_with_a_hidden_mention_on_either_side_is_left_out(settings: Settings) -> None:
    pairs = [
        {"pmid": 10, "position": 1, "other_pmid": 1, "other_position": 1},
        {"pmid": 2, "position": 1, "other_pmid": 1, "other_position": 2},
        {"pmid": 10, "position": 1, "other_pmid": 1, "other_position": 2},
    ]
    write_lake(settings.lake_folder, matches=pairs)
    assert len(_exported(settings, "matches").splitlines()) == 3
    suppress(open_database(settings), NIGHT, "test", author_id=ADA, orcid=ADA_ORCID)
    assert len(_exported(settings, "matches").splitlines()) == 1


def test_an_export_into_a_missing_folder_names_the_folder(settings: Settings) -> None:
    out = settings.home / "missing" / "x.csv"
    nobody = np.zeros(0, dtype=np.int64)
    table = lake.read(settings.lake_folder, "authors")
    with pytest.raises(WrongUse, match=r"missing\] is no folder"):
        export(table, table, nobody, nobody, out)


def test_lists_of_records_stand_in_a_csv_file_as_json(tmp_path: Path) -> None:
    identifier = {"place": 1, "source": "ROR", "value": "https://ror.org/01swzsf04"}
    rows: list[dict[str, Any]] = [
        {"affiliations": ["Geneva", "Bern"], "affiliation_identifiers": [identifier]},
        {"position": 2},
    ]
    write_lake(tmp_path, authorships=rows)
    nobody = np.array([], np.int64)
    out = tmp_path / "authorships.csv"
    authorships = lake.read(tmp_path, "authorships")
    assert export(authorships, authorships, nobody, nobody, out) == 2
    with out.open(encoding="utf-8", newline="") as file:
        first, second = csv.DictReader(file)
    assert first["affiliations"] == "Geneva; Bern"
    assert json.loads(first["affiliation_identifiers"]) == [identifier]
    assert second["affiliation_identifiers"] == ""
