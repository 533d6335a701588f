"""Methods whose figures are known in the head, the command, its JSON and its page."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array

from models.evaluation.ranking import NOBODY, Matrix
from pipeline.__main__ import main
from pipeline.demo.records import article_set, record_xml
from pipeline.demo.world import World, build_world
from pipeline.recommend.evaluation import evaluate
from pipeline.recommend.evaluation.evaluate import Rankings, rank
from pipeline.recommend.evaluation.figures import Evaluation, best_reference, measure
from pipeline.recommend.evaluation.logistic import train
from pipeline.recommend.evaluation.methods import METHODS, SINGLE, Method, scores_of
from pipeline.recommend.evaluation.page import as_page
from pipeline.recommend.evaluation.past import Past
from tests.recommend.evaluation.drawn import Drawn, day

Printed = pytest.CaptureFixture[str]

PAPERS = {
    1: (day(2013), "ann bob"),
    2: (day(2014), "ann bob"),
    3: (day(2013), "bob cy"),
    4: (day(2014), "bob cy"),
    5: (day(2014), "cy dee"),
    6: (day(2014), "eve"),
    7: (day(2014), "flo"),
    8: (day(2014), "gus"),
    10: (day(2015), "ann cy"),
    11: (day(2015), "ann dee"),
    12: (day(2016), "ann eve"),
}
"""ann, bob and cy have two papers; new for ann are cy (two steps), dee (three) and eve (none)."""


def told(answers: Mapping[str, float], drawn: Drawn) -> Method:
    """The same scores for everybody."""

    def method(past: Past, sources: Any, _: Mapping[str, Matrix]) -> Any:
        scores = np.zeros(past.author_ids.size)
        for name, value in answers.items():
            scores[drawn.ids[name] - 1] = value
        return np.broadcast_to(scores, (sources.size, scores.size))

    return method


@pytest.fixture
def drawn(tmp_path: Path) -> Drawn:
    return Drawn(tmp_path, PAPERS)


def ranked(drawn: Drawn, **methods: Method) -> Rankings:
    return rank(drawn.past(), drawn.questions(), methods)


def evaluated(drawn: Drawn, **methods: Method) -> Evaluation:
    return measure(ranked(drawn, **methods), "drawn", 24)


def test_who_is_asked_about_and_how_far_away_the_answers_are(drawn: Drawn) -> None:
    found = ranked(drawn, nothing=told({}, drawn))
    assert drawn.asked() == {"ann": ["cy", "dee", "eve"], "cy": ["ann"]}
    assert found.distances.tolist() == [2, 3, 4, 2]


def test_a_perfect_method_has_one_everywhere(drawn: Drawn) -> None:
    perfect = told({"cy": 4, "dee": 3, "eve": 2, "ann": 9}, drawn)
    found = evaluated(drawn, perfect=perfect).methods["perfect"]
    assert {name: own.value for name, own in found.metrics.items()} == dict.fromkeys(
        ("ndcg10", "hit10", "recall20", "recall500", "mrr"), 1.0
    )
    assert (found.metrics["ndcg10"].low, found.metrics["ndcg10"].high) == (1.0, 1.0)


def test_a_method_that_says_nothing_has_the_figures_of_chance_and_no_candidates(
    drawn: Drawn,
) -> None:
    found = evaluated(drawn, nothing=told({}, drawn)).methods["nothing"]
    # ann has five candidates and three answers, cy has four and one
    assert found.metrics["mrr"].value == pytest.approx(
        np.mean([(6 + 3 / 2 + 1 / 3) / 10, (1 + 1 / 2 + 1 / 3 + 1 / 4) / 4])
    )
    assert found.metrics["recall500"].value == 0
    assert found.metrics["recall20"].value == 1
    assert np.isnan(found.shown.early_career_share)
    assert found.shown.coverage == 0


def test_oneself_and_past_coauthors_are_never_in_a_list(drawn: Drawn) -> None:
    everybody = told(dict.fromkeys(drawn.ids, 1.0), drawn)
    found = ranked(drawn, everybody=everybody)
    rows = {name: number - 1 for name, number in drawn.ids.items()}
    of_ann = set(found.of["everybody"].lists[0].tolist()) - {NOBODY}
    assert of_ann == {rows[name] for name in ("cy", "dee", "eve", "flo", "gus")}


def test_slices_by_distance_are_of_answers_in_the_ranking_of_all(drawn: Drawn) -> None:
    found = evaluated(drawn, near=told({"cy": 2, "ann": 2}, drawn)).methods["near"]
    near, far = (
        found.slices[title] for title in ("common coauthor (distance 2)", "no common coauthor")
    )
    assert (near.query_count, near.answer_count, near.metrics["recall500"].value) == (2, 2, 1)
    assert (far.query_count, far.answer_count, far.metrics["recall500"].value) == (1, 2, 0)
    few = found.slices["2 or 3 papers"]
    assert (few.query_count, few.answer_count) == (2, 4)
    assert "10 papers or more" not in found.slices


def test_methods_are_compared_over_the_same_queries(drawn: Drawn) -> None:
    methods = {
        "Adamic-Adar": told({"flo": 2}, drawn),
        "better": told({"cy": 4, "ann": 9}, drawn),
    }
    found = evaluated(drawn, **methods).methods
    assert found["Adamic-Adar"].versus == {}
    versus = found["better"].versus["Adamic-Adar"]
    one, other = (found[name].metrics["ndcg10"].value for name in ("better", "Adamic-Adar"))
    assert versus.ratio.value == pytest.approx(one / other)
    assert versus.difference.value == pytest.approx(one - other)
    assert versus.ratio.low > 1


def test_exposure_says_how_unequally_people_are_shown(drawn: Drawn) -> None:
    one = evaluated(drawn, one=told({"flo": 1}, drawn)).methods["one"].shown
    assert one.coverage == pytest.approx(1 / 7)
    assert one.exposure_gini == pytest.approx(6 / 7)
    assert one.early_career_share == 1
    assert np.isnan(one.cross_institution_share)


def test_regression_learns_which_score_tells_and_says_right_probabilities(tmp_path: Path) -> None:
    # forty groups of eight, who only ever write among themselves
    generator = np.random.default_rng(1)

    def people(group: int) -> str:
        return " ".join(f"g{group}n{n}" for n in generator.choice(8, 2, replace=False))

    papers = {n: (day(2013, n % 12 + 1), people(n % 40)) for n in range(1, 400)}
    papers |= {n: (day(2015), people(n % 40)) for n in range(1_000, 1_100)}
    drawn = Drawn(tmp_path, papers)
    past, questions = drawn.past(), drawn.questions()
    model = train(past, questions)
    assert model is not None
    methods: dict[str, Method] = {**SINGLE, "learned": model}
    found = measure(rank(past, questions, methods, {"learned": scores_of("learned")}), "drawn", 24)
    learned, random = (found.methods[name] for name in ("learned", "same venue"))
    assert learned.metrics["ndcg10"].value > 5 * random.metrics["ndcg10"].value
    assert learned.calibrated is not None
    assert learned.calibrated.error < 0.05


def test_other_institutions_are_a_share_of_what_is_known(drawn: Drawn) -> None:
    institutions = np.full(len(drawn.ids), -1)
    for name, code in {"ann": 1, "cy": 2, "dee": 1, "eve": 2}.items():
        institutions[drawn.ids[name] - 1] = code
    past = replace(drawn.past(), institutions=institutions)
    methods = {"all": told(dict.fromkeys(("dee", "eve", "flo"), 1.0), drawn)}
    shown = measure(rank(past, drawn.questions(), methods), "drawn", 24).methods["all"].shown
    # ann: dee in, eve out, flo unknown; cy: eve in (dee is known to cy), flo unknown
    assert shown.cross_institution_share == pytest.approx(1 / 3)


def test_small_batches_change_no_figure(drawn: Drawn, monkeypatch: pytest.MonkeyPatch) -> None:
    past, questions = drawn.past(), drawn.questions()
    whole = rank(past, questions, METHODS)
    monkeypatch.setattr(evaluate, "CELLS_AT_ONCE", 1)
    one_by_one = rank(past, questions, METHODS)
    assert whole.distances.tolist() == one_by_one.distances.tolist()
    for name, own in whole.of.items():
        other = one_by_one.of[name].places
        assert own.places.above.tolist() == other.above.tolist(), name
        assert own.places.tied.tolist() == other.tied.tolist(), name


def test_papers_without_words_or_journals_rank_by_ties_alone(drawn: Drawn) -> None:
    drawn.overrides = {"title": "", "journal": None}
    found = evaluated(drawn, **METHODS).methods
    assert found["topic cosine"].metrics["recall500"].value == 0
    assert found["same venue"].metrics["recall500"].value == 0
    assert found["common neighbours"].metrics["ndcg10"].value > 0.5


def test_probabilities_of_the_product_are_held_against_what_came_true(drawn: Drawn) -> None:
    past = drawn.past()
    ann, cy, dee, flo, gus = (drawn.ids[n] - 1 for n in ("ann", "cy", "dee", "flo", "gus"))
    shape = (len(drawn.ids),) * 2
    ends = ([ann, ann, ann, gus], [cy, dee, flo, flo])
    told = csr_array(([0.75, 0.5, 0.25, 0.25], ends), shape)
    past = replace(past, served=told, probabilities=told)
    found = measure(rank(past, drawn.questions(), METHODS), "drawn", 24).methods
    calibrated = found["confrere"].calibrated
    assert calibrated is not None
    # said .25 twice, once to gus who is not asked about, and it never came true;
    # .5 and .75 once each, and both did
    assert calibrated.error == pytest.approx((2 * 0.25 + 0.5 + 0.25) / 4)
    assert found["Adamic-Adar"].calibrated is None


def test_too_few_answers_train_nothing(drawn: Drawn) -> None:
    assert train(drawn.past(), drawn.questions()) is None


class Outline(HTMLParser):
    """Which tags a page has, and whether each is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
        self.seen.append(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_needs_nothing_else_and_names_every_method(drawn: Drawn) -> None:
    methods = {"Adamic-Adar": told({"cy": 1}, drawn), "a <b> method": told({}, drawn)}
    page = as_page(evaluated(drawn, **methods))
    outline = Outline()
    outline.feed(page)
    assert not outline.open
    assert not {"script", "link", "img", "iframe"} & set(outline.seen)
    assert not re.search(r"https?://|url\(|@import", page)
    assert "prefers-color-scheme: dark" in page
    assert "width=device-width" in page
    assert "a &lt;b&gt; method" in page


def test_the_reference_is_the_best_heuristic_on_recency_weights(drawn: Drawn) -> None:
    methods = {
        "confrere": told({"cy": 9, "dee": 8, "eve": 7, "ann": 9}, drawn),
        "walk, recency": told({"cy": 1}, drawn),
        "L3, recency": told({"cy": 1, "ann": 1}, drawn),
    }
    assert best_reference(evaluated(drawn, **methods)) == "L3, recency"


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(nights=1)


@pytest.fixture(scope="module")
def records(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pmids = world.visible(world.first_night)[::16]
    path = tmp_path_factory.mktemp("records") / "records.xml"
    path.write_text(article_set(record_xml(world, pmid, world.first_night) for pmid in pmids))
    return path


def test_the_command_prints_a_table_and_writes_json_and_a_page(
    records: Path, tmp_path: Path, capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(
        "CONFRERE_DATABASE_URL", "postgresql://nowhere.invalid/confrere"
    )  # not asked
    out, page = tmp_path / "figures.json", tmp_path / "figures.html"
    arguments = [
        "--files",
        str(records),
        "--cutoff",
        "2023-06-30",
        "--home",
        str(tmp_path / "home"),
    ]
    outputs = ["--json", str(out), "--html", str(page)]
    assert main(["evaluate", "recommendations", *arguments, *outputs]) == 0
    printed = capsys.readouterr().out
    assert "NDCG@10" in printed
    assert re.search(r"times that of .*, recency: \d\.\d\d\d \(", printed)
    figures = json.loads(out.read_text())
    assert list(figures) == ["corpus", "cutoff", "queries", "methods"]
    assert (figures["corpus"], figures["cutoff"]) == ("records", "2023-06-30")
    assert figures["queries"] > 20
    assert list(figures["methods"]) == [*METHODS, "logistic regression"]
    for own in figures["methods"].values():
        assert own["ndcg10_low"] <= own["ndcg10"] <= own["ndcg10_high"]
        assert {"hit10", "recall20", "recall500", "mrr", "coverage", "slices"} <= own.keys()
    plain, popular = (figures["methods"][name] for name in ("Adamic-Adar", "popularity"))
    assert plain["ndcg10"] > 2 * popular["ndcg10"]
    assert figures["methods"]["logistic regression"]["expected_calibration_error"] < 0.2
    assert page.read_text().startswith("<!doctype html>")
    assert not (tmp_path / "home").exists()  # nothing is left behind


@pytest.mark.parametrize(
    ("cutoff", "message"),
    [
        ("1999-01-01", "[cutoff 1999-01-01] no paper had entered by then: give a later day"),
        ("2040-01-01", "[cutoff 2040-01-01] nobody active then has a new coauthor by 2042-01-01"),
    ],
)
def test_a_cutoff_without_papers_is_one_line_and_exit_code_two(
    records: Path, capsys: Printed, cutoff: str, message: str
) -> None:
    arguments = ["evaluate", "recommendations", "--files", str(records), "--cutoff", cutoff]
    assert main(arguments) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith(f"confrere: {message}")


def test_an_output_in_no_folder_is_told_before_the_work(tmp_path: Path, capsys: Printed) -> None:
    out = tmp_path / "none" / "x.json"
    arguments = ["--files", "x.xml", "--cutoff", "2022-01-01", "--json", str(out)]
    assert main(["evaluate", "recommendations", *arguments]) == 2
    assert (
        capsys.readouterr().err == f"confrere: [{out}] is in no folder: make {out.parent} first\n"
    )
