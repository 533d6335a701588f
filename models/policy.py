"""Who stands on a list besides the likeliest: suggestions of a whole night, ranked anew.

Utilities first, then one line for each author, then one matching for all, then slots:

1. the utility of a pair is its chance, changed by novelty and by how often it was shown in vain;
2. each author's shortlist is put in line greedily, those reached through the same person a little
   later each time (diversity);
3. authors ask down their lines for `kept` candidates each, and a candidate is had by `exposure_cap`
   authors at most: a stable matching;
4. among the first places some are given to other institutions, other departments and people early
   in their career, where the shortlist has such, within the cap (`models.slots`). The matching is
   stable as it was before this step.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import ceil

import numpy as np
from numba import njit
from numpy.typing import NDArray

from models.matching import Flags, Floats, Ints, deferred_acceptance
from models.slots import Lines, Slots, fill_slots

CAUSES = ("score", "other_institution", "other_department", "early_career")
"""Why a pair stands where it stands; `Chosen.causes` holds places in this tuple."""

NOVELTY_GAIN = 1.0
"""With novelty 1, a chance of 5 % without a shared coauthor counts like 10 % with one."""

NO_TEAM = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What counts besides the chance of a joint paper; the defaults are gentle.

    Slots move nobody in the upper half of the first ten, and lift nobody who has less than half the
    chance of whom they push out.

    Raises
    ------
    ValueError
        A value is out of its range, or more slots are asked for than `slot_span // 2`.
    """

    kept: int = 20
    """Longest list of an author."""
    diversity: float = 0.97
    """What each further candidate of the same team is worth beside the one before; 1 is off."""
    novelty: float = 0.0
    """Utility of who shares no coauthor is multiplied by 1 + novelty * NOVELTY_GAIN; 0 is off."""
    impression_discount: float = 0.8
    """What a suggestion is worth after each time it was shown without reaction; 1 is off."""
    exposure_cap: int = 200
    """Most authors to whom anybody is suggested in one night; 0 is off."""
    slot_span: int = 10
    """Number of first places among which slots are; the upper half of them is never given up."""
    slot_floor: float = 0.5
    """Smallest chance of who gets a slot, as a share of the chance of whom it pushes out."""
    other_institution_slots: int = 1
    """Smallest number from another institution among the first places; 0 is off."""
    other_department_slots: int = 1
    """Smallest number from another department among the first places; 0 is off."""
    early_career_share: float = 0.1
    """Smallest share of people early in their career among the first places; 0 is off."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not value >= 0:
                raise ValueError(f"[{field.name}] is {value}: give a number of 0 or more")
            if isinstance(field.default, float) and value > 1:
                raise ValueError(f"[{field.name}] is {value}: give a number from 0 to 1")
        if sum(self.floors(self.slot_span)) > self.slot_span // 2:
            raise ValueError(
                f"[slot_span] is {self.slot_span}: too few places for these slots, of which at "
                "most half may be slots"
            )

    def floors(self, span: int) -> tuple[int, int, int]:
        """Smallest numbers among `span` first places: institutions, departments, early careers."""
        early_career = ceil(round(self.early_career_share * span, 9))
        return self.other_institution_slots, self.other_department_slots, early_career


OFF = Policy(
    diversity=1.0,
    impression_discount=1.0,
    exposure_cap=0,
    other_institution_slots=0,
    other_department_slots=0,
    early_career_share=0.0,
)
"""Changes nothing: the best `kept` of each shortlist in their order."""


@dataclass(frozen=True, slots=True)
class Shortlists:
    """The best candidates of each author, grouped by author, best first; all of shape (pairs,).

    Attributes
    ----------
    author
        Codes of 0 or more; the pairs of an author stand together, authors in any order.
    candidate
        Codes of 0 or more, each once for an author.
    probability
        Chance of a joint paper in [0, 1], not rising within an author.
    is_other_institution, is_other_department, is_early_career
        What is known of the candidate, beside the author; False where it is not known.
    shares_coauthor
        Whether the two have a coauthor in common.
    impressions
        How often this suggestion was shown to this author without reaction.
    team
        Code of the person through whom the candidate is best reached; -1 where there is none.

    Raises
    ------
    ValueError
        The arrays are not as described.
    """

    author: Ints
    candidate: Ints
    probability: Floats
    is_other_institution: Flags
    is_other_department: Flags
    is_early_career: Flags
    shares_coauthor: Flags
    impressions: Ints
    team: Ints

    def __post_init__(self) -> None:
        sizes = {len(getattr(self, field.name)) for field in fields(self)}
        if len(sizes) > 1:
            raise ValueError(f"[shortlists] have arrays of sizes {sorted(sizes)}: give one size")
        if min(self.author.min(initial=0), self.candidate.min(initial=0)) < 0:
            raise ValueError("[shortlists] have a negative code: give codes of 0 or more")
        starts = _starts(self.author)
        if len(np.unique(self.author[starts])) < len(starts):
            raise ValueError("[shortlists] have an author in two places: sort by author")
        if _has_duplicate(self.author, self.candidate):
            raise ValueError("[shortlists] have a candidate twice for an author: give each once")
        if not ((self.probability >= 0) & (self.probability <= 1)).all():
            raise ValueError("[shortlists] have a probability outside 0 to 1: give chances")
        if (np.diff(self.probability)[np.diff(self.author) == 0] > 0).any():
            raise ValueError("[shortlists] have a rising probability: sort by it within an author")
        if self.impressions.min(initial=0) < 0:
            raise ValueError("[shortlists] have negative impressions: give counts")


@dataclass(frozen=True, slots=True)
class Chosen:
    """The lists, by author code and then place; all of shape (chosen,).

    Attributes
    ----------
    pairs
        Places in the arrays of `Shortlists`.
    places
        Place on the author's list, from 1 on.
    causes
        Why it stands there, as a place in `CAUSES`.
    """

    pairs: Ints
    places: Ints
    causes: NDArray[np.int8]


def rerank(shortlists: Shortlists, policy: Policy) -> Chosen:
    """Choose and order up to `kept` candidates for each author, all authors of a night at once.

    The answer does not depend on the order of the authors. Time is linear in the pairs, apart from
    the square of a shortlist's length.

    Examples
    --------
    Two of team 7 stand before one of team 8, who is nearly as likely.

    >>> nobody = np.zeros(3, dtype=bool)
    >>> shortlist = Shortlists(
    ...     author=np.zeros(3, dtype=np.int64),
    ...     candidate=np.array([4, 5, 6]),
    ...     probability=np.array([0.30, 0.20, 0.19]),
    ...     is_other_institution=nobody,
    ...     is_other_department=nobody,
    ...     is_early_career=nobody,
    ...     shares_coauthor=~nobody,
    ...     impressions=np.zeros(3, dtype=np.int64),
    ...     team=np.array([7, 7, 8]),
    ... )
    >>> rerank(shortlist, OFF).pairs
    array([0, 1, 2])
    >>> rerank(shortlist, Policy(diversity=0.9)).pairs
    array([0, 2, 1])
    """
    author, candidate, worth = shortlists.author, shortlists.candidate, shortlists.probability
    begin, end = _groups(author)
    line = _line(begin, end, _utility(shortlists, policy), shortlists.team, policy.diversity)
    everyone = np.ones(len(line), dtype=np.bool_)
    quota = np.full(len(begin), policy.kept)
    room = np.full(candidate.max(initial=-1) + 1, policy.exposure_cap or len(line))
    matched = deferred_acceptance(begin, end, line, everyone, author, candidate, worth, quota, room)
    room -= np.bincount(candidate[matched], minlength=len(room))
    length = _matched_first(begin, end, line, matched)
    lines = Lines(begin, end, line, length)
    causes = fill_slots(lines, _slots(shortlists, policy), author, candidate, worth, room)
    places = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
    pairs = line[np.repeat(begin, length) + places]
    return Chosen(pairs, places + 1, causes[pairs])


def _groups(author: Ints) -> tuple[Ints, Ints]:
    """Where the pairs of each author begin and end, by author code; empty for a code not there."""
    starts = _starts(author)
    begin = np.zeros(author.max(initial=-1) + 1, dtype=np.int64)
    end = np.zeros_like(begin)
    begin[author[starts]] = starts
    end[author[starts]] = np.append(starts[1:], len(author))
    return begin, end


def _starts(author: Ints) -> Ints:
    return np.flatnonzero(np.append(True, author[1:] != author[:-1])[: len(author)])


def _utility(shortlists: Shortlists, policy: Policy) -> Floats:
    """Chance times novelty times impression discount (Lee et al., KDD 2014)."""
    gain = np.where(shortlists.shares_coauthor, 1.0, 1.0 + policy.novelty * NOVELTY_GAIN)
    return shortlists.probability * gain * policy.impression_discount**shortlists.impressions


def _slots(shortlists: Shortlists, policy: Policy) -> Slots:
    is_of = (
        shortlists.is_other_institution,
        shortlists.is_other_department,
        shortlists.is_early_career,
    )
    span = min(policy.slot_span, policy.kept)
    return Slots(np.stack(is_of), np.array(policy.floors(span)), span, policy.slot_floor)


@njit(cache=True, nogil=True)
def _has_duplicate(author: Ints, candidate: Ints) -> bool:
    last_author = np.full(candidate.max() + 1 if len(candidate) else 0, -1)
    for pair in range(len(candidate)):
        if last_author[candidate[pair]] == author[pair]:
            return True
        last_author[candidate[pair]] = author[pair]
    return False


@njit(cache=True, nogil=True)
def _line(begin: Ints, end: Ints, utility: Floats, team: Ints, diversity: float) -> Ints:
    """Put each author's pairs in line, the best of the rest next; of equal ones the earlier.

    Greedy like maximal marginal relevance (Carbonell & Goldstein, SIGIR 1998), where two are alike
    if they have the same team: whoever is taken makes the rest of the team worth less.
    """
    line = np.empty(len(utility), dtype=np.int64)
    value = utility.copy()
    for author in range(len(begin)):
        for place in range(begin[author], end[author]):
            best = -1
            for pair in range(begin[author], end[author]):
                if value[pair] >= 0 and (best < 0 or value[pair] > value[best]):
                    best = pair
            line[place] = best
            value[best] = -1.0
            if team[best] != NO_TEAM and diversity < 1:
                for pair in range(begin[author], end[author]):
                    if team[pair] == team[best] and value[pair] >= 0:
                        value[pair] *= diversity
    return line


@njit(cache=True, nogil=True)
def _matched_first(begin: Ints, end: Ints, line: Ints, matched: Flags) -> Ints:
    """Move each author's matched pairs to the front of its line; return how many they are."""
    length = np.zeros(len(begin), dtype=np.int64)
    for author in range(len(begin)):
        was = line[begin[author] : end[author]].copy()
        place = begin[author]
        for wave in (True, False):
            for pair in was:
                if matched[pair] == wave:
                    line[place] = pair
                    place += 1
                    length[author] += wave
    return length
