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


class LatentTopics:
    """Texts as directions in a space of few dimensions: latent semantic indexing.

    Truncated singular value decomposition of TF-IDF (Deerwester et al., J. Am. Soc. Inf. Sci. 41,
    1990).

    Parameters
    ----------
    dimensions
        Of the space; fewer where the texts do not span so many.
    largest_vocabulary
        Most frequent words kept.
    random_state
        Seed of the randomised decomposition (Halko, Martinsson & Tropp, SIAM Review 53, 2011).

    Examples
    --------
    >>> texts = ["liver surgery", "surgery of the liver", "hearing loss", "loss of hearing"]
    >>> places = LatentTopics(dimensions=2).fit(texts).transform(texts)
    >>> (places @ places.T).round(1).tolist()[0]
    [1.0, 1.0, 0.0, 0.0]
    """

    def __init__(
        self, dimensions: int = 100, largest_vocabulary: int = 50_000, random_state: int = 0
    ) -> None:
        self.dimensions = dimensions
        self.largest_vocabulary = largest_vocabulary
        self.random_state = random_state

    def fit(self, texts: Sequence[str]) -> LatentTopics:
        """Learn the space; texts without two words in common give one in which all is 0."""
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import TfidfVectorizer

        self.words_ = TfidfVectorizer(
            sublinear_tf=True,
            min_df=2,
            max_features=self.largest_vocabulary,
            stop_words="english",
            strip_accents="unicode",
            dtype=np.float32,
        )
        try:
            weighed = self.words_.fit_transform(texts)
        except ValueError:  # scikit-learn's way to say that no word is left
            self.space_ = None
            return self
        spanned = min(weighed.shape) - 1
        if spanned < 1:
            self.space_ = None
            return self
        dimensions = min(self.dimensions, spanned)
        space = TruncatedSVD(dimensions, random_state=self.random_state)
        with np.errstate(divide="ignore", invalid="ignore"):
            # equal texts vary by 0, and scikit-learn divides by that; the space itself is sound
            self.space_ = space.fit(weighed)
        return self

    def transform(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Rows of length 1, shape (texts, dimensions); 0 for a text without a known word."""
        if self.space_ is None or not texts:
            return np.zeros((len(texts), self.dimensions), np.float32)
        places = self.space_.transform(self.words_.transform(texts))
        length = np.linalg.norm(places, axis=1, keepdims=True)
        rows = np.zeros((len(texts), self.dimensions), np.float32)
        rows[:, : places.shape[1]] = places / np.where(length > 1e-6, length, np.inf)
        return rows
