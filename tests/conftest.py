"""Tests that import Airflow run last: the others tell sooner."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.get_closest_marker("airflow") is not None)
