"""A server on a free port of loopback, and a database with the drawn world."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
import uvicorn

from pipeline.serving.database import Engine, open_database
from pipeline.settings import Settings
from pipeline.web.api import create_app
from tests.serving.conftest import postgres_server, schema_of

__all__ = ["postgres_server"]  # a fixture


@contextmanager
def serving(settings: Settings) -> Iterator[str]:
    """Serve the application; give its address."""
    config = uvicorn.Config(create_app(settings), port=0, log_level="warning")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def database() -> str:
    """Which database: `on_both` gives both."""
    return "sqlite"


on_both = pytest.mark.parametrize(
    "database", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
)


@pytest.fixture
def settings(request: pytest.FixtureRequest, tmp_path: Path, database: str) -> Settings:
    """Everybody may ask as often as they like."""
    address = schema_of(request, f"web_{uuid4().hex}") if database == "postgres" else ""
    return Settings(home=tmp_path, api_rate_limit="", database_url=address)


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    engine = open_database(settings)
    yield engine
    engine.dispose()


@pytest.fixture
def client(settings: Settings, engine: Engine) -> Iterator[httpx.Client]:
    """A client of a server."""
    with serving(settings) as address, httpx.Client(base_url=address, timeout=30) as client:
        yield client


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the browser."""
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("no browser: apt-get install chromium")
    return found
