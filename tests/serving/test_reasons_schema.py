"""The JSON Schema of reasons says what is published, kind by kind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # it has no types
import pytest
from sqlalchemy import select

import pipeline.serving
from pipeline.serving.database import Engine, reading
from pipeline.serving.schema import V1_RECOMMENDATIONS
from pipeline.serving.suppressions import suppress
from pipeline.settings import Settings
from pipeline.tables import REASONS
from tests.serving.world import DEE, NIGHT, published

FILE = Path(pipeline.serving.__file__).with_name("reasons.schema.json")
SCHEMA = json.loads(FILE.read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def fact(**changed: Any) -> list[dict[str, Any]]:
    row = {"kind": "walk", "contribution": 0.5, **changed}
    return [{name: value for name, value in row.items() if value is not None}]


def test_it_is_a_schema_and_names_the_kinds_and_keys_of_the_table() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    named = SCHEMA["items"]["properties"]
    columns = {column.name: column for column in REASONS.columns}
    assert tuple(named["kind"]["examples"]) == columns["kind"].values
    assert set(named) == set(columns) - {"author_id", "candidate_id", "place"}


def test_published_reasons_fit_it_also_after_a_wish(engine: Engine, settings: Settings) -> None:
    published(engine, settings)
    for _ in range(2):
        with reading(engine) as connection:
            told = connection.scalars(select(V1_RECOMMENDATIONS.c.reasons)).all()
        assert len(told) == 3
        for reasons in told:
            VALIDATOR.validate(json.loads(reasons))
        suppress(engine, NIGHT, "test", author_id=DEE, mentions=[(1, 2)])


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        {},
        fact(kind=None),
        fact(contribution=None),
        fact(contribution="0.5"),
        fact(pmid=0),
        fact(pmid="1"),
        fact(kind="shared_coauthor", person_id=1, pmid=1),
        fact(kind="path", person_id=1, pmid=1),
        fact(kind="shared_topic", pmid=1, other_pmid=2),
        fact(kind="topics", pmid=1),
        fact(kind="recent_paper"),
    ],
)
def test_what_a_reader_could_not_use_does_not_fit(wrong: Any) -> None:
    assert not VALIDATOR.is_valid(wrong)


def test_kinds_and_keys_that_come_later_fit() -> None:
    assert VALIDATOR.is_valid(fact(kind="shared_grant", grant_id="R01"))
