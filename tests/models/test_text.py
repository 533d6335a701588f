"""Texts as directions: what lies near, and what has no direction."""

from __future__ import annotations

import numpy as np
import pytest

from models.text import LatentTopics

FIELDS = {
    "liver": ["liver", "hepatic", "surgery", "transplant", "bile", "cirrhosis", "hepatitis"],
    "hearing": ["hearing", "cochlea", "ear", "audiometry", "noise", "auditory", "implant"],
    "heart": ["heart", "cardiac", "valve", "stent", "artery", "infarction", "ventricular"],
}


def drawn(count: int = 40, seed: int = 0) -> tuple[list[str], list[str]]:
    """Texts of four words, each of one field, and its name."""
    rng = np.random.default_rng(seed)
    names = [str(name) for name in rng.choice(list(FIELDS), count)]
    return [" ".join(rng.choice(FIELDS[name], 4, replace=False)) for name in names], names


def test_rows_have_length_one() -> None:
    texts, _ = drawn()
    for dimensions in (3, 100):  # a hundred are more than the texts span
        places = LatentTopics(dimensions).fit(texts).transform(texts)
        assert places.shape == (len(texts), dimensions)
        assert places.dtype == np.float32
        assert np.linalg.norm(places, axis=1) == pytest.approx(1.0, abs=1e-5)


def test_a_text_without_a_known_word_has_no_direction() -> None:
    texts, _ = drawn()
    places = (
        LatentTopics(5).fit(texts).transform(["zebra giraffe", "", "the of and", "liver zebra"])
    )
    assert not places[:3].any()
    assert np.linalg.norm(places[3]) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize(
    "texts",
    [
        [],
        ["liver surgery"],
        ["liver surgery", "hearing loss"],  # no word twice
        ["liver surgery", "liver loss"],  # one word twice spans nothing
        ["", "the of", ""],
    ],
)
def test_texts_that_span_no_space_have_no_direction(texts: list[str]) -> None:
    model = LatentTopics(4).fit(texts)
    assert model.transform(texts).shape == (len(texts), 4)
    assert not model.transform([*texts, "liver surgery"]).any()


def test_equal_texts_have_one_direction() -> None:
    places = LatentTopics(4).fit(["liver surgery"] * 3).transform(["liver surgery"] * 2)
    assert places[0] @ places[1] == pytest.approx(1.0, abs=1e-5)


def test_no_texts_give_no_rows() -> None:
    texts, _ = drawn()
    assert LatentTopics(5).fit(texts).transform([]).shape == (0, 5)


def test_the_same_seed_gives_the_same_places() -> None:
    texts, _ = drawn()
    once, again = (LatentTopics(5, random_state=3).fit(texts).transform(texts) for _ in "12")
    assert (once == again).all()


def test_texts_of_one_field_are_nearer_than_those_of_others() -> None:
    texts, names = drawn()
    places = LatentTopics(3).fit(texts).transform(texts)
    near = places @ places.T
    same = np.array(names)[:, np.newaxis] == np.array(names)
    assert near[same].min() > near[~same].max()


def test_only_the_most_frequent_words_are_known() -> None:
    texts = ["liver surgery"] * 5 + ["liver hearing"] * 4 + ["zebra giraffe"] * 2
    model = LatentTopics(2, largest_vocabulary=3).fit(texts)
    assert not model.transform(["zebra giraffe"]).any()
    assert model.transform(["hearing"]).any()
