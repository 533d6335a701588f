"""The table of features, and the shipped ranker that reads it."""

from __future__ import annotations

import numpy as np

from models.ranker import load_ranker
from pipeline.recommend.features import FEATURES, GROUPS, group_columns


def test_the_shipped_ranker_reads_the_features_that_are_made() -> None:
    assert load_ranker().features == tuple(feature.name for feature in FEATURES)


def test_a_feature_has_one_name_and_stands_in_one_group() -> None:
    assert len({feature.name for feature in FEATURES}) == len(FEATURES)
    columns = np.array(list(group_columns().values()))
    assert columns.shape == (len(GROUPS), len(FEATURES))
    assert (columns.sum(axis=0) == 1).all()
    assert columns.any(axis=1).all()


def test_strangers_count_as_nothing_in_the_shipped_ranker() -> None:
    """What two strangers bring is 0 by definition, not by training."""
    origin = dict(zip(load_ranker().features, load_ranker().origin, strict=True))
    for feature in FEATURES:
        if feature.of_strangers is not None:
            assert origin[feature.name] == feature.of_strangers, feature.name
