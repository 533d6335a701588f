"""Labels that papers give for free, on papers whose answer is known in the head."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from models.same_author import load_matcher
from pipeline import lake
from pipeline.identity.features import FEATURES, GROUPS
from pipeline.identity.features.compare_names import compare
from pipeline.identity.matcher import free_labels as labelling
from pipeline.identity.matcher.free_labels import CUT, HIDES, TABLES_OF_LABELS, free_labels, hide
from pipeline.settings import Settings
from tests.identity.drawn import Paper, author, identified

JANE, JOHN, JILL = "0000-0002-1825-0097", "0000-0001-5109-3700", "0000-0002-1694-233X"
OSLO = "University of Oslo, Norway. Electronic address: {}."
NAMES = [feature.name for feature in FEATURES]

SAID: dict[str, tuple[dict[int, Paper], set[tuple[int, int, bool]]]] = {
    "orcid": (
        {
            1: {"authors": [author("J Doe", orcid=JANE)]},
            2: {"authors": ["Ann Lee", author("J Doe", orcid=JANE)]},
            3: {"authors": [author("J Doe", orcid=JOHN)]},
            4: {"authors": ["J Doe"]},
        },
        {(1, 2, True), (1, 3, False), (2, 3, False)},
    ),
    "email": (
        {
            1: {"authors": [author("J Doe", affiliations=[OSLO.format("j.doe@uio.no")])]},
            2: {"authors": [author("Jane Doe", affiliations=[OSLO.format("J.Doe@uio.no")])]},
            # the address of a coauthor
            3: {
                "authors": ["J Doe", author("Ann Lee", affiliations=[OSLO.format("j.doe@uio.no")])]
            },
            4: {"authors": [author("J Doe", affiliations=[OSLO.format("office@uio.no")])]},
        },
        {(1, 2, True)},
    ),
    "grant": (
        {
            1: {"authors": ["Jane Doe"], "grants": ["R01 CA-1"]},
            2: {"authors": ["Jane Doe"], "grants": ["R01CA1"]},
            3: {"authors": ["J Doe"], "grants": ["R01CA1"]},
            4: {"authors": ["Jane Doe"], "grants": ["R01CA2"]},
            5: {"authors": ["Jane Anne Doe"], "grants": ["R01CA1"]},
        },
        {(1, 2, True)},
    ),
    "self_citation": (
        {
            1: {"authors": ["Jane Doe"]},
            2: {"authors": ["Jane Doe"], "citations": [1, 3]},
            3: {"authors": ["J Doe"]},
            4: {"authors": ["Jane Doe"]},
        },
        {(1, 2, True)},
    ),
    "one_paper": (
        {
            1: {"authors": [author("J Doe", orcid=JANE), "J B Doe", "J Doe"]},
            2: {"authors": [author("J Doe", orcid=JANE)]},
        },
        # of the two without an iD one is called as she is: it may be she, printed twice
        {(1, 2, False)},
    ),
    "fore_name": (
        {
            1: {"authors": ["Jane Doe"]},
            2: {"authors": ["Jonathan Doe"]},
            3: {"authors": ["J Doe"]},
        },
        {(1, 2, False)},
    ),
}
"""Source → papers, and the pairs of them that it labels."""


@pytest.mark.parametrize("source", SAID)
def test_a_source_labels_the_pairs_that_it_can_tell_and_no_others(
    source: str, tmp_path: Path
) -> None:
    papers, expected = SAID[source]
    found = {pair[:3] for pair in labelled(tmp_path, papers, source) if pair[3] == source}
    assert found <= expected
    # of three that differ or agree in a row two pairs are taken
    assert len(found) == min(len(expected), 2)


@pytest.mark.parametrize(("one", "other"), [("Jon", "John"), ("Alex", "Alexander"), ("J", "Jane")])
def test_spellings_short_forms_and_initials_are_no_other_fore_name(
    one: str, other: str, tmp_path: Path
) -> None:
    found = labelled(tmp_path, {1: {"authors": [f"{one} Doe"]}, 2: {"authors": [f"{other} Doe"]}})
    assert found == []


def test_a_grant_of_many_papers_tells_nothing(tmp_path: Path) -> None:
    papers = {pmid: {"authors": ["Jane Doe"], "grants": ["P30"]} for pmid in range(1, 30)}
    assert labelled(tmp_path, papers) == []


def test_sources_that_contradict_each_other_label_nothing(tmp_path: Path) -> None:
    address = [OSLO.format("doe@uio.no")]
    papers = {
        1: {"authors": [author("Jane Doe", orcid=JANE, affiliations=address)]},
        2: {"authors": [author("Jane Doe", orcid=JOHN, affiliations=address)]},
        3: {"authors": [author("Jane Doe", orcid=JILL, affiliations=address)]},
    }
    assert all(not is_same for _, _, is_same, _ in labelled(tmp_path, papers))


def test_a_giant_block_gives_a_bounded_number_of_pairs_and_never_all(tmp_path: Path) -> None:
    papers = {
        pmid: {
            "authors": [author(f"J{'abcdefghij'[pmid % 10] * 5} Doe", orcid=(JANE, JOHN)[pmid % 2])]
        }
        for pmid in range(1, 400)
    }
    found = labelled(tmp_path, papers)
    counts = Counter((source, is_same) for _, _, is_same, source in found)
    assert max(counts.values()) <= labelling.PER_BLOCK
    assert len(found) <= labelling.PER_BLOCK * 3


def test_answers_come_in_the_stated_shares(tmp_path: Path) -> None:
    found = free(tmp_path, many_people())
    shares = found["is_same"].to_numpy(zero_copy_only=False).mean()
    assert found.num_rows > 60
    assert shares == pytest.approx(labelling.PRIOR, abs=0.03)


def test_the_order_in_which_papers_came_does_not_matter(tmp_path: Path) -> None:
    settings, again = Settings(home=tmp_path / "1"), Settings(home=tmp_path / "2")
    identified(settings.home, many_people())
    tables = lake.datasets(settings.lake_folder, TABLES_OF_LABELS)
    for odd in (True, False):
        with lake.begin(again.lake_folder) as commit:
            for name, dataset in tables.items():
                table = dataset.read()
                rows = table.filter(pc.equal(pc.bit_wise_and(table["pmid"], 1), int(odd)))
                commit.add(name, rows.to_batches(), pc.unique(rows["pmid"]))
    layered = lake.datasets(again.lake_folder, TABLES_OF_LABELS)
    assert len(layered["mentions"].layers) == 2
    assert free_labels(layered, again) == free_labels(tables, settings)


def test_what_gave_a_label_is_hidden_from_the_pair() -> None:
    matrix = np.full((len(HIDES), len(NAMES)), 0.25)
    sources = np.array(list(HIDES))
    hidden = hide(matrix, sources)
    for source, row in zip(sources, hidden, strict=True):
        for feature, value in zip(FEATURES, row, strict=True):
            if "names" in HIDES[source] and feature.name in CUT:
                assert np.array_equal(value, CUT[feature.name], equal_nan=True), feature.name
            elif feature.group in HIDES[source] and feature.group != "names":
                assert np.isnan(value), (source, feature.name)
            else:
                assert value == 0.25, (source, feature.name)
    assert np.all(matrix == 0.25)


def test_hidden_groups_are_groups_and_cut_names_are_what_two_initials_print() -> None:
    assert {group for groups in HIDES.values() for group in groups} <= set(GROUPS)
    bare = compare("doe", "j", "doe", "j")._asdict() | {"first_name_share": np.nan}
    for name, value in CUT.items():
        assert np.array_equal(bare[name], value, equal_nan=True), name


def test_the_shipped_matcher_does_not_see_what_is_hidden() -> None:
    """Two papers that differ in nothing but what is hidden get one probability."""
    draw = np.random.default_rng(0)
    matcher = load_matcher()
    for source, groups in HIDES.items():
        one = draw.random((50, len(NAMES)))
        other = one.copy()
        for place, feature in enumerate(FEATURES):
            if feature.group in groups and feature.name not in ("last_name", "suffix"):
                other[:, place] = draw.random(50)
        sources = np.repeat(source, 50)
        found, again = (matcher.probability(hide(matrix, sources)) for matrix in (one, other))
        assert np.array_equal(found, again), source


def many_people(by: str = "orcid") -> dict[int, dict[str, Any]]:
    """Sixty blocks of two people with three papers each, whose iDs or grants tell who is who."""
    papers = {}
    for number in range(360):
        person, block = number // 3 % 2, number // 6
        name = f"{('Jane', 'Jonathan')[person]} D{chr(97 + block % 26)}{chr(97 + block // 26)}e"
        orcid = f"0000-0000-{block:04d}-{person:04d}" if by == "orcid" else None
        papers[number + 1] = {
            "authors": [author(name, orcid=orcid)],
            "grants": [] if orcid else [f"{block}.{person}"],
        }
    return papers


def labelled(
    folder: Path, papers: Mapping[int, Paper], source: str = "orcid"
) -> list[tuple[int, int, bool, str]]:
    """PMIDs, answer and source of all labels of papers; others keep them from being thinned."""
    filler = many_people("orcid" if source in ("grant", "fore_name") else "grant")
    more = {1_000 + pmid: paper for pmid, paper in filler.items()}
    columns = free(folder, {**papers, **more}).to_pydict()
    rows = zip(*(columns[n] for n in ("pmid", "other_pmid", "is_same", "source")), strict=True)
    return [row for row in rows if row[1] < 1_000]


def free(folder: Path, papers: Mapping[int, Paper]) -> pa.Table:
    """All free labels of drawn papers."""
    return free_labels(identified(folder, papers), Settings(home=folder))
