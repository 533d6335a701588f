"""Learn to rank from what came true: earlier days, and who did write together after them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from scipy import sparse

from models.baselines import Reals, Sparse, is_entry
from models.kernels import Flags, Ints
from models.ranker import Lists, Ranker, fit_probability, fit_weights
from pipeline.progress import track
from pipeline.recommend.features import FEATURES, features_of
from pipeline.recommend.known import PAPERS_NEEDED, Known, day_number, known_on
from pipeline.recommend.records import Records, Singles
from pipeline.recommend.sources import propose
from pipeline.settings import Settings, months_before

HORIZON_MONTHS = 24
WINDOWS = 4
MONTHS_BETWEEN_WINDOWS = 12
LARGEST_PAPER = 15
"""A joint paper of more authors makes nobody new coauthors."""

ACTIVE_MONTHS = 36
AUTHORS_AT_MOST = 2_000
"""Of a window, who found a new coauthor in it."""

OTHERS_AT_MOST = 400
"""Of a window, who found none: they stand for all such, so that probabilities come out right."""

ANSWERS_NEEDED = 300
"""Fewer teach less than what the shipped model brings."""

HARD_NEGATIVES = 100
"""The best of each list by walks are learned from in person, of the others every eighth."""

EASY_SHARE = 8
SHOWN = 20
"""Probabilities are fitted on the best so many of each list, as they are served: a curve through
all candidates comes out too high at the top."""

RIDGE = 1_000.0
HELD_OUT_SHARE = 5
"""One author in so many is held out for the comparison."""

SURE = 1.96
"""Standard errors to the end of a 95 % interval."""


@dataclass(frozen=True, slots=True)
class Window:
    """Lists of an earlier day with what came of them; see `models.ranker.Lists`.

    Attributes
    ----------
    authors
        Row of the person of each pair.
    """

    lists: Lists
    authors: Ints

    @property
    def answer_count(self) -> int:
        """Pairs that came true."""
        return int(self.lists.is_answer.sum())


@dataclass(frozen=True, slots=True)
class Trained:
    """A ranker, and how it did on held-out authors (log loss in nats; lower is better).

    Attributes
    ----------
    least_gain
        Lower end of the 95 % interval of what it gains on the one in use.
    """

    ranker: Ranker | None
    pair_count: int
    answer_count: int
    loss: float | None = None
    loss_in_use: float | None = None
    least_gain: float = 0.0

    @property
    def is_better(self) -> bool:
        """Surely better than the one in use."""
        return self.least_gain > 0


def learn(
    records: Records, as_of: date, hidden: Ints, shipped: Ranker, settings: Settings
) -> Ranker | None:
    """Train on the windows that ended by `as_of`; None where too little came true.

    The weights are drawn towards those of `shipped`.
    """
    windows = windows_before(records, as_of, hidden, settings)
    if sum(window.answer_count for window in windows) < ANSWERS_NEEDED:
        return None
    return fit(windows, shipped, f"{records.pmids.size:,} papers to {as_of.isoformat()}")


def windows_before(records: Records, as_of: date, hidden: Ints, settings: Settings) -> list[Window]:
    """Lists as of days whose horizon ended by `as_of`, the latest first."""
    days = [
        months_before(as_of, HORIZON_MONTHS + back * MONTHS_BETWEEN_WINDOWS)
        for back in range(WINDOWS)
    ]
    first = records.days.min() if records.days.size else 0
    used = [day for day in days if day_number(day) > first]
    return [
        window(known_on(records, day, hidden), hidden, settings)
        for day in track(used, "looking back", len(used))
    ]


def window(known: Known, hidden: Ints, settings: Settings, random_state: int = 0) -> Window:
    """Make the lists of a day, and look who wrote together in the months after it."""
    generator = np.random.default_rng(random_state)
    eligible = known.active_since(settings.active_since(known.as_of))
    eligible &= ~np.isin(np.arange(eligible.size), hidden)
    asked = eligible & (known.paper_counts >= PAPERS_NEEDED)
    asked &= known.active_since(months_before(known.as_of, ACTIVE_MONTHS))
    joint = _joint(known)
    has_answer = asked & _finds_somebody(known, joint, np.flatnonzero(asked), eligible)
    each_stands_for = np.zeros(asked.size)
    for group, most in ((has_answer, AUTHORS_AT_MOST), (asked & ~has_answer, OTHERS_AT_MOST)):
        drawn = generator.permutation(np.flatnonzero(group))[:most]
        each_stands_for[drawn] = group.sum() / max(drawn.size, 1)
    sources = np.flatnonzero(each_stands_for)
    parts = []
    for found in propose(known, sources, eligible):
        values, _ = features_of(known, found.sources, found.starts, found.targets, settings.threads)
        author = np.repeat(found.sources, np.diff(found.starts))
        is_answer = is_entry(joint, author, found.targets)
        kept, stands_for = _drawn(values, author, is_answer, generator)
        stands_for *= each_stands_for[author]
        parts.append((values[kept], author[kept], is_answer[kept], stands_for[kept]))
    if not parts:
        parts = [(np.zeros((0, len(FEATURES)), np.float32), *np.zeros((3, 0), np.int64))]
    values, authors, is_answer, stands_for = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    lists = Lists(values, authors, is_answer.astype(bool), stands_for.astype(np.float64))
    return Window(lists, authors)


def _finds_somebody(known: Known, joint: Sparse, asked: Ints, eligible: Flags) -> Flags:
    """Whose first joint paper with somebody eligible is in the window, shape (people,)."""
    rows, targets = joint[asked].tocoo().coords
    authors = asked[rows]
    is_open = eligible[targets] & (authors != targets)
    authors, targets = authors[is_open], targets[is_open]
    met = np.asarray(known.wrote[authors].multiply(known.wrote[targets]).sum(axis=1)).ravel()
    found = np.zeros(eligible.size, np.bool_)
    found[authors[met == 0]] = True
    return found


def _joint(known: Known) -> Sparse:
    """Papers that two people wrote together within the horizon, shape (people, people)."""
    records = known.records
    today = day_number(known.as_of)
    until = day_number(months_before(known.as_of, -HORIZON_MONTHS))
    counts = (records.days > today) & (records.days <= until)
    counts &= records.author_counts <= LARGEST_PAPER
    kept = counts[records.papers]
    shape = (records.author_ids.size, records.days.size)
    ones = np.ones(kept.sum())
    wrote = sparse.csr_array((ones, (records.persons[kept], records.papers[kept])), shape)
    return (wrote @ wrote.T.tocsr()).tocsr()


def _drawn(
    values: Singles, author: Ints, is_answer: Flags, generator: np.random.Generator
) -> tuple[Flags, Reals]:
    """All answers, the hardest others, and some of the rest that stand for all of it."""
    is_easy = (_places(-values[:, 0], author) >= HARD_NEGATIVES) & ~is_answer
    kept = ~is_easy | (generator.integers(EASY_SHARE, size=author.size) == 0)
    return kept, np.where(is_easy, float(EASY_SHARE), 1.0)


def _places(keys: Singles | Reals, lists: Ints) -> Ints:
    """Place of each pair in its list, from 0; the least key first, shape (pairs,)."""
    order = np.lexsort((keys, lists))
    place = np.empty(lists.size, np.int64)
    place[order] = np.arange(lists.size) - np.searchsorted(lists[order], lists[order])
    return place


def fit(windows: Sequence[Window], prior: Ranker | None, trained_on: str) -> Ranker:
    """Fit weights and probability on windows.

    Parameters
    ----------
    prior
        Whose weights the new ones are drawn to; None draws them to 0.
    """
    values = np.concatenate([window.lists.values for window in windows])
    sizes = [window.authors.size for window in windows]
    is_answer = np.concatenate([window.lists.is_answer for window in windows])
    stands_for = np.concatenate([window.lists.stands_for for window in windows])
    width = max((int(window.authors.max(initial=0)) for window in windows), default=0) + 1
    authors = np.concatenate([window.authors for window in windows])
    lists = np.repeat(np.arange(len(windows)), sizes) * width + authors
    mean, scale = _spread(values, stands_for)
    names = tuple(feature.name for feature in FEATURES)
    before = np.array(prior.weights) * scale / np.array(prior.scale) if prior else 0 * scale
    has_answer = np.isin(lists, lists[is_answer])
    learned = Lists(
        values[has_answer], lists[has_answer], is_answer[has_answer], stands_for[has_answer]
    )
    weights = fit_weights(learned, scale, RIDGE, before, np.array([n == "walk" for n in names]))
    strangers = [feature.of_strangers for feature in FEATURES]
    origin = tuple(
        float(usual) if nothing is None else nothing
        for nothing, usual in zip(strangers, mean, strict=True)
    )
    bare = Ranker(
        names, origin, tuple(scale.tolist()), tuple(weights.tolist()), 0.0, 1.0,
        HORIZON_MONTHS, trained_on,
    )  # fmt: skip
    score = bare.score(values)
    is_shown = _places(-score, lists) < SHOWN
    intercept, slope = fit_probability(score[is_shown], is_answer[is_shown], stands_for[is_shown])
    return Ranker(
        names, origin, bare.scale, bare.weights, intercept, slope, HORIZON_MONTHS, trained_on
    )


def _spread(values: Singles, weights: Reals) -> tuple[Reals, Reals]:
    mean: Reals = np.average(values, axis=0, weights=weights).astype(np.float64)
    spread: Reals = np.sqrt(np.average((values - mean) ** 2, axis=0, weights=weights))
    return mean, np.where(spread > 1e-6, spread, 1.0)


def train(
    records: Records,
    as_of: date,
    hidden: Ints,
    shipped: Ranker,
    in_use: Ranker,
    settings: Settings,
) -> Trained:
    """Train on most authors and compare with the ranker in use on the others.

    The ranker given is then of all authors; see `Trained.is_better` for the comparison.
    """
    windows = windows_before(records, as_of, hidden, settings)
    pair_count = sum(window.authors.size for window in windows)
    answer_count = sum(window.answer_count for window in windows)
    if answer_count < ANSWERS_NEEDED:
        return Trained(None, pair_count, answer_count)
    trained_on = f"{records.pmids.size:,} papers to {as_of.isoformat()}"
    learned, held_out = zip(*(_split(window) for window in windows), strict=True)
    candidate = fit(learned, shipped, trained_on)
    gains = [_loss_by_author(window, in_use) - _loss_by_author(window, candidate)
             for window in held_out]  # fmt: skip
    gain = np.concatenate(gains)
    return Trained(
        fit(windows, shipped, trained_on),
        pair_count,
        answer_count,
        float(np.concatenate([_loss_by_author(w, candidate) for w in held_out]).mean()),
        float(np.concatenate([_loss_by_author(w, in_use) for w in held_out]).mean()),
        float(gain.mean() - SURE * gain.std() / np.sqrt(gain.size)),
    )


def _split(window: Window) -> tuple[Window, Window]:
    """Authors to learn from, and one in five to compare on."""
    is_held_out = window.authors % HELD_OUT_SHARE == 0
    return _of_pairs(window, ~is_held_out), _of_pairs(window, is_held_out)


def _of_pairs(window: Window, kept: Flags) -> Window:
    lists = window.lists
    return Window(
        Lists(lists.values[kept], lists.lists[kept], lists.is_answer[kept], lists.stands_for[kept]),
        window.authors[kept],
    )


def _loss_by_author(window: Window, ranker: Ranker) -> Reals:
    """Log loss over each author's pairs, in nats, shape (authors,)."""
    lists = window.lists
    chance = np.clip(ranker.probability(ranker.score(lists.values)), 1e-12, 1 - 1e-12)
    loss = -np.log(np.where(lists.is_answer, chance, 1 - chance)) * lists.stands_for
    starts = np.flatnonzero(np.r_[True, np.diff(window.authors) != 0])[: window.authors.size]
    each: Reals = np.add.reduceat(loss, starts) / np.add.reduceat(lists.stands_for, starts)
    return each
