"""The docs name every command, setting, table and file, and nothing that is not there."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import Table

from pipeline.__main__ import main
from pipeline.identity.features import FEATURES, GROUPS
from pipeline.recommend.evaluation.methods import METHODS
from pipeline.serving.export import FORMATS
from pipeline.serving.gates import GATES
from pipeline.serving.schema import VIEWS
from pipeline.settings import PREFIX, Settings
from pipeline.stages.evaluation import LEARNED
from pipeline.tables import data_dictionary
from pipeline.web.routes import ROUTER

ROOT = Path(__file__).parents[1]
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
API = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
SERVING = (ROOT / "docs" / "serving.md").read_text(encoding="utf-8")
IDENTITY = (ROOT / "docs" / "identity.md").read_text(encoding="utf-8")
RECOMMENDATION = (ROOT / "docs" / "recommendation.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")


def commands(capsys: pytest.CaptureFixture[str]) -> set[str]:
    with pytest.raises(SystemExit):
        main(["--help"])
    return set(re.findall(r"^    ([a-z]+)\b", capsys.readouterr().out, re.MULTILINE))


def test_the_data_dictionary_is_up_to_date() -> None:
    written = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")
    assert written == data_dictionary() + "\n", "run: confrere tables > docs/tables.md"


def test_every_command_is_in_the_docs_and_every_one_named_exists(
    capsys: pytest.CaptureFixture[str],
) -> None:
    real = commands(capsys)
    assert len(real) >= 10
    assert set(re.findall(r"^\| confrere (\w+)", OPERATIONS, re.MULTILINE)) == real
    assert set(re.findall(r"confrere (\w+)", README.replace("Confrere", ""))) <= real


def test_every_setting_is_in_the_docs_with_its_default() -> None:
    for field in dataclasses.fields(Settings):
        shown = "" if field.default == "" else field.default
        row = f"| {PREFIX}{field.name.upper()} | {shown} | {field.metadata['meaning']} |"
        assert row in OPERATIONS
    named = set(re.findall(r"CONFRERE_[A-Z_]+", OPERATIONS + README + API))
    assert named <= {PREFIX + f.name.upper() for f in dataclasses.fields(Settings)}


def test_every_route_of_the_api_is_in_the_docs() -> None:
    table = API.split("## Routes")[1].split("\n\n")[0]
    documented = re.findall(r"^\| (/[\w/{}.]+) \|", table, re.MULTILINE)
    routes = [*ROUTER.routes, SimpleNamespace(path="/healthz")]
    assert set(documented) == {route.path for route in routes if hasattr(route, "path")}


@pytest.mark.parametrize("view", VIEWS.tables.values(), ids=str)
def test_every_column_of_a_view_is_in_the_docs_as_it_is_declared(view: Table) -> None:
    section = SERVING.split(f"## {view.name}\n")[1].split("\n## ")[0]
    assert section.split("\n")[1] == view.comment
    documented = re.findall(r"^\| (\w+) \| \w+ \| (.*) \|$", section, re.MULTILINE)[1:]
    assert documented == [(column.name, column.comment) for column in view.columns]


def test_every_gate_is_in_the_docs_with_what_it_counts() -> None:
    table = SERVING.split("| gate | severity | passes up to | counts |")[1].split("\n\n")[0]
    rows = [f"| {g.name} | {g.severity} | {g.threshold:g} | {g.meaning} |" for g in GATES]
    assert table.strip().splitlines()[1:] == rows


def test_every_format_of_an_export_is_in_the_docs() -> None:
    table = SERVING.split("| ending | holds |")[1].split("\n\n")[0]
    assert tuple(re.findall(r"^\| \.(\w+) \|", table, re.MULTILINE)) == FORMATS


def test_every_feature_of_the_matcher_is_in_its_card() -> None:
    directions = {1: "rises", -1: "falls", 0: "learned"}
    for name, group, direction, meaning in FEATURES:
        assert f"| {name} | {group} | {directions[direction]} | {meaning} |" in IDENTITY
    ablation = IDENTITY.split("| without |")[1].split("\n\n")[0]
    without = re.findall(r"^\| ([\w-]+) \|", ablation, re.MULTILINE)
    assert without == ["nothing", *GROUPS]


def test_every_method_that_is_compared_is_in_the_docs_with_what_it_does() -> None:
    table = RECOMMENDATION.split("| method | is |")[1].split("\n\n")[0]
    assert re.findall(r"^\| ([^|]+?) \|", table, re.MULTILINE) == [*METHODS, LEARNED]


def test_paths_named_in_the_docs_exist() -> None:
    contributing = (ROOT / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for text in (README, OPERATIONS, API, SERVING, IDENTITY, RECOMMENDATION, contributing):
        for path in re.findall(r"\b((?:dags|pipeline|models|tests|docs)/[\w./]*\w)", text):
            assert (ROOT / path).exists(), path


def test_no_file_names_a_machine_path() -> None:
    for path in (ROOT / "docs").glob("*.md"):
        assert "/root/" not in path.read_text(encoding="utf-8")
