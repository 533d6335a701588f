"""Tests that import Airflow run last: the others tell sooner."""

from __future__ import annotations

import os

import pytest

# tests run in parallel already; threads of OpenMP that wait for each other would slow all of them
os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.get_closest_marker("airflow") is not None)
