"""One made-up world for all tests of the room: it takes a second to make."""

from __future__ import annotations

import pytest

from pipeline.demo.world import World, build_world


@pytest.fixture(scope="session")
def world() -> World:
    return build_world()
