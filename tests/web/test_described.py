"""The API keeps to its description, whatever it is asked (schemathesis)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck
from hypothesis import settings as bounded
from schemathesis import checks

from pipeline.settings import Settings
from pipeline.web.api import create_app
from tests.serving.world import ADA, ADA_ORCID, CY, seeded

PROMISES = (
    checks.not_a_server_error,
    schemathesis.specs.openapi.checks.status_code_conformance,
    schemathesis.specs.openapi.checks.content_type_conformance,
    schemathesis.specs.openapi.checks.response_schema_conformance,
    schemathesis.specs.openapi.checks.response_headers_conformance,
)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    """The application over the drawn world."""
    folder: Path = tmp_path_factory.mktemp("described")
    app = create_app(Settings(home=folder, api_rate_limit=""))
    seeded(app.state.engine)
    yield app
    app.state.engine.dispose()


@pytest.fixture(scope="module")
def described(app: FastAPI) -> Any:
    """What is promised, as the service gives it."""
    return schemathesis.openapi.from_asgi("/openapi.json", app)


description = schemathesis.pytest.from_fixture("described")


@description.parametrize()
@bounded(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
def test_no_answer_is_undocumented(case: Any) -> None:
    known = {"id": (str(ADA), ADA_ORCID), "candidate_id": (CY,)}
    drawn = len(repr(case.query)) + len(repr(case.path_parameters))
    for name, values in known.items():  # two of three times somebody who is there
        if name in (case.path_parameters or {}) and drawn % 3:
            case.path_parameters[name] = values[drawn % len(values)]
    case.call_and_validate(checks=PROMISES)
