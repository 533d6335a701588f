"""The matcher: equal to scikit-learn's, safe to load, right on planted truth."""

from __future__ import annotations

import doctest
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from models import trees
from models.boosting import Boosting
from models.same_author import (
    STATED,
    Matcher,
    SameAuthor,
    load_matcher,
    save_matcher,
)

NAMES = ("names", "coauthors", "noise", "orcid")


def planted(count: int = 400, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs whose probability rises with the first two columns, some values missing."""
    draw = np.random.default_rng(seed)
    pairs = draw.normal(size=(count, len(NAMES)))
    is_same = pairs[:, 0] + pairs[:, 1] + draw.normal(size=count) * 0.5 > 0
    pairs[draw.random(pairs.shape) < 0.2] = np.nan
    pairs[:, 3] = np.nan
    return pairs, is_same, np.arange(count) // 2


@pytest.fixture(scope="module")
def learned() -> SameAuthor:
    grid = {"max_leaf_nodes": [3, 4]}
    return SameAuthor(NAMES, {"names": 1, "coauthors": 1}, grid=grid, max_iter=60).fit(*planted())


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(trees).failed == 0


@pytest.mark.parametrize("leaves", [2, 5, 31])
def test_trees_as_arrays_equal_those_of_scikit_learn(leaves: int) -> None:
    pairs, is_same, _ = planted()
    model = HistGradientBoostingClassifier(max_leaf_nodes=leaves, max_iter=40)
    model.fit(pairs[:, :3], is_same)
    raw = trees.from_boosting(model, np.arange(3)).predict(pairs)
    proba = model.predict_proba(pairs[:, :3])[:, 1]
    assert np.max(np.abs(1 / (1 + np.exp(-raw)) - proba)) < 1e-12


def test_columns_without_values_are_left_out_of_the_trees() -> None:
    pairs, is_same, _ = planted()
    pairs[:, 1] = 7.0
    model = Boosting([0, 1, 2, 3], [1, 1, 0, 0], max_iter=20).fit(pairs, is_same)
    assert model.columns_.tolist() == [0, 2]
    raw = trees.from_boosting(model.model_, model.columns_).predict(pairs)
    assert raw == pytest.approx(model.decision_function(pairs), abs=1e-12)


def test_pairs_never_seen_are_told_apart(learned: SameAuthor) -> None:
    pairs, is_same, _ = planted(count=2_000, seed=1)
    proba = learned.predict_proba(pairs)
    assert proba.sum(axis=1) == pytest.approx(1)
    assert np.mean((proba[:, 1] > 0.5) == is_same) > 0.75  # a value in five is missing


def test_the_same_data_and_seed_give_the_same_model(learned: SameAuthor) -> None:
    again = SameAuthor(
        NAMES, {"names": 1, "coauthors": 1}, grid={"max_leaf_nodes": [3, 4]}, max_iter=60
    )
    pairs = planted(seed=2)[0]
    assert (again.fit(*planted()).predict_proba(pairs) == learned.predict_proba(pairs)).all()


def test_the_probability_keeps_to_the_known_directions(learned: SameAuthor) -> None:
    pairs = planted(seed=3)[0]
    for column in (0, 1):
        swept = np.repeat(pairs[:50], 21, axis=0)
        swept[:, column] = np.tile(np.linspace(-4, 4, 21), 50)
        proba = learned.predict_proba(swept)[:, 1].reshape(50, 21)
        assert (np.diff(proba, axis=1) >= -1e-12).all()


def test_an_orcid_weighs_what_is_stated_and_a_missing_one_nothing(learned: SameAuthor) -> None:
    pair = np.zeros((3, len(NAMES)))
    pair[:, 3] = [np.nan, 1, 0]
    unknown, equal, other = learned.predict_proba(pair)[:, 1]
    odds = unknown / (1 - unknown)
    assert equal / (1 - equal) == pytest.approx(odds * np.exp(STATED["orcid"]))
    assert other / (1 - other) == pytest.approx(odds / np.exp(STATED["orcid"]))


def test_a_model_comes_back_from_its_file_as_it_was(learned: SameAuthor, tmp_path: Path) -> None:
    file = tmp_path / "model.json"
    save_matcher(file, learned.matcher_)
    json.loads(file.read_text(), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    pairs = planted(seed=4)[0]
    loaded = load_matcher(file)
    assert (loaded.probability(pairs) == learned.matcher_.probability(pairs)).all()
    assert loaded.features == NAMES


def changed(model: Matcher, folder: Path, **more: Any) -> Path:
    file = folder / "model.json"
    save_matcher(file, model)
    plain = json.loads(file.read_text())
    plain["trees"].update(more)
    file.write_text(json.dumps(plain))
    return file


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"trees": {}}', '{"trees": {"baseline": "x"}}', "cos\nsystem\n"]
)
def test_a_file_that_is_no_model_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "model.json"
    file.write_text(text)
    with pytest.raises(ValueError, match="is not a model of pairs"):
        load_matcher(file)


@pytest.mark.parametrize("part", ["left", "right", "feature", "roots"])
@pytest.mark.parametrize("node", [-5, 0, 10**9])
def test_trees_that_lead_astray_are_refused(
    learned: SameAuthor, tmp_path: Path, part: str, node: int
) -> None:
    if part in ("feature", "roots") and node <= 0 and not (part == "roots" and node < 0):
        return  # a leaf, or the first column or node: harmless
    values = getattr(learned.matcher_.trees, part)
    file = changed(learned.matcher_, tmp_path, **{part: [node] * values.size})
    with pytest.raises(ValueError, match="is not a model of pairs"):
        load_matcher(file)


def test_trees_of_unequal_columns_are_refused(learned: SameAuthor, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="unequal length"):
        load_matcher(changed(learned.matcher_, tmp_path, value=[0.0]))


@pytest.mark.parametrize(
    "change",
    [{"slope": None}, {"slope": "1"}, {"intercept": float("nan")}, {"stated": {"a": "b"}}],
)
def test_numbers_that_are_none_are_refused(
    learned: SameAuthor, tmp_path: Path, change: dict[str, object]
) -> None:
    file = changed(learned.matcher_, tmp_path)
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(ValueError, match="is not a model of pairs"):
        load_matcher(file)


def test_the_shipped_model_is_small_and_knows_the_features() -> None:
    from models.same_author import SHIPPED
    from pipeline.identity.features import FEATURES

    assert SHIPPED.stat().st_size < 200_000
    matcher = load_matcher()
    assert matcher.features == tuple(feature.name for feature in FEATURES)
    nothing_known = np.full((1, len(FEATURES)), np.nan)
    assert 0 < matcher.probability(nothing_known)[0] < 1


def test_the_shipped_model_keeps_to_every_known_direction() -> None:
    from pipeline.identity.features import FEATURES

    matcher, draw = load_matcher(), np.random.default_rng(0)
    pairs = draw.random((40, len(FEATURES))) * 3
    pairs[draw.random(pairs.shape) < 0.5] = np.nan
    for column, feature in enumerate(FEATURES):
        swept = np.repeat(pairs, 31, axis=0)
        swept[:, column] = np.tile(np.linspace(-12, 30, 31), 40)
        steps = np.diff(matcher.probability(swept).reshape(40, 31), axis=1)
        assert (steps * feature.direction >= -1e-12).all(), feature.name
