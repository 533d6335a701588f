"""Choose people who together cover what is asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Team:
    """People in the order they were chosen.

    Attributes
    ----------
    members
        Rows of people, shape (size,).
    brings
        What each adds to the coverage of each topic, times its importance, shape (size, topics).
    covered
        How far the team covers each topic, in [0, 1], shape (topics,).
    """

    members: Ints
    brings: Reals
    covered: Reals


def choose_team(coverage: Reals, importance: Reals, size: int, least: float = 0.0) -> Team:
    """Choose people one by one, each the one who adds most.

    A team covers a topic by 1 - Π (1 - coverage of each member), so a second expert of a topic adds
    less than the first of another. Coverage weighed by importance is monotone and submodular: the
    greedy choice reaches at least 1 - 1/e of the best team's (Nemhauser, Wolsey & Fisher,
    Mathematical Programming 14, 1978). Ties go to the first row.

    Parameters
    ----------
    coverage
        How far each person covers each topic, in [0, 1], shape (people, topics).
    importance
        Of each topic, not negative, shape (topics,).
    size
        People at most; fewer where nobody else adds more than `least`.
    least
        Coverage times importance, summed over topics, that a member must add more than.

    Examples
    --------
    >>> two_of_tau_one_of_mri = np.array([[0.9, 0.0], [0.8, 0.0], [0.0, 0.5]])
    >>> choose_team(two_of_tau_one_of_mri, np.ones(2), 2).members.tolist()
    [0, 2]
    """
    missing = np.ones(importance.size)
    members: list[int] = []
    brings = np.zeros((0, importance.size))
    while len(members) < size:
        gains = coverage * (missing * importance)
        total = gains.sum(axis=1)
        total[members] = 0.0
        if not total.size or total.max() <= least:
            break
        best = int(total.argmax())
        members.append(best)
        brings = np.vstack([brings, gains[best]])
        missing = missing * (1 - coverage[best])
    return Team(np.array(members, np.int64), brings, 1 - missing)
