"""Measures of pairs against dense matrices, networkx and plain loops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.pairs import ACTIVE, MEASURES, Rows, World, last_joint_days, measure

Reals = NDArray[np.float64]
A_HUNDRED = settings(max_examples=100, deadline=None, derandomize=True)
VENUES, WORDS = 5, 9


@dataclass(frozen=True)
class Drawn:
    """A world as dense matrices: steps are of shape (people, people), papers (people, papers)."""

    wrote: NDArray[np.bool_]
    paper_weight: Reals
    recent: Reals
    lifetime: Reals
    last_year: Reals
    introducing: Reals
    weight: Reals
    freshness: Reals
    topics: tuple[Reals, Reals, Reals]
    words: Reals
    venues: Reals
    places: list[list[tuple[int, int]]]

    @property
    def size(self) -> int:
        return len(self.wrote)

    @property
    def coauthors(self) -> nx.Graph:
        return nx.from_numpy_array((self.lifetime > 0).astype(int))


def unit(rows: Reals) -> Reals:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(length > 0, length, 1.0)


def draw(seed: int) -> Drawn:
    """Two to twelve people of up to twenty papers; some papers tie nobody."""
    rng = np.random.default_rng(seed)
    people, papers = int(rng.integers(2, 13)), int(rng.integers(1, 21))
    wrote = rng.random((people, papers)) < rng.uniform(0.05, 0.35)
    ages = rng.uniform(0, 12, papers)
    told = (rng.random(papers) < 0.8) & (wrote.sum(axis=0) > 1)
    share = told / np.maximum(wrote.sum(axis=0) - 1, 1)

    def ties(weight: Reals) -> Reals:
        joint: Reals = (wrote * weight) @ wrote.T
        np.fill_diagonal(joint, 0.0)
        return joint

    def steps(joint: Reals) -> Reals:
        total = joint.sum(axis=1, keepdims=True)
        return joint / np.where(total > 0, total, 1.0)

    lifetime = ties(told.astype(np.float64))
    is_new = (lifetime > 0) & (ties((told & (ages > 2)).astype(np.float64)) == 0)
    weight = ties(share * np.exp(-ages / 3))
    recent = steps(weight)

    def profiles(columns: int) -> Reals:
        return unit(rng.random((people, columns)) * (rng.random((people, columns)) < 0.4))

    topics = [unit(rng.normal(size=(people, 4)) * (rng.random((people, 1)) < 0.8)) for _ in "123"]
    places = [
        sorted({(int(rng.integers(3)), int(rng.integers(-1, 2))) for _ in range(rng.integers(4))})
        for _ in range(people)
    ]
    return Drawn(
        wrote,
        np.where(told, np.exp(-ages / 3), 0.0),
        recent,
        steps(lifetime),
        steps(ties(share * np.exp(-ages))),
        recent * is_new,
        weight,
        last_joint(wrote, np.where(told, np.exp(-ages), 0.0)),
        (topics[0], topics[1], topics[2]),
        profiles(WORDS),
        profiles(VENUES),
        places,
    )


def last_joint(wrote: NDArray[np.bool_], freshness: Reals) -> Reals:
    """Freshness of the latest joint paper; 0 where there is none."""
    joint = wrote[:, np.newaxis] & wrote[np.newaxis]
    latest: Reals = (joint * freshness).max(axis=2)
    np.fill_diagonal(latest, 0.0)
    return latest


def starts_of(flags: NDArray[np.bool_]) -> NDArray[np.int64]:
    return np.r_[0, np.cumsum(flags.sum(axis=1))].astype(np.int64)


def rows_of(profiles: Reals) -> Rows:
    codes = np.nonzero(profiles)[1].astype(np.int32)
    weights = profiles[profiles > 0].astype(np.float32)
    return Rows(starts_of(profiles > 0).astype(np.int32), codes, weights)


def world_of(drawn: Drawn) -> World:
    tied = drawn.lifetime > 0
    places = np.array([place for own in drawn.places for place in own], np.int64).reshape(-1, 2)
    recent_topics, lifetime_topics, around = (rows.astype(np.float32) for rows in drawn.topics)
    return World(
        starts_of(tied),
        np.nonzero(tied)[1],
        drawn.recent[tied],
        drawn.lifetime[tied],
        drawn.last_year[tied],
        drawn.introducing[tied],
        drawn.weight[tied],
        drawn.freshness[tied],
        starts_of(drawn.wrote),
        np.nonzero(drawn.wrote)[1],
        starts_of(drawn.wrote.T),
        np.nonzero(drawn.wrote.T)[1],
        drawn.paper_weight,
        recent_topics,
        lifetime_topics,
        around,
        rows_of(drawn.words),
        rows_of(drawn.venues),
        np.r_[0, np.cumsum([len(own) for own in drawn.places])].astype(np.int64),
        places[:, 0].copy(),
        places[:, 1].copy(),
    )


def all_pairs(drawn: Drawn) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Everybody asks for everybody: sources, starts, targets."""
    people = np.arange(drawn.size)
    return people, np.arange(drawn.size + 1) * drawn.size, np.tile(people, drawn.size)


def power(steps: Reals, count: int) -> Callable[[Drawn, int, int], float]:
    walk = np.linalg.matrix_power(steps, count)
    return lambda drawn, x, y: float(walk[x, y])


def shared(drawn: Drawn, x: int, y: int) -> list[int]:
    return [z for z in drawn.coauthors[x] if z in drawn.coauthors[y]]


def active(drawn: Drawn, x: int, y: int) -> float:
    tied = drawn.last_year
    return float(sum(tied[x, z] > ACTIVE and tied[y, z] > ACTIVE for z in shared(drawn, x, y)))


def team_shares(drawn: Drawn, x: int, y: int) -> list[tuple[float, float]]:
    """Share of the ties of x on each paper of y that ties people, and the weight of the paper."""
    return [
        (float(sum(drawn.recent[x, z] for z in np.flatnonzero(drawn.wrote[:, paper]))), float(w))
        for paper, w in enumerate(drawn.paper_weight)
        if drawn.wrote[y, paper] and w > 0
    ]


def expected(drawn: Drawn) -> dict[str, Callable[[Drawn, int, int], float]]:
    places = [set(own) for own in drawn.places]
    houses = [{house for house, _ in own} for own in drawn.places]
    named = [{(house, room) for house, room in own if room >= 0} for own in places]
    introduced = drawn.introducing @ drawn.recent
    return {
        "walk_2": power(drawn.recent, 2),
        "walk_3": power(drawn.recent, 3),
        "lifetime_walk_2": power(drawn.lifetime, 2),
        "lifetime_walk_3": power(drawn.lifetime, 3),
        "last_year_walk_2": power(drawn.last_year, 2),
        "introduction": lambda d, x, y: float(introduced[x, y]),
        "shared_coauthors": lambda d, x, y: float(len(shared(d, x, y))),
        "active_shared_coauthors": active,
        "strongest_way": lambda d, x, y: max(
            (min(d.weight[x, z], d.weight[z, y]) for z in shared(d, x, y)), default=0.0
        ),
        "fresh_ways": lambda d, x, y: sum(
            min(d.freshness[x, z], d.freshness[z, y]) for z in shared(d, x, y)
        ),
        "team_share": lambda d, x, y: max((s for s, _ in team_shares(d, x, y)), default=0.0),
        "recent_team_share": lambda d, x, y: max(
            (s * w for s, w in team_shares(d, x, y)), default=0.0
        ),
        "team_shares": lambda d, x, y: sum(s * w for s, w in team_shares(d, x, y)),
        "topics_recent": lambda d, x, y: float(d.topics[0][x] @ d.topics[0][y]),
        "topics_lifetime": lambda d, x, y: float(d.topics[1][x] @ d.topics[1][y]),
        "topics_around": lambda d, x, y: float(d.topics[2][x] @ d.topics[2][y]),
        "words": lambda d, x, y: float(d.words[x] @ d.words[y]),
        "venues": lambda d, x, y: float(d.venues[x] @ d.venues[y]),
        "institution": lambda d, x, y: float(bool(houses[x] & houses[y])),
        "department": lambda d, x, y: float(bool(named[x] & named[y])),
    }


@A_HUNDRED
@given(st.integers(0, 2**31))
def test_every_measure_equals_its_plain_reference(seed: int) -> None:
    drawn = draw(seed)
    sources, starts, targets = all_pairs(drawn)
    found, _ = measure(world_of(drawn), sources, starts, targets)
    reference = expected(drawn)
    assert tuple(reference) == MEASURES
    for column, name in enumerate(MEASURES):
        # who asks for oneself is no pair
        wanted = [reference[name](drawn, x, y) for x in sources for y in sources if x != y]
        measured = found[:, column][np.repeat(sources, drawn.size) != targets]
        assert measured == pytest.approx(wanted, rel=1e-5, abs=1e-6), name


@A_HUNDRED
@given(st.integers(0, 2**31))
def test_the_best_way_is_through_the_shared_coauthor_of_the_most_probable_walk(seed: int) -> None:
    drawn = draw(seed)
    sources, starts, targets = all_pairs(drawn)
    _, through = measure(world_of(drawn), sources, starts, targets)
    for x, y, middle in zip(np.repeat(sources, drawn.size), targets, through, strict=True):
        if x == y:
            continue
        walks = drawn.recent[x] * drawn.recent[:, y]
        assert middle == (walks.argmax() if walks.any() else -1)


@A_HUNDRED
@given(st.integers(0, 2**31))
def test_threads_and_earlier_calls_change_nothing(seed: int) -> None:
    drawn = draw(seed)
    world, pairs = world_of(drawn), all_pairs(drawn)
    once = measure(world, *pairs)
    for again in (measure(world, *pairs), measure(world, *pairs, threads=2)):
        assert (again[0] == once[0]).all()
        assert (again[1] == once[1]).all()
    # somebody asked alone gets what they get among others
    for source in range(drawn.size):
        own = slice(source * drawn.size, (source + 1) * drawn.size)
        alone = measure(world, np.array([source]), np.array([0, drawn.size]), pairs[2][own])
        assert (alone[0] == once[0][own]).all()


def test_people_without_candidates_and_no_people_at_all_are_measured_too() -> None:
    drawn = draw(1)
    people = np.arange(2)
    found, through = measure(world_of(drawn), people, np.array([0, 0, 1]), np.array([0]), threads=4)
    assert found.shape == (1, len(MEASURES))
    nobody = np.zeros(0, np.int64)
    found, through = measure(world_of(drawn), nobody, np.array([0]), nobody, threads=2)
    assert found.shape == (0, len(MEASURES))
    assert through.shape == (0,)


def test_a_chain_is_walked_as_known_in_the_head() -> None:
    """0 - 1 - 2 - 3: half of a walk turns back at 1 and at 2."""
    chain = draw(0)
    ties = np.zeros((4, 4))
    for x in range(3):
        ties[x, x + 1] = ties[x + 1, x] = 1.0
    steps = ties / ties.sum(axis=1, keepdims=True)
    wrote = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 1], [0, 0, 1]], bool)
    none = np.zeros((4, 1))
    chain = Drawn(wrote, np.array([1.0, 1.0, 0.5]), steps, steps, steps, 0 * steps, ties, ties,
                  (none, none, none), none, none, [[(7, 1)], [], [(7, -1)], [(7, 1)]])  # fmt: skip
    found, through = measure(world_of(chain), np.array([0]), np.array([0, 2]), np.array([2, 3]))
    rows = [dict(zip(MEASURES, row.tolist(), strict=True)) for row in found]
    assert [row["walk_2"] for row in rows] == [0.5, 0.0]
    assert [row["walk_3"] for row in rows] == [0.0, 0.25]
    assert [row["introduction"] for row in rows] == [0.0, 0.0]
    assert [row["shared_coauthors"] for row in rows] == [1.0, 0.0]
    # of the papers of 2, that with 1 carries all ties of 0
    assert [row["team_share"] for row in rows] == [1.0, 0.0]
    assert [row["institution"] for row in rows] == [1.0, 1.0]
    assert [row["department"] for row in rows] == [0.0, 1.0]
    assert through.tolist() == [1, -1]


@A_HUNDRED
@given(st.integers(0, 2**31))
def test_the_last_joint_day_of_a_tie_is_that_of_its_latest_paper(seed: int) -> None:
    drawn = draw(seed)
    world = world_of(drawn)
    days = np.where(drawn.paper_weight > 0, np.arange(drawn.wrote.shape[1]), -1)
    found = last_joint_days(
        (world.indptr, world.indices),
        (world.paper_starts, world.papers),
        (world.people_starts, world.people),
        np.where(days >= 0, days, np.iinfo(np.int64).min),
    )
    tied = drawn.lifetime > 0
    wanted = last_joint(drawn.wrote, days + 1.0) - 1
    assert found.tolist() == wanted[tied].astype(np.int64).tolist()
