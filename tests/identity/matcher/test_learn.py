"""Training and trying the matcher on planted pairs."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.errors import ConfrereError
from pipeline.identity.features import FEATURES
from pipeline.identity.matcher.learn import cross_validated

COAUTHORS = [feature.name for feature in FEATURES].index("coauthors")


def planted() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of which shared coauthors tell the truth, with noise, four in a block."""
    draw = np.random.default_rng(0)
    pairs = np.full((240, len(FEATURES)), np.nan)
    is_same = draw.random(240) < 0.5
    pairs[:, COAUTHORS] = is_same * 3.0 + draw.random(240)
    return pairs, is_same, np.repeat(np.arange(60), 4).astype(np.str_)


def test_planted_truth_is_found_on_pairs_of_blocks_never_seen_from_views_of_two_corpora() -> None:
    pairs, is_same, blocks = planted()
    found = cross_validated(pairs, is_same, blocks, [pairs, pairs + 0.1])
    assert np.mean((found > 0.5) == is_same) > 0.95


def test_too_few_blocks_are_said() -> None:
    pairs, is_same, _ = planted()
    with pytest.raises(ConfrereError, match="too few to train on"):
        cross_validated(pairs, is_same, np.repeat(["a", "b"], 120))
