"""The house keeps its plan: doors, names, and DAGs that are a calendar and nothing else."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = [
    p for room in ("dags", "pipeline", "models") for p in sorted((ROOT / room).rglob("*.py"))
]
DAGS = [p for p in sorted((ROOT / "dags").glob("*.py")) if not p.name.startswith("__")]
DOORS = {"dags", "web"}
CLOCKS = {
    "pipeline/demo/nights.py",  # the demo is a door of its own: it starts the nights
    "pipeline/ingest/fetch/http.py",  # a Retry-After may be an instant
}


def imports(tree: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def label(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", [p for p in SOURCES if p.parts[-2] != "dags"], ids=label)
def test_airflow_is_known_to_dags_only(path: Path) -> None:
    assert not {name for name in imports(parsed(path)) if name.split(".")[0] == "airflow"}


@pytest.mark.parametrize("path", SOURCES, ids=label)
def test_only_doors_read_the_environment_and_the_clock(path: Path) -> None:
    if DOORS & set(path.parts) or path.name == "__main__.py" or label(path) in CLOCKS:
        return
    text = path.read_text(encoding="utf-8")
    for word in ("os.environ", "getenv", "datetime.now", "date.today", "time.time()"):
        assert word not in text, word


def test_the_four_dags_are_there() -> None:
    assert [p.stem for p in DAGS] == [
        "ingest_pubmed",
        "recommend_collaborators",
        "send_suggestions",
        "train_models",
    ]


@pytest.mark.parametrize("path", DAGS, ids=label)
def test_a_dag_file_imports_nothing_heavy_and_reads_nothing_at_import(path: Path) -> None:
    top = ast.Module(
        [node for node in parsed(path).body if isinstance(node, ast.Import | ast.ImportFrom)], []
    )
    allowed = {
        "__future__",
        "os",
        "datetime",
        "airflow.sdk",
        "pipeline.errors",
        "pipeline.settings",
    }
    assert imports(top) <= allowed
    outside_functions = [
        node
        for node in parsed(path).body
        if not isinstance(node, ast.FunctionDef | ast.Import | ast.ImportFrom)
    ]
    called = {
        ast.unparse(n.func)
        for top in outside_functions
        for n in ast.walk(top)
        if isinstance(n, ast.Call)
    }
    assert not {
        name
        for name in called
        if "open" in name or "environ" in name or "read" in name or "now" in name
    }


@pytest.mark.parametrize("path", DAGS, ids=label)
def test_a_dag_has_documentation_and_at_least_two_retries(path: Path) -> None:
    [function] = [node for node in parsed(path).body if isinstance(node, ast.FunctionDef)]
    doc = ast.get_docstring(function) or ""
    assert "**When it fails**" in doc
    assert "**Reads**" in doc
    retries = [
        value.value
        for node in ast.walk(function)
        if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant)
        and key.value == "retries"
        and isinstance(value, ast.Constant)
    ]
    assert len(retries) == 1
    assert isinstance(retries[0], int)
    assert retries[0] >= 2


def test_importing_a_stage_is_all_that_a_dag_needs() -> None:
    heavy = ("sklearn", "networkx", "pandas", "duckdb", "numba")
    code = (
        "import pipeline.settings, pipeline.errors, sys;"
        f"print([m for m in {heavy} if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert result.stdout.strip() == "[]"
