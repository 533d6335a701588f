"""What owners share, held to a plain reference on small random sets."""

from __future__ import annotations

import doctest
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import overlap as module
from models import text
from models.overlap import Items, collect, merge, overlap

Owned = list[dict[int, float]]


def items(owned: Owned) -> Items:
    rows = [(owner, *item) for owner, has in enumerate(owned) for item in has.items()]
    owners, codes, weights = (np.array([row[k] for row in rows]) for k in range(3))
    return collect(owners.astype(np.int64), codes.astype(np.int64), weights * 1.0, len(owned))


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(module).failed == 0
    assert doctest.testmod(text).failed == 0


def test_the_pair_itself_can_be_left_out_of_what_it_shares() -> None:
    have = items([{1: 2.0, 5: 1.0}, {1: 2.0, 6: 1.0}])
    sides = np.array([0]), np.array([1])
    assert overlap(have, *sides).shared.tolist() == [2.0]
    left_out = overlap(have, *sides, (np.array([1]), np.array([module.NOTHING])))
    assert left_out.shared.tolist() == [0.0]


def test_who_has_nothing_shares_nothing_known() -> None:
    found = overlap(items([{1: 1.0}, {}]), np.array([0]), np.array([1]))
    assert math.isnan(found.cosine[0])
    assert math.isnan(found.shared[0])


def test_merged_items_are_those_of_all_parts() -> None:
    whole = merge([items([{1: 1.0}, {1: 1.0}]), items([{1: 1.0}, {2: 1.0}])])
    found = overlap(whole, np.array([0]), np.array([1]))
    assert found.shared.tolist() == [1.0]
    assert found.cosine.tolist() == pytest.approx([0.5])


owned = st.lists(
    st.dictionaries(st.integers(0, 8), st.floats(0.1, 10), max_size=6), min_size=2, max_size=2
)


@settings(deadline=None)
@given(owned, st.integers(-1, 8), st.integers(-1, 8))
def test_the_kernel_equals_a_plain_count(have: Owned, hidden: int, too: int) -> None:
    if not any(have):
        return
    found = overlap(
        items(have), np.array([0]), np.array([1]), (np.array([hidden]), np.array([too]))
    )
    a, b = ({k: w for k, w in side.items() if k not in (hidden, too)} for side in have)
    if not a or not b:
        assert math.isnan(found.shared[0])
        return
    common = a.keys() & b.keys()
    norms = [math.sqrt(sum(w * w for w in side.values())) for side in (a, b)]
    assert found.shared[0] == pytest.approx(sum(min(a[k], b[k]) for k in common))
    assert found.cosine[0] == pytest.approx(sum(a[k] * b[k] for k in common) / norms[0] / norms[1])


def test_a_rare_word_in_common_says_more_than_a_frequent_one() -> None:
    corpus = ["liver cells", "liver surgery", "liver zebrafish", "heart zebrafish", "lung"]
    model = text.HashedTfidf().partial_fit(corpus)
    words = model.transform(["liver lung", "liver heart", "zebrafish lung", "zebrafish heart"])
    frequent, rare = overlap(words, np.array([0, 2]), np.array([1, 3])).shared
    assert rare > frequent > 0


def test_texts_may_be_fitted_in_pieces() -> None:
    whole = text.HashedTfidf().partial_fit(["a liver", "the heart", "liver"])
    pieces = text.HashedTfidf().partial_fit(["a liver"]).partial_fit(["the heart", "liver"])
    assert (whole.word_counts_ == pieces.word_counts_).all()
    assert whole.text_count_ == pieces.text_count_ == 3
