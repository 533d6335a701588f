"""Tables as arrays: codes, rows, and texts however few."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from pipeline.errors import ConfrereError
from pipeline.recommend.known import known_on
from pipeline.recommend.records import codes_of, rows_of
from tests.recommend.drawn import SOON, Corpus, at_random


def test_a_yearly_volume_is_no_other_journal(tmp_path: Path) -> None:
    corpus = Corpus()
    for pmid, journal in enumerate(("Gut 2023", "GUT, 2024", "Ear", None), start=1):
        corpus.paper(pmid, "ann bob", journal=journal)
    first, second, other, none = corpus.records(tmp_path).venues
    assert first == second != other
    assert none == -1


def test_papers_and_people_stand_in_order_of_their_ids(tmp_path: Path) -> None:
    corpus = at_random(0)
    records = corpus.records(tmp_path, author_cap=4)
    assert (np.diff(records.author_ids) > 0).all()
    assert (np.diff(records.pmids) > 0).all()
    by_pmid = {paper["pmid"]: paper for paper in corpus.papers}
    for row, pmid in enumerate(records.pmids.tolist()):
        paper = by_pmid[pmid]
        assert (
            date.fromordinal(date(1970, 1, 1).toordinal() + int(records.days[row]))
            == (paper["entered_on"])
        )
        assert records.author_counts[row] == paper["author_count"]
        assert records.is_retracted[row] == paper["is_retracted"]
        assert records.is_told[row] == (not paper["is_retracted"] and paper["author_count"] <= 4)
    told = {
        (int(records.author_ids[p]), int(records.pmids[q]), int(n))
        for p, q, n in zip(records.persons, records.papers, records.positions, strict=True)
    }
    rows = [(i["author_id"], i["pmid"], i["position"]) for i in corpus.identities]
    assert told == set(rows)
    assert len(rows) == records.persons.size


def test_somebody_printed_twice_on_a_paper_stands_at_the_first_place(tmp_path: Path) -> None:
    corpus = Corpus()
    corpus.paper(1, "ann bob ann")
    records = corpus.records(tmp_path)
    assert records.persons.tolist() == [0, 1]
    assert records.positions.tolist() == [1, 2]


def test_texts_of_the_same_words_are_one_direction(tmp_path: Path) -> None:
    corpus = Corpus()
    for pmid, title in enumerate(("Liver <i>bile</i>", "bile liver", "valve stent", ""), start=1):
        corpus.paper(pmid, "ann bob", title=title)
        corpus.paper(pmid + 10, "ann bob", title=title)
    records = corpus.records(tmp_path)
    same = records.topics[[0, 1, 2]] @ records.topics[[0, 1, 2]].T
    assert same == pytest.approx(np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]]), abs=1e-5)
    assert not records.topics[3].any()
    assert (records.words[[0]] != records.words[[1]]).nnz == 0
    assert records.words[[3]].nnz == 0


def test_a_lake_without_papers_gives_records_of_nobody(tmp_path: Path) -> None:
    records = Corpus().records(tmp_path)
    assert records.author_ids.shape == records.pmids.shape == (0,)
    assert records.topics.shape[0] == records.words.shape[0] == 0
    known = known_on(records, SOON, np.zeros(0, np.int64))
    assert known.graph.indptr.tolist() == [0]
    assert all(trait.shape == (0,) for trait in known.traits.values())


def test_tables_of_two_runs_are_refused(tmp_path: Path) -> None:
    corpus = Corpus()
    corpus.paper(1, "ann bob")
    del corpus.ids["bob"]
    with pytest.raises(ConfrereError, match=r"\[table authors\] is not of the run"):
        corpus.records(tmp_path)


def test_codes_are_of_distinct_texts_and_none_has_none() -> None:
    assert codes_of(pa.chunked_array([["b", None], ["a", "b"]])).tolist() == [0, -1, 1, 0]


def test_rows_are_places_in_an_ascending_array() -> None:
    known = np.array([10, 20, 30])
    assert rows_of(known, pa.chunked_array([[30, 10, 10]]), "authors").tolist() == [2, 0, 0]
    for wrong in (5, 15, 35):
        with pytest.raises(ConfrereError, match="run it anew"):
            rows_of(known, pa.chunked_array([[10, wrong]]), "authors")
