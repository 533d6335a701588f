"""The API keeps to its description, whatever it is asked (schemathesis)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, strategies
from hypothesis import settings as bounded
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi import checks

from pipeline.settings import Settings
from pipeline.web.api import create_app
from tests.serving.world import ADA, CY, seeded

PROMISES = (
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
)


KNOWN = {"id": str(ADA), "candidate_id": CY}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    """The application over the drawn world."""
    folder: Path = tmp_path_factory.mktemp("described")
    app = create_app(Settings(home=folder, api_rate_limit=""))
    seeded(app.state.engine)
    yield app
    app.state.engine.dispose()


def test_no_answer_is_undocumented(app: FastAPI) -> None:
    description = schemathesis.openapi.from_asgi("/openapi.json", app)
    operations = [found.ok() for found in description.get_all_operations() if isinstance(found, Ok)]
    assert len(operations) >= 11
    right = {status for operation in operations for status in _statuses_of(operation)}
    assert right >= {200, 404, 422}
    asked = [operation for operation in operations if operation.query or operation.path_parameters]
    wrong = {status for one in asked for status in _statuses_of(one, GenerationMode.NEGATIVE)}
    assert 422 in wrong


def _statuses_of(operation: Any, mode: GenerationMode = GenerationMode.POSITIVE) -> set[int]:
    """Ask an operation for whatever its description allows, and for somebody who is there."""
    seen: set[int] = set()

    @bounded(
        max_examples=40,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), is_known=strategies.booleans())
    def keeps_its_promises(case: Any, is_known: bool) -> None:
        for name in KNOWN.keys() & (case.path_parameters or {}).keys() if is_known else ():
            case.path_parameters[name] = KNOWN[name]
        seen.add(case.call_and_validate(checks=PROMISES).status_code)

    keeps_its_promises()
    return seen
