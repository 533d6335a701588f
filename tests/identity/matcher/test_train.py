"""Training the matcher on labels: promoted only if better, and what is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from models.same_author import Matcher, load_matcher, save_matcher
from pipeline import lake, stages
from pipeline.errors import ConfrereError
from pipeline.identity.features import FEATURES
from pipeline.identity.matcher.train import (
    LABELS_NEEDED,
    TABLES_OF_TRAINING,
    Labels,
    is_held_out,
    labelled_pairs,
    train_on,
)
from pipeline.settings import Settings
from pipeline.stages.results import matcher_in_use
from tests.identity.drawn import author, identified
from tests.identity.matcher.test_free_labels import many_people

NAMES = [feature.name for feature in FEATURES]
SHIPPED = load_matcher()
FIELDS = ("features", "is_same", "sources", "blocks", "keys")
WRONG = replace(SHIPPED, slope=-SHIPPED.slope, stated={})
"""Says yes where it should say no."""


def planted(telling: str, sources: tuple[str, ...], count: int = 1_200) -> Labels:
    """Labels of which one feature tells the truth, with noise; four in a block."""
    draw = np.random.default_rng(0)
    features = np.full((count, len(FEATURES)), np.nan)
    is_same = draw.random(count) < 2 / 3
    features[:, NAMES.index(telling)] = is_same + draw.normal(0, 0.4, count)
    blocks = np.repeat(np.arange(count // 4), 4).astype(np.str_)
    return Labels(
        features,
        is_same,
        np.resize(np.array(sources), count),
        blocks,
        np.arange(count * 4).reshape(count, 4),
    )


def test_a_matcher_that_is_better_on_blocks_neither_saw_is_promoted() -> None:
    labels = planted("coauthor_cosine", ("orcid", "email"))
    found = train_on(labels, WRONG, is_shipped=False)
    assert found.is_better
    assert found.matcher is not None
    assert found.loss is not None
    assert found.loss < 0.4
    assert found.compared_count == is_held_out(labels.blocks).sum()
    assert found.why.startswith("better by +")


def test_a_matcher_is_no_better_than_itself() -> None:
    labels = planted("coauthor_cosine", ("orcid",))
    first = train_on(labels, WRONG, is_shipped=False)
    assert first.matcher is not None
    again = train_on(labels, first.matcher, is_shipped=False)
    assert again.gain is not None
    assert again.gain.value == 0
    assert not again.is_better
    assert "not surely better" in again.why


def test_a_rule_learned_by_heart_does_not_beat_the_shipped_matcher() -> None:
    """One source tells by text what the other tells by years: neither carries over."""
    one = planted("text", ("orcid",))
    other = planted("years_apart", ("email",))
    labels = Labels(*(np.concatenate([getattr(side, n) for side in (one, other)]) for n in FIELDS))
    assert train_on(labels, WRONG, is_shipped=False).is_better
    blind = replace(SHIPPED, slope=0.0, intercept=float(np.log(2)), stated={})
    assert train_on(labels, blind, is_shipped=False).is_better
    assert not train_on(labels, blind, is_shipped=True).is_better


def test_one_source_alone_cannot_be_held_against_the_shipped_matcher() -> None:
    found = train_on(planted("text", ("orcid",)), WRONG, is_shipped=True)
    assert not found.is_better
    assert found.why == "nothing to compare on: no second source of labels"


def test_the_decisions_of_people_need_no_second_source() -> None:
    found = train_on(planted("text", ("decided",)), WRONG, is_shipped=True)
    assert found.is_better


def test_one_block_in_five_is_held_out_whatever_else_there_is() -> None:
    blocks = np.array([f"doe{number}|j" for number in range(1_000)])
    held_out = is_held_out(blocks)
    assert 150 < held_out.sum() < 250
    assert np.array_equal(is_held_out(blocks[::-1]), held_out[::-1])


def test_with_too_few_labels_the_stage_says_so_and_keeps_what_is_in_use(tmp_path: Path) -> None:
    identified(tmp_path, many_people())
    told = stages.train_matcher(Settings(home=tmp_path))
    assert told["promoted"] == "no"
    assert told["in_use"] == "of the package"
    assert str(told["why"]).startswith("too few labels: 240 of one person and 120 of two, ")
    assert not Settings(home=tmp_path).matcher_file.exists()
    assert same(matcher_in_use(Settings(home=tmp_path)), SHIPPED)


def test_the_stage_replaces_a_wrong_matcher_and_then_uses_the_new_one(tmp_path: Path) -> None:
    identified(tmp_path, teams())
    settings = Settings(home=tmp_path)
    save_matcher(settings.matcher_file, WRONG)
    told = stages.train_matcher(settings)
    assert (told["promoted"], told["in_use"]) == ("yes", "trained here")
    assert int(told["labels"]) >= LABELS_NEEDED
    new = matcher_in_use(settings)
    assert not same(new, WRONG)
    again = stages.train_matcher(settings)
    assert (again["promoted"], again["in_use"]) == ("no", "trained here")
    assert same(matcher_in_use(settings), new)


def test_a_decision_of_people_stands_where_a_free_label_says_otherwise(tmp_path: Path) -> None:
    identified(tmp_path, many_people())
    tables = lake.datasets(Settings(home=tmp_path).lake_folder, TABLES_OF_TRAINING)
    # 1 and 2 are one person by their iD; 999 is not there; 1 and 360 are of two blocks
    decided = pa.table(
        {
            "pmid": [2, 1, 1, 4],
            "position": [1, 1, 1, 1],
            "other_pmid": [1, 999, 360, 5],
            "other_position": [1, 1, 1, 1],
            "is_same": [False, True, True, True],
        }
    )
    found = answers(labelled_pairs(tables, decided, Settings(home=tmp_path)))
    free = answers(labelled_pairs(tables, None, Settings(home=tmp_path)))
    by_people = {(1, 2): (False, "decided"), (4, 5): (True, "decided")}
    assert found == free | by_people
    contradicting = pa.concat_tables([decided, decided.set_column(4, "is_same", [[True] * 4])])
    less = answers(labelled_pairs(tables, contradicting, Settings(home=tmp_path)))
    assert less == free | {(4, 5): (True, "decided")}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"features": []}', "\x00"])
def test_a_damaged_matcher_is_said_in_one_line_with_the_remedy(text: str, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    settings.matcher_file.parent.mkdir()
    settings.matcher_file.write_text(text)
    with pytest.raises(ConfrereError, match=r"same_author.json\] is not a model.*delete it"):
        matcher_in_use(settings)


def test_a_matcher_of_other_features_is_not_used(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    save_matcher(settings.matcher_file, replace(SHIPPED, features=(*SHIPPED.features, "hat")))
    with pytest.raises(ConfrereError, match="of another version of Confrere: delete it"):
        matcher_in_use(settings)


def test_a_home_without_mentions_is_told_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(ConfrereError, match="has no mentions yet"):
        stages.train_matcher(Settings(home=tmp_path))


def answers(pairs: pa.Table) -> dict[tuple[int, int], tuple[bool, str]]:
    """PMIDs → answer and source; each pair once."""
    columns = (pairs[name].to_pylist() for name in ("pmid", "other_pmid", "is_same", "source"))
    found = [
        ((one, other), (is_same, source))
        for one, other, is_same, source in zip(*columns, strict=True)
    ]
    assert len(dict(found)) == len(found)
    return dict(found)


def same(one: Matcher, other: Matcher) -> bool:
    """Whether two matchers are the same."""
    rows = np.random.default_rng(0).random((50, len(FEATURES)))
    return np.array_equal(one.probability(rows), other.probability(rows))


def teams() -> dict[int, dict[str, Any]]:
    """People with iDs, two in each of 120 blocks, five papers each, and a coauthor of their own."""
    papers = {}
    for number in range(1_200):
        person, block = number // 5 % 2, number // 10
        letters = f"{chr(97 + block % 26)}{chr(97 + block // 26)}"
        who = author(f"J D{letters}e", orcid=f"0000-0000-{block:04d}-{person:04d}")
        mate = f"{'AB'[person]} M{letters}k"
        papers[number + 1] = {"authors": [who, mate], "title": f"On {letters} {'ab'[person]}"}
    return papers
