"""Who writes with whom: the process that grows the coauthorship network, paper by paper.

A paper starts from its lead and a core taken from one of the lead's earlier teams (repeated
collaboration). Each further place goes to a group mate, to a coauthor of a coauthor (triadic
closure), or to somebody who works on the same topic anywhere in the world, who may bring a
coauthor along. New ties are thus predictable partly from the network and partly only from topics.
"""

from __future__ import annotations

from bisect import bisect
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from typing import TypeVar

import numpy as np

from pipeline.demo.medicine import Topic
from pipeline.demo.people import Person

CORE_SHARE = 0.97
"""Chance that a paper starts from an earlier team of its lead (once there is one)."""

KEEP = 0.87
"""Chance that a member of that team stays on."""

SAME_GROUP, TRIADIC = 0.22, 0.26
"""Upper ends of the shares of newcomers from the group and by closure; the rest share a topic."""

NEIGHBOURING = 0.85
"""Chance that a newcomer comes from a topic that shares a descriptor (field or method)."""

ESCORT = 0.2
"""Chance that somebody met over a topic brings a coauthor."""

MOST_KEPT = 7
"""Members of an earlier team that may stay together."""

_NEWCOMERS = (0.72, 0.93, 0.98)
"""Cumulated chances that an earlier team takes in 0, 1, 2 people; otherwise 3."""

MEMORY = 12
"""Earlier papers a person looks back on."""

Draw = Callable[[], float]
Members = tuple[int, ...]
_Item = TypeVar("_Item")

_SIZE_SHARES = (
    0.06,
    0.14,
    0.2,
    0.22,
    0.17,
    0.1,
    0.05,
    0.03,
    0.01,
    0.007,
    0.005,
    0.003,
    0.001,
    0.002,
)
_SIZES = tuple(accumulate(_SIZE_SHARES))
"""Cumulated shares of papers with 1, 2, 3, … authors; the last class stands for a large trial."""


@dataclass(frozen=True, slots=True)
class Team:
    """One paper to be: when it enters PubMed, what about, and by whom in printed order."""

    entered_on: date
    topic: int
    members: Members


def uniform(rng: np.random.Generator) -> Draw:
    """Uniform numbers in [0, 1), one a call; drawn in blocks for speed."""

    def numbers() -> Iterator[float]:
        while True:
            yield from rng.random(65_536).tolist()

    return numbers().__next__


def decimal_year(day: date) -> float:
    """Year with fraction.

    >>> decimal_year(date(2020, 7, 2))
    2020.5
    """
    return day.year + (day.timetuple().tm_yday - 1) / (366 if day.year % 4 == 0 else 365)


def grow(
    days: Iterable[date], people: tuple[Person, ...], topics: tuple[Topic, ...], draw: Draw
) -> Iterator[Team]:
    """Yield one team for each of `days` (ascending); each changes the chances of the next."""
    network = _Network(people, topics, draw)
    for day in days:
        year = decimal_year(day)
        lead, topic = network.lead(year)
        members = network.gather(lead, topic, year)
        for member in members:
            network.teams[member].append(members)
        yield Team(day, topic, _printed_order(members, people, draw))


class _Network:
    """Whom one may meet: earlier teams, members of a group, people on a topic, active people."""

    def __init__(self, people: tuple[Person, ...], topics: tuple[Topic, ...], draw: Draw) -> None:
        self.people, self.draw = people, draw
        self.teams: defaultdict[int, list[Members]] = defaultdict(list)
        self.groups: defaultdict[int, list[int]] = defaultdict(list)
        self.topics: defaultdict[int, list[int]] = defaultdict(list)
        for i, person in enumerate(people):
            for stint in person.stints:
                self.groups[stint.group].append(i)
            for topic in (person.topics[0], *person.topics):  # the main topic counts twice
                self.topics[topic] += [i] * (1 + round(person.activity))
        self.neighbours = [
            [t for t, other in enumerate(topics) if {*topic.descriptors} & {*other.descriptors}]
            for topic in topics
        ]
        self.year = -1
        self.active: list[int] = []
        self.weights: list[float] = []

    def lead(self, year: float) -> tuple[int, int]:
        """Pick who starts a paper, by activity, and its topic."""
        if int(year) != self.year:
            self.year = int(year)
            self.active = [i for i, p in enumerate(self.people) if p.is_active(self.year + 0.5)]
            self.weights = list(accumulate(self.people[i].activity for i in self.active))
        lead = self.active[bisect(self.weights, self.draw() * self.weights[-1])]
        topics = self.people[lead].topics
        return lead, topics[0] if self.draw() < 0.75 else self.pick(topics)

    def gather(self, lead: int, topic: int, year: float) -> Members:
        """Fill the places of a paper, the lead first."""
        team, size = [lead], 1 + bisect(_SIZES, self.draw() * _SIZES[-1])
        if size == len(_SIZES):
            size += int(16 * self.draw())  # a large trial
        elif self.teams[lead] and self.draw() < CORE_SHARE:
            core = self.pick(self.teams[lead][-MEMORY:])
            self.add(team, [i for i in core[:MOST_KEPT] if self.draw() < KEEP], MOST_KEPT, year)
            size = len(team) + bisect(_NEWCOMERS, self.draw())
        for _ in range(6 * size):
            if len(team) == size:
                break
            self.add(team, self.meet(lead, topic, year), size, year)
        return tuple(team)

    def meet(self, lead: int, topic: int, year: float) -> list[int]:
        """Pick who might join next."""
        way = self.draw()
        if way < SAME_GROUP:
            group = self.people[lead].stint(year).group
            mate = self.pick(self.groups[group])
            return [mate] if self.people[mate].stint(year).group == group else []
        if way < TRIADIC:
            return [self.coauthor(self.coauthor(lead))]
        if self.draw() < NEIGHBOURING:
            topic = self.pick(self.neighbours[topic])
        stranger = self.pick(self.topics[topic])
        return [stranger, self.coauthor(stranger)] if self.draw() < ESCORT else [stranger]

    def coauthor(self, person: int) -> int:
        """Pick a recent coauthor; the person again if there is none."""
        teams = self.teams[person][-MEMORY:]
        return self.pick(self.pick(teams)) if teams else person

    def add(self, team: list[int], others: list[int], size: int, year: float) -> None:
        """Add those who are active and not yet in, up to `size`."""
        for other in others:
            if len(team) < size and other not in team and self.people[other].is_active(year):
                team.append(other)

    def pick(self, items: Sequence[_Item]) -> _Item:
        """Pick one of `items`, all alike likely."""
        return items[int(self.draw() * len(items))]


def _printed_order(members: Members, people: tuple[Person, ...], draw: Draw) -> Members:
    """Print the most senior mostly last; otherwise the lead stands first."""
    if len(members) < 3 or draw() < 0.2:
        return members
    senior = min(members, key=lambda i: people[i].start)
    return (*(i for i in members if i != senior), senior)
