"""Evaluation: planted papers with the answer known in the head, and the real labelled pairs."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from models.same_author import Matcher, load_matcher
from pipeline import lake, stages
from pipeline.__main__ import main
from pipeline.demo.records import article_set, record_xml
from pipeline.demo.world import World, build_world
from pipeline.errors import ConfrereError
from pipeline.identity.matcher.evaluate import PairEvaluation, evaluate_clusters, evaluate_pairs
from pipeline.identity.matcher.labelled import LabelledMention, LabelledPair, Printed
from pipeline.identity.matcher.learn import fingerprint
from pipeline.identity.matcher.report import as_plain
from pipeline.settings import Settings
from pipeline.terminal import show_identity
from tests.builders import SHARED
from tests.identity.drawn import OTHERS, Papers, author, identified

GOLD = SHARED / "identity"
NOW = datetime(2026, 1, 1, tzinfo=UTC)

OSLO = ["Department of Surgery, University of Oslo, Oslo, Norway"]
PERTH = ["School of Apiculture, University of Perth, Perth, Australia"]
PAPERS: Papers = OTHERS | {
    1: {"authors": [author("Jane Doe", affiliations=OSLO), "Ann Lee"], "title": "Of hearts"},
    2: {"authors": [author("Jane Doe", affiliations=OSLO), "Ann Lee"], "title": "Of old hearts"},
    3: {"authors": ["John Doe", "Kim Ray"]},
    4: {"authors": [author("J Doe", affiliations=PERTH), "Xu Wang", "Xin Wang"], "title": "Bees"},
}


def unasked(_: Matcher) -> lake.Dataset:
    """Stand where no matcher is trained."""
    raise AssertionError


def test_author_ids_and_rules_are_scored_on_pairs(tmp_path: Path) -> None:
    tables = identified(tmp_path, PAPERS)
    doe = {pmid: Printed(pmid, "Doe") for pmid in (1, 2, 3, 4)}
    pairs = [
        LabelledPair(doe[1], doe[2], is_same=True),
        LabelledPair(doe[1], doe[3], is_same=False),
        LabelledPair(doe[1], doe[4], is_same=True),
        LabelledPair(doe[1], Printed(4, "Wang"), is_same=False),
    ]
    found = evaluate_pairs(tables, pairs, load_matcher(), Settings(home=tmp_path), unasked)
    assert (found.located.missing_count, found.located.ambiguous_count) == (0, 1)
    scores = found.scores["all"]
    assert (scores["clusters"].precision.value, scores["clusters"].recall.value) == (1.0, 0.5)
    assert scores["all alike"].precision.value == pytest.approx(2 / 3)
    assert scores["compatible names"].f1.value == 1.0
    assert scores["shared coauthor or equal full names"].recall.value == 0.5
    assert scores["matcher"].count == 3
    assert [found.scores[name]["matcher"].count for name in ("whole", "initials")] == [2, 1]


def test_author_ids_are_scored_against_persons(tmp_path: Path) -> None:
    tables = identified(tmp_path, PAPERS)
    persons = {1: "jane", 2: "jane", 3: "john", 4: "jane"}
    labelled = [LabelledMention(Printed(pmid, "Doe"), who) for pmid, who in persons.items()]
    labelled += [LabelledMention(Printed(4, "Wang"), who) for who in ("xu", "xin")]
    found = evaluate_clusters(tables, labelled, load_matcher(), Settings(home=tmp_path), unasked)
    assert found.located.ambiguous_count == 2
    assert found.person_count == 2
    assert found.whole.mention_count == 4
    assert found.whole.pairwise.recall.value == pytest.approx(1 / 3)
    assert found.whole.b_cubed.precision.value == 1.0
    assert found.whole.errors.splitting.value == 1 / 4
    assert found.several.mention_count == 3
    assert found.several.errors.splitting.value == pytest.approx(1 / 3)
    assert found.pairs.scores["all"]["matcher"].count == 6


def test_two_persons_for_the_one_name_of_a_paper_are_ambiguous_and_one_named_twice_is_not(
    tmp_path: Path,
) -> None:
    tables = identified(tmp_path, PAPERS)
    who = [(1, "jane"), (1, "jane"), (2, "jane"), (3, "john"), (3, "jane")]
    labelled = [LabelledMention(Printed(pmid, "Doe"), person) for pmid, person in who]
    found = evaluate_clusters(tables, labelled, load_matcher(), Settings(home=tmp_path), unasked)
    assert found.located.ambiguous_count == 2
    assert (found.whole.mention_count, found.person_count) == (2, 1)


def test_persons_without_a_namesake_leave_no_pairs_to_decide_on(tmp_path: Path) -> None:
    tables = identified(tmp_path, PAPERS)
    labelled = [LabelledMention(Printed(1, name), name) for name in ("Doe", "Lee")]
    found = evaluate_clusters(tables, labelled, load_matcher(), Settings(home=tmp_path), unasked)
    assert found.whole.b_cubed.f1.value == 1.0
    assert found.several.mention_count == 0
    assert found.pairs.scores["all"]["matcher"].count == 0
    show_identity(Console(), found)
    assert as_plain(found)["matcher"]["f1"] is None
    json.dumps(as_plain(found), allow_nan=False)


def test_labels_of_other_papers_are_said(tmp_path: Path) -> None:
    tables = identified(tmp_path, PAPERS)
    elsewhere = Printed(99, "Doe")
    with pytest.raises(ConfrereError, match="none of them is in the files"):
        evaluate_pairs(
            tables,
            [LabelledPair(elsewhere, elsewhere, is_same=True)],
            load_matcher(),
            Settings(home=tmp_path),
            unasked,
        )
    with pytest.raises(ConfrereError, match="no name is in the files"):
        evaluate_clusters(
            tables,
            [LabelledMention(elsewhere, "x")],
            load_matcher(),
            Settings(home=tmp_path),
            unasked,
        )


def test_too_few_pairs_cannot_train(tmp_path: Path) -> None:
    tables = identified(tmp_path, PAPERS)
    pair = LabelledPair(Printed(1, "Doe"), Printed(2, "Doe"), is_same=True)
    with pytest.raises(ConfrereError, match="too few to train on: leave out --cross-validate"):
        evaluate_pairs(tables, [pair], None, Settings(home=tmp_path), unasked)


def test_a_fingerprint_is_of_the_set_of_pairs() -> None:
    pairs = np.array([[1, 1, 2, 1], [3, 1, 4, 2]])
    assert fingerprint(pairs) == fingerprint(pairs[::-1]) != fingerprint(pairs[:1])


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(nights=1)


@pytest.fixture(scope="module")
def records(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pmids = world.visible(world.first_night)[-300:]
    path = tmp_path_factory.mktemp("records") / "records.xml"
    path.write_text(article_set(record_xml(world, pmid, world.first_night) for pmid in pmids))
    return path


Printed_ = pytest.CaptureFixture[str]


def test_the_command_prints_a_table_and_writes_json(
    records: Path, tmp_path: Path, capsys: Printed_
) -> None:
    labels, out = labels_of(records, tmp_path), tmp_path / "figures.json"
    arguments = ["--files", str(records), "--clusters", str(labels), "--json", str(out)]
    assert main(["evaluate", "identity", *arguments, "--home", str(tmp_path / "home")]) == 0
    printed = capsys.readouterr().out
    assert "B³" in printed
    assert "splitting" in printed
    figures = json.loads(out.read_text())
    for decider in (figures["matcher"], figures["clusters"], figures["rules"]["all alike"]):
        assert set(decider) == {"precision", "recall", "f1", "f1_low", "f1_high", "pairs"}
    assert figures["b_cubed"]["precision"] > 0.9
    assert not (tmp_path / "home").exists()  # nothing is left behind


def labels_of(records: Path, folder: Path) -> Path:
    """Take the ORCID iD of whoever has one as the person."""
    import re

    rows = ["pmid,last_name,person"]
    for article in records.read_text().split("<PubmedArticle>")[1:]:
        pmid = re.findall(r"<PMID[^>]*>(\d+)", article)[0]
        for who in re.findall(r"<Author[ >].*?</Author>", article, re.DOTALL):
            orcid = re.findall(r"\d{4}-\d{4}-\d{4}-\d{3}[\dX]", who)
            last_name = re.findall(r"<LastName>(.*?)</LastName>", who)
            if orcid and last_name:
                rows.append(f"{pmid},{last_name[0]},{orcid[0]}")
    file = folder / "persons.csv"
    file.write_text("\n".join(rows) + "\n")
    return file


def test_a_bad_csv_is_one_line_and_exit_code_two(
    records: Path, tmp_path: Path, capsys: Printed_
) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("pmid,last_name,person\nx,Doe,P\n")
    arguments = ["evaluate", "identity", "--files", str(records), "--clusters", str(bad)]
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error == f"confrere: [{bad} line 2] pmid is 'x': give a PubMed number\n"


@pytest.mark.shared
@pytest.mark.skipif(not GOLD.exists(), reason="needs ../shared/data/identity beside the project")
def test_the_rules_score_on_real_pairs_what_was_measured_before(tmp_path: Path) -> None:
    found = stages.evaluate_identity(
        Settings(home=tmp_path), [GOLD / "gs_train.xml.gz"], NOW, pairs=GOLD / "gs_train_pairs.csv"
    )
    assert isinstance(found, PairEvaluation)
    f1 = {decider: scores.f1.value for decider, scores in found.scores["all"].items()}
    assert f1["all alike"] == pytest.approx(0.793, abs=0.01)
    assert f1["compatible names"] == pytest.approx(0.802, abs=0.01)
    assert f1["shared coauthor or equal full names"] == pytest.approx(0.850, abs=0.01)
    assert found.located.missing_count <= 10
    assert (
        found.is_seen
    )  # the shipped model was trained on them: docs/identity.md has what to expect
    assert f1["matcher"] > 0.94
