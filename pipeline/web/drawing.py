"""The network around a person as a drawing: from left to right person, coauthors, suggested.

Columns instead of a spring layout: it answers "who could introduce me?" at a look, no label lies on
another, and the same network always gives the same drawing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

from pipeline.outreach.wording import name_of
from pipeline.serving.queries import Network, Person, Step

COAUTHORS_DRAWN, SUGGESTED_DRAWN = 9, 7
SWEEPS = 4


@dataclass(frozen=True, slots=True)
class Size:
    """Of a drawing, in pixels at full size. `columns`: how many it has room for."""

    width: int
    row: int
    pill: int
    gap: int
    letter: float
    columns: int


WIDE, NARROW = Size(680, 38, 28, 70, 7.4, 5), Size(300, 34, 26, 22, 6.2, 3)


@dataclass(frozen=True, slots=True)
class Pill:
    """A person: a rounded box with the name in it. `x`, `y`: its upper left corner."""

    x: float
    y: float
    name: str
    label: str
    kind: str


@dataclass(frozen=True, slots=True)
class Line:
    """A tie: the `d` of an SVG path; `width` grows with the joint papers."""

    d: str
    width: float
    kind: str
    says: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """What the template draws: lines first, pills over them."""

    width: int
    height: float
    pill_width: float
    pill_height: int
    pills: tuple[Pill, ...]
    lines: tuple[Line, ...]


def draw(network: Network, suggested: Collection[int], path: Sequence[Step], size: Size) -> Drawing:
    """Draw a network.

    Parameters
    ----------
    network
        Whose `people` begins with the person it is drawn around.
    suggested
        Author ids of those suggested; they stand on the right.
    path
        The introduction to highlight.
    """
    people = {person.author_id: person for person in network.people}
    on_path = [step.person.author_id for step in path[:1]]
    on_path += [step.other_person.author_id for step in path]
    people |= {p.author_id: p for step in path for p in (step.person, step.other_person)}
    columns = _columns(network, people, suggested, on_path)
    counts = {(tie.author_id, tie.coauthor_id): tie.publication_count for tie in network.ties}
    steps = [_pair(step.person.author_id, step.other_person.author_id) for step in path]
    counts |= {pair: counts.get(pair, 1) for pair in steps}
    is_upright = len(columns) > size.columns
    if is_upright:  # from top to bottom, the path first
        columns = [sorted(c, key=lambda n: n not in on_path)[: size.columns - 1] for c in columns]
    corners, width, height = _placed(columns, size, is_upright)
    lines = [
        _line(people, corners, pair, count, pair in steps, width, size, is_upright)
        for pair, count in sorted(counts.items(), key=lambda item: (item[0] in steps, item[0]))
        if pair[0] in corners and pair[1] in corners
    ]
    ego = network.people[0].author_id
    pills = [
        Pill(
            *corners[number],
            name_of(people[number]),
            shortened(name_of(people[number]), int((width - 14) / size.letter)),
            _kind(number, ego, suggested, on_path),
        )
        for column in columns
        for number in column
    ]
    return Drawing(size.width, height, width, size.pill, tuple(pills), tuple(lines))


def shortened(name: str, length: int) -> str:
    """Shorten a name to so many letters: fore names to initials, then cut.

    >>> shortened("Ada Augusta Løvelace", 20), shortened("Ada Augusta Løvelace", 14)
    ('Ada Augusta Løvelace', 'A. A. Løvelace')
    >>> shortened("Ada Augusta Løvelace", 8)
    'A. Løve…'
    """
    if len(name) <= length:
        return name
    *fore, last = name.split() or [name]
    brief = " ".join([*(p if p.islower() else f"{p[0]}." for p in fore), last])
    if len(brief) > length and fore:
        brief = f"{fore[0][0]}. {last}"
    return brief if len(brief) <= length else brief[: max(1, length - 1)].rstrip() + "…"


def _columns(
    network: Network,
    people: Mapping[int, Person],
    suggested: Collection[int],
    on_path: Sequence[int],
) -> list[list[int]]:
    """Put people into columns; each column is ordered so that few lines cross (barycentres)."""
    ego = network.people[0].author_id
    ties = [(tie.author_id, tie.coauthor_id) for tie in network.ties]
    further = on_path[2:-1]  # a longer path has people between coauthors and suggested
    right = [number for number in people if number in suggested]
    middle = [n for n in people if n != ego and n not in right and n not in further]
    columns = [[ego], middle, *([number] for number in further), right]
    columns = [column for column in columns if column]
    linked = _neighbours([*ties, *(_pair(*two) for two in pairwise(on_path))])
    for sweep in range(SWEEPS):
        order = range(1, len(columns)) if sweep % 2 == 0 else range(len(columns) - 2, 0, -1)
        for place in order:
            beside = columns[place - 1 if sweep % 2 == 0 else place + 1]
            columns[place] = _by_barycentre(columns[place], beside, linked)
    return columns


def _by_barycentre(
    column: list[int], beside: list[int], linked: Mapping[int, Collection[int]]
) -> list[int]:
    """Sugiyama, Tagawa and Toda (IEEE Trans. Syst. Man Cybern. 11, 1981)."""
    heights = {number: (row + 0.5) / len(beside) for row, number in enumerate(beside)}
    own = {number: (row + 0.5) / len(column) for row, number in enumerate(column)}

    def centre(number: int) -> float:
        return fmean([heights[n] for n in linked.get(number, ()) if n in heights] or [own[number]])

    return sorted(column, key=lambda number: (centre(number), own[number]))


def _neighbours(pairs: Iterable[tuple[int, int]]) -> dict[int, set[int]]:
    linked: dict[int, set[int]] = {}
    for one, other in pairs:
        linked.setdefault(one, set()).add(other)
        linked.setdefault(other, set()).add(one)
    return linked


def _placed(
    columns: Sequence[Sequence[int]], size: Size, is_upright: bool
) -> tuple[dict[int, tuple[float, float]], float, float]:
    """Give the upper left corner of each pill, their width, and the height of the drawing."""
    widest = max(len(column) for column in columns)
    across, down = (widest, len(columns)) if is_upright else (len(columns), widest)
    width = (size.width - 2 - (across - 1) * size.gap) / across
    row = size.row * 1.6 if is_upright else size.row
    corners = {}
    for layer, column in enumerate(columns):
        for place, number in enumerate(column):
            centred = place + (widest - len(column)) / 2
            x, y = (centred, layer) if is_upright else (layer, centred)
            corners[number] = (1 + x * (width + size.gap), 1 + y * row + (size.row - size.pill) / 2)
    return corners, width, row * (down - 1) + size.row + 2


def _line(
    people: Mapping[int, Person],
    corners: Mapping[int, tuple[float, float]],
    pair: tuple[int, int],
    count: int,
    is_step: bool,
    width: float,
    size: Size,
    is_upright: bool,
) -> Line:
    first, second = sorted(pair, key=lambda n: corners[n][::-1] if is_upright else corners[n])
    (x1, y1), (x2, y2) = corners[first], corners[second]
    is_bow = y1 == y2 if is_upright else x1 == x2
    if is_upright:
        x1, x2, y1 = x1 + width / 2, x2 + width / 2, y1 + size.pill
        middle = (y1 + y2) / 2
        d = f"M{x1:.0f} {y1:.0f}C{x1:.0f} {middle:.0f} {x2:.0f} {middle:.0f} {x2:.0f} {y2:.0f}"
    else:
        x1, y1, y2 = x1 + (0 if is_bow else width), y1 + size.pill / 2, y2 + size.pill / 2
        # within a column: a bow on its left, in the gap
        turn = x1 - min(size.gap * 0.8, 10 + (y2 - y1) / 4) if is_bow else (x1 + x2) / 2
        d = f"M{x1:.0f} {y1:.0f}C{turn:.0f} {y1:.0f} {turn:.0f} {y2:.0f} {x2:.0f} {y2:.0f}"
    papers = "1 joint paper" if count == 1 else f"{count:,} joint papers"
    says = f"{name_of(people[first])} and {name_of(people[second])}: {papers}"
    kind = "step" if is_step else "bow" if is_bow else "tie"
    return Line(d, min(1 + count**0.5 / 2, 4), kind, says)


def _kind(number: int, ego: int, suggested: Collection[int], on_path: Collection[int]) -> str:
    kind = "ego" if number == ego else "suggested" if number in suggested else "coauthor"
    return f"{kind} step" if number in on_path else kind


def _pair(one: int, other: int) -> tuple[int, int]:
    return (min(one, other), max(one, other))
