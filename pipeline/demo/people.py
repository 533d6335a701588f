"""The made-up researchers: groups, careers, topics, identifiers, planted namesakes."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, replace

import numpy as np

from pipeline.demo.medicine import Topic
from pipeline.demo.names import POOLS, Name, ascii_name, draw_name, initials
from pipeline.demo.places import INSTITUTIONS, Institution

GROUP_COUNT = 420
PERSON_COUNT = 3_000
NAMESAKE_PAIRS = 60
ORCID_SHARE = 0.35


@dataclass(frozen=True, slots=True)
class Group:
    """A research group: one topic at one institution."""

    institution: Institution
    topic: int


@dataclass(frozen=True, slots=True)
class Stint:
    """Time in one group, from a year (with fraction) until the next stint or the career's end."""

    since: float
    group: int
    institution: Institution
    department: str


@dataclass(frozen=True, slots=True)
class Person:
    """One researcher. Years carry fractions; `rest` is a break within the career, if any.

    `topics` are indices, the main one first; `mailbox` is the part of the address before the @.
    """

    person_id: str
    name: Name
    orcid: str | None
    mailbox: str
    topics: tuple[int, ...]
    stints: tuple[Stint, ...]
    start: float
    end: float
    rest: tuple[float, float] | None
    activity: float

    @property
    def full_name(self) -> str:
        """Given names, family name, suffix."""
        parts = (self.name.fore, self.name.middle, self.name.last, self.name.suffix)
        return " ".join(part for part in parts if part)

    def is_active(self, year: float) -> bool:
        """Whether the person does research at this time."""
        resting = self.rest is not None and self.rest[0] <= year < self.rest[1]
        return self.start <= year < self.end and not resting

    def stint(self, year: float) -> Stint:
        """Where the person is (or first was) at this time."""
        begun = [stint for stint in self.stints if stint.since <= year]
        return begun[-1] if begun else self.stints[0]

    def email(self, year: float) -> str:
        """Address at this time; always at a reserved example domain."""
        return f"{self.mailbox}@{self.stint(year).institution.domain}"


def make_groups(topics: tuple[Topic, ...], rng: np.random.Generator) -> tuple[Group, ...]:
    """Spread each topic over three or four institutions."""
    rounds = -(-GROUP_COUNT // len(topics))
    order = np.concatenate([rng.permutation(len(topics)) for _ in range(rounds)])[:GROUP_COUNT]
    places = rng.integers(len(INSTITUTIONS), size=GROUP_COUNT)
    return tuple(Group(INSTITUTIONS[int(p)], int(t)) for t, p in zip(order, places, strict=True))


def make_people(
    topics: tuple[Topic, ...], groups: tuple[Group, ...], rng: np.random.Generator
) -> tuple[tuple[Person, ...], tuple[tuple[str, str], ...]]:
    """Draw all researchers, and the pairs planted as namesakes (person ids)."""
    # the first of each group is its senior
    homes = [*range(len(groups)), *rng.integers(len(groups), size=PERSON_COUNT - len(groups))]
    taken: Counter[tuple[str, str]] = Counter()
    orcids = _orcids(PERSON_COUNT, rng)
    people = [
        _person(i, int(home), i < len(groups), topics, groups, taken, orcids[i], rng)
        for i, home in enumerate(homes)
    ]
    pairs = _plant_namesakes(people, rng)
    _number_mailboxes(people)
    return tuple(people), tuple((people[a].person_id, people[b].person_id) for a, b in pairs)


def _person(
    index: int, home: int, is_senior: bool, topics: tuple[Topic, ...], groups: tuple[Group, ...],
    taken: Counter[tuple[str, str]], orcid: str, rng: np.random.Generator,
) -> Person:  # fmt: skip
    languages = tuple(POOLS)
    language = groups[home].institution.language
    if rng.random() > 0.68:
        language = languages[int(rng.integers(len(languages)))]
    name = draw_name(language, rng)
    for _ in range(4):  # most full-name namesakes shall be the planted ones
        if not taken[name.last, name.fore]:
            break
        name = draw_name(language, rng)
    taken[name.last, name.fore] += 1
    start, end = _career(is_senior, rng)
    rest_from = start + 4 + 8 * rng.random()
    return Person(
        person_id=f"P{index + 1:04d}",
        name=name,
        orcid=orcid if rng.random() < ORCID_SHARE else None,
        mailbox="",
        topics=_topics(groups[home].topic, topics, rng),
        stints=_stints(home, start, end, is_senior, topics, groups, rng),
        start=start,
        end=end,
        rest=(rest_from, rest_from + 0.5 + rng.random()) if rng.random() < 0.08 else None,
        activity=float(rng.lognormal(0.5 if is_senior else 0.0, 0.5)),
    )


def _career(is_senior: bool, rng: np.random.Generator) -> tuple[float, float]:
    """First and last year; a third leaves research after a few years."""
    if is_senior:
        start = 1994 + 16 * rng.random()
        return start, start + 24 + 12 * rng.random()
    while True:
        start = 2000 + 27.5 * rng.random()
        brief = rng.random() < 0.33
        end = start + (3 + 3 * rng.random() if brief else 10 + 25 * rng.random())
        if end > 2014:
            return start, end


def _topics(main: int, topics: tuple[Topic, ...], rng: np.random.Generator) -> tuple[int, ...]:
    near = [t for t, topic in enumerate(topics) if topic.department == topics[main].department]
    chosen = [main]
    for _ in range(int(rng.integers(3))):
        pool = near if rng.random() < 0.6 else range(len(topics))
        chosen.append(int(pool[int(rng.integers(len(pool)))]))
    return tuple(dict.fromkeys(chosen))


def _stints(
    home: int, start: float, end: float, is_senior: bool, topics: tuple[Topic, ...],
    groups: tuple[Group, ...], rng: np.random.Generator,
) -> tuple[Stint, ...]:  # fmt: skip
    """Begin in the home group; some move once or twice to a group of the same field."""

    def stint(since: float, group: int) -> Stint:
        place = groups[group]
        return Stint(since, group, place.institution, topics[place.topic].department)

    stints = [stint(start, home)]
    moves = 0 if is_senior or end - start < 5 or rng.random() < 0.6 else 1 + int(rng.random() < 0.3)
    field = topics[groups[home].topic].department
    for move in range(moves):
        targets = [
            g for g, group in enumerate(groups)
            if topics[group.topic].department == field
            and group.institution not in {s.institution for s in stints}
        ]  # fmt: skip
        since = start + (move + 0.2 + 0.7 * rng.random()) * (min(end, 2027) - start) / moves
        stints.append(stint(since, targets[int(rng.integers(len(targets)))]))
    return tuple(stints)


def _plant_namesakes(people: list[Person], rng: np.random.Generator) -> list[tuple[int, int]]:
    """Rename the second of each pair after the first: same full name, or only the same initials."""
    order = [int(i) for i in rng.permutation(len(people)) if people[i].end - people[i].start > 6]
    pairs: list[tuple[int, int]] = []
    while len(pairs) < NAMESAKE_PAIRS:
        a = order.pop()
        places = {s.institution for s in people[a].stints}
        b = next(
            i for i in order
            if not places & {s.institution for s in people[i].stints}
            # every fourth pair is the hard kind: the same field as well
            and (people[i].topics[0] == people[a].topics[0]) == (len(pairs) % 4 == 3)
        )  # fmt: skip
        order.remove(b)
        people[b] = replace(people[b], name=_namesake(people[a].name, len(pairs) % 2 == 0, rng))
        pairs.append((a, b))
    return pairs


def _number_mailboxes(people: list[Person]) -> None:
    seen: defaultdict[str, int] = defaultdict(int)
    for i, person in enumerate(people):
        text = f"{person.name.fore}.{person.name.last}"
        mailbox = re.sub(r"[^a-z.]", "", ascii_name(text).lower().replace(" ", ""))
        seen[mailbox] += 1
        number = str(seen[mailbox]) if seen[mailbox] > 1 else ""
        people[i] = replace(person, mailbox=mailbox + number)


def _orcids(count: int, rng: np.random.Generator) -> list[str]:
    """Well-formed iDs in a range (0000-0008) that is not handed out to anybody."""
    numbers = rng.choice(10_000_000, size=count, replace=False)
    return [orcid_from(f"00000008{number:07d}") for number in numbers]


def orcid_from(digits: str) -> str:
    """Complete 15 digits with their ISO 7064 mod 11-2 check character.

    >>> orcid_from("000000021825009")
    '0000-0002-1825-0097'
    """
    total = 0
    for digit in digits:
        total = (total + int(digit)) * 2
    check = (12 - total % 11) % 11
    text = digits + ("X" if check == 10 else str(check))
    return "-".join(text[i : i + 4] for i in range(0, 16, 4))


def _namesake(name: Name, is_full: bool, rng: np.random.Generator) -> Name:
    own = next(pool.fore_names for pool in POOLS.values() if name.fore in pool.fore_names)
    alike = [f for f in own if f != name.fore and initials(f) == initials(name.fore)]
    if is_full or not alike:
        return Name(name.last, name.fore)
    return Name(name.last, alike[int(rng.integers(len(alike)))])
