"""Texts as weighted words: TF-IDF with hashed words, so that no vocabulary is kept in memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.overlap import Items


class HashedTfidf:
    """TF-IDF over hashed words (Salton & Buckley, Information Processing & Management 1988).

    The weight of a word in a text is (1 + ln count) · ln(n / texts with the word).

    Parameters
    ----------
    bits
        Words are hashed to 2 ** bits codes; where two meet in one they count as one word.

    Attributes
    ----------
    text_count_
        Texts seen by `partial_fit`.
    word_counts_
        For each code the texts that hold it, shape (2 ** bits,).

    Examples
    --------
    >>> model = HashedTfidf().partial_fit(["liver cells", "liver surgery"])
    >>> model.transform(["liver", "surgery of cells", ""]).starts.tolist()
    [0, 1, 3, 3]
    """

    def __init__(self, bits: int = 20) -> None:
        self.bits = bits
        self.text_count_ = 0
        self.word_counts_: NDArray[np.int64] = np.zeros(1 << bits, np.int64)

    def partial_fit(self, texts: Sequence[str]) -> HashedTfidf:
        """Count the words of more texts."""
        self.text_count_ += len(texts)
        self.word_counts_ += np.bincount(self.count(texts).indices, minlength=1 << self.bits)
        return self

    def transform(self, texts: Iterable[str]) -> Items:
        """Weigh the words of each text; a word that no text of the fit has counts as in one."""
        return self.weigh(self.count(texts))

    def weigh(self, counted: Any) -> Items:
        """Weigh words as `count` gives them, or sums of such."""
        counted.sort_indices()
        seen = np.maximum(self.word_counts_[counted.indices], 1)
        rarity = np.log(np.maximum(self.text_count_, 1) / seen)
        # a word of every text says nothing, but a text of such words only is not an empty one
        weights = (1 + np.log(counted.data)) * np.maximum(rarity, 1e-9)
        return Items(counted.indptr.astype(np.int64), counted.indices.astype(np.int64), weights)

    def count(self, texts: Iterable[str]) -> Any:
        """Count the words of each text: a sparse matrix, shape (texts, 2 ** bits)."""
        from sklearn.feature_extraction.text import HashingVectorizer

        counter = HashingVectorizer(
            n_features=1 << self.bits,
            alternate_sign=False,
            norm=None,
            strip_accents="unicode",
            stop_words="english",
        )
        # scikit-learn refuses a list without texts: an empty one is added and dropped again
        return counter.transform([*texts, ""])[:-1]
