"""Shortlists drawn by hand or at random."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from models.policy import Policy, Shortlists

FLAGS = ("is_other_institution", "is_other_department", "is_early_career", "shares_coauthor")
COARSE = np.array([0.0, 0.1, 0.2, 0.25, 0.4, 0.5, 0.8, 1.0])
"""Few values, so that there are ties."""


def shortlists(
    probability: Sequence[float],
    author: Sequence[int] | None = None,
    candidate: Sequence[int] | None = None,
    impressions: Sequence[int] | None = None,
    team: Sequence[int] | None = None,
    **flags: Sequence[int],
) -> Shortlists:
    """One author with candidates 0, 1, … and no teams, unless told; a flag lists its pairs."""
    count = len(probability)
    for pairs in flags.values():
        assert max(pairs, default=0) < count
    return Shortlists(
        author=np.array([0] * count if author is None else author, dtype=np.int64),
        candidate=np.array(range(count) if candidate is None else candidate, dtype=np.int64),
        probability=np.array(probability, dtype=np.float64),
        impressions=np.array([0] * count if impressions is None else impressions, dtype=np.int64),
        team=np.array([-1] * count if team is None else team, dtype=np.int64),
        **{name: np.isin(np.arange(count), flags.pop(name, [])) for name in FLAGS},
        **flags,  # type: ignore[arg-type]  # empty, or a name that Shortlists refuses
    )


@st.composite
def nights(draw: st.DrawFn, authors: int = 7, candidates: int = 9) -> Shortlists:
    """Up to seven authors in any order, some codes missing, with none to nine candidates each."""
    generator = np.random.default_rng(draw(st.integers(0, 2**31)))
    codes = generator.permutation(authors)[: draw(st.integers(0, authors))]
    sizes = generator.integers(1, candidates + 1, len(codes))
    author = np.repeat(codes, sizes)
    count = len(author)
    parts = [
        (
            generator.permutation(candidates)[:size],
            np.sort(generator.choice(COARSE, size))[::-1],
        )
        for size in sizes
    ]
    whom, chances = zip(*parts, strict=True) if parts else ([author], [np.zeros(0)])
    return Shortlists(
        author=author,
        candidate=np.concatenate(whom),
        probability=np.concatenate(chances),
        impressions=generator.integers(0, 3, count),
        team=generator.integers(-1, 3, count),
        **{name: generator.random(count) < generator.random() for name in FLAGS},
    )


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Any policy on lists of up to nine, slots included."""
    share = st.sampled_from([0.0, 0.25, 0.5, 0.9, 1.0])
    return Policy(
        kept=draw(st.integers(1, 9)),
        diversity=draw(share),
        novelty=draw(share),
        impression_discount=draw(share),
        exposure_cap=draw(st.integers(0, 5)),
        slot_span=draw(st.integers(6, 8)),
        slot_floor=draw(share),
        other_institution_slots=draw(st.integers(0, 1)),
        other_department_slots=draw(st.integers(0, 1)),
        early_career_share=draw(st.sampled_from([0.0, 0.1])),
    )
