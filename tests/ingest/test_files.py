"""Files into the lake: newest wins, deletions hold, bad input changes nothing."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import lake
from pipeline.errors import WrongUse
from pipeline.ingest.files import MOST_LAYERS_OF_A_LOAD, Ingested
from pipeline.ingest.merge.merge import MERGED
from pipeline.ingest.spool import source_number
from tests.builders import SHARED
from tests.ingest.drawn import article, article_set, author, ingest, tables, versions, write

PUBMED = SHARED / "pubmed"
needs_shared = pytest.mark.skipif(not PUBMED.exists(), reason=f"{PUBMED} is absent")


def titles(home: Path) -> dict[int, str]:
    return {row["pmid"]: row["title"] for row in tables(home)["publications"]}


def retracted(home: Path) -> list[int]:
    return [row["pmid"] for row in tables(home)["publications"] if row["is_retracted"]]


def test_a_revised_record_replaces_the_older_one_with_all_its_rows(tmp_path: Path) -> None:
    old = article(
        7,
        revised="2020-01-01",
        title="Old",
        keywords=["gone"],
        links=[("CommentOn", 99)],
        cites=[98],
        authors=[author("Doe", "Jane"), author("Roe", "Jo")],
    )
    write(tmp_path / "a.xml", [old, article(8)])
    write(tmp_path / "b.xml", [article(7, revised="2020-02-01", title="New", keywords=["kept"])])
    ingest(tmp_path / "home", tmp_path / "a.xml")
    told = ingest(tmp_path / "home", tmp_path / "b.xml")
    assert told == Ingested(source_count=1, record_count=1, revised_count=1)
    after = tables(tmp_path / "home")
    assert titles(tmp_path / "home") == {7: "New", 8: "T"}
    assert [(r["pmid"], r["last_name"]) for r in after["authorships"]] == [(7, "Doe"), (8, "Doe")]
    assert [row["name"] for row in after["topics"]] == ["kept"]
    assert after["citations"] == []
    assert after["notices"] == []


def test_a_higher_version_wins_over_a_later_revision(tmp_path: Path) -> None:
    file = write(
        tmp_path / "a.xml",
        [
            article(7, version=2, revised="2020-01-01", title="Second"),
            article(7, version=1, revised="2021-01-01", title="First"),
        ],
    )
    assert ingest(tmp_path / "home", file).new_count == 1
    assert titles(tmp_path / "home") == {7: "Second"}


def test_the_later_file_wins_between_records_of_one_day(tmp_path: Path) -> None:
    late = write(tmp_path / "pubmed26n0010.xml.gz", [article(7, revised="2020-01-01", title="10")])
    early = write(tmp_path / "pubmed25n0999.xml.gz", [article(7, revised="2020-01-01", title="9")])
    ingest(tmp_path / "home", late, early)
    assert titles(tmp_path / "home") == {7: "10"}


def test_reading_twice_changes_nothing(tmp_path: Path) -> None:
    file = write(tmp_path / "a.xml", [article(7)], deleted=[9])
    ingest(tmp_path / "home", file)
    before = versions(tmp_path / "home")
    assert ingest(tmp_path / "home", file) == Ingested(skipped_count=1)
    assert versions(tmp_path / "home") == before


def test_the_same_records_in_another_file_change_only_the_ledger(tmp_path: Path) -> None:
    ingest(tmp_path / "home", write(tmp_path / "a.xml", [article(7)], deleted=[9]))
    before = versions(tmp_path / "home")
    tree = ET.fromstring(article(7))
    ET.indent(tree)
    indented = ET.tostring(tree, encoding="unicode", short_empty_elements=False)
    told = ingest(tmp_path / "home", write(tmp_path / "b.xml", [indented], deleted=[9]))
    assert told == Ingested(source_count=1, record_count=1, unchanged_count=1)
    after = versions(tmp_path / "home")
    assert {name for name in after if after[name] != before[name]} == {"sources", "merges"}


def test_a_deletion_removes_and_keeps_out(tmp_path: Path) -> None:
    home = tmp_path / "home"
    base = write(tmp_path / "pubmed26n0001.xml", [article(7), article(8)])
    update = write(tmp_path / "pubmed26n0002.xml", [article(9)], deleted=[7])
    again = write(tmp_path / "pubmed25n0001.xml", [article(7)])
    ingest(home, base)
    assert ingest(home, update).deleted_count == 1
    ingest(home, again)
    assert set(titles(home)) == {8, 9}
    assert {row["pmid"] for row in tables(home)["authorships"]} == {8, 9}


def test_a_record_that_comes_back_after_its_deletion_is_read(tmp_path: Path) -> None:
    home = tmp_path / "home"
    ingest(home, write(tmp_path / "pubmed26n0002.xml", [article(1)], deleted=[7]))
    ingest(home, write(tmp_path / "pubmed26n0003.xml", [article(7)]))
    assert set(titles(home)) == {1, 7}


def test_the_list_of_deleted_pmids_removes_whatever_the_source(tmp_path: Path) -> None:
    home = tmp_path / "home"
    listed = tmp_path / "deleted.pmids.gz"
    listed.write_bytes(gzip.compress(b"7\n12345\n"))
    ingest(home, listed)
    ingest(home, write(tmp_path / "pubmed26n0001.xml", [article(7), article(8)]))
    assert set(titles(home)) == {8}


def test_a_retraction_notice_marks_the_other_paper_whenever_it_comes(tmp_path: Path) -> None:
    paper = write(tmp_path / "paper.xml", [article(7), article(8)])
    notice = write(tmp_path / "notice.xml", [article(9, links=[("RetractionOf", 7)])])
    for home, files in ((tmp_path / "h1", (paper, notice)), (tmp_path / "h2", (notice, paper))):
        counts = [ingest(home, file).retracted_count for file in files]
        assert sum(counts) == 1
        assert retracted(home) == [7]


def test_a_withdrawn_notice_no_longer_counts(tmp_path: Path) -> None:
    home = tmp_path / "home"
    notice = article(9, links=[("RetractionOf", 7)], revised="2020-01-01")
    ingest(home, write(tmp_path / "a.xml", [article(7), notice]))
    ingest(home, write(tmp_path / "b.xml", [article(9, revised="2020-02-01")]))
    assert retracted(home) == []


def test_retraction_by_the_papers_own_record(tmp_path: Path) -> None:
    papers: dict[int, dict[str, Any]] = {
        1: {"types": ["Journal Article", "Retracted Publication"]},
        2: {"links": [("RetractionIn", 9)]},
        3: {"links": [("RetractionIn", "")]},
        4: {"links": [("PartialRetractionIn", 9)]},
        5: {"links": [("ExpressionOfConcernIn", 9)]},
    }
    ingest(tmp_path / "home", write(tmp_path / "a.xml", [article(p, **papers[p]) for p in papers]))
    # a second, unrelated run must not forget it
    ingest(tmp_path / "home", write(tmp_path / "b.xml", [article(8)]))
    assert retracted(tmp_path / "home") == [1, 2, 3]


def test_a_bad_file_is_refused_whole_and_holds_up_no_other(tmp_path: Path) -> None:
    home = tmp_path / "home"
    good = write(tmp_path / "b.xml.gz", [article(2)])
    bad = write(tmp_path / "c.xml.gz", [article(pmid) for pmid in range(10, 3000)])
    bad.write_bytes(bad.read_bytes()[:-12])
    told = ingest(home, bad, good)
    assert [(file, "damaged gzip" in why) for file, why in told.refused] == [(bad, True)]
    assert (told.source_count, told.new_count) == (1, 1)
    assert set(titles(home)) == {2}
    assert list((home / "scratch").iterdir()) == []
    before = versions(home)
    assert ingest(home, bad).refused == told.refused
    assert versions(home) == before


def test_a_record_that_cannot_be_read_is_put_aside_with_the_reason(tmp_path: Path) -> None:
    home = tmp_path / "home"
    broken = article(8).replace("<Initials>", "<Initials>&nbsp;")
    file = write(tmp_path / "a.xml", [article(7), broken, article(9)])
    told = ingest(home, file)
    assert (told.record_count, told.quarantined_count, told.refused) == (2, 1, ())
    assert set(titles(home)) == {7, 9}
    [row] = tables(home)["quarantine"]
    assert (row["name"], row["pmid"], row["text"]) == ("a.xml", 8, broken)
    assert "nbsp" in row["reason"]
    # the file read anew, mended
    write(file, [article(7), article(8), article(9)])
    assert ingest(home, file).new_count == 1
    assert tables(home)["quarantine"] == []


def test_a_record_that_no_table_can_hold_is_put_aside_and_costs_no_other(tmp_path: Path) -> None:
    crowd = article(8, authors=[author("A")] * 100_000)
    for bad, why in ((article(8, version=2**31), "has version"), (crowd, "has 100,000 names")):
        home = tmp_path / why
        told = ingest(home, write(tmp_path / "a.xml", [article(7), bad, article(9)]))
        assert (told.record_count, told.quarantined_count, told.refused) == (2, 1, ())
        [row] = tables(home)["quarantine"]
        assert (row["pmid"], why in row["reason"]) == (8, True)


def test_a_thousandth_of_a_file_may_be_unreadable_and_no_more(tmp_path: Path) -> None:
    records = [article(pmid) for pmid in range(1, 3001)]
    for bad in (3, 4):
        records[bad] = article(99_000 + bad, title_element="")
    three = ingest(tmp_path / "home", write(tmp_path / "a.xml", records))
    assert (three.record_count, three.quarantined_count) == (2998, 2)
    records[5] = records[6] = records[3]
    four = ingest(tmp_path / "home", write(tmp_path / "b.xml", records))
    assert "4 of its 3000 records cannot be read, and at most 3 may be" in four.refused[0][1]
    assert "pubmed:99003 has no title" in four.refused[0][1]


def test_a_file_of_nothing_but_unreadable_records_is_refused(tmp_path: Path) -> None:
    told = ingest(tmp_path / "home", write(tmp_path / "a.xml", [article(7, title_element="")]))
    assert "1 of its 1 records cannot be read" in told.refused[0][1]


def test_what_pubmed_does_not_deliver_is_known_by_its_pmid(tmp_path: Path) -> None:
    document = article_set([article(7)], root=' Count="1"')
    missing = b"<Unavailable><PMID>12</PMID><PMID>13</PMID></Unavailable></PubmedArticleSet>"
    file = tmp_path / "a.xml"
    file.write_bytes(document.replace(b"</PubmedArticleSet>", missing))
    told = ingest(tmp_path / "home", file)
    assert (told.record_count, told.quarantined_count) == (1, 0)
    aside = tables(tmp_path / "home")["quarantine"]
    assert [(row["pmid"], row["text"]) for row in aside] == [(12, ""), (13, "")]


def test_a_night_adds_a_layer_and_rewrites_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    ingest(home, write(tmp_path / "a.xml", [article(pmid) for pmid in range(1, 50)]))
    old = {path: path.stat().st_mtime_ns for path in (home / "lake").glob("*/*.parquet")}
    revised = article(7, revised="2021-01-01", title="New", authors=[author("Roe")])
    ingest(home, write(tmp_path / "b.xml", [revised, article(99)], deleted=[8]))
    papers = lake.read(home / "lake", "publications")
    assert [layer.row_count for layer in papers.layers] == [49, 2]
    assert {"publications", "authorships"} <= {p.parent.name for p in old if p.exists()}
    assert all(path.stat().st_mtime_ns == old[path] for path in old if path.exists())
    assert papers.row_count == len(titles(home)) == 49
    assert titles(home)[7] == "New"


def test_a_long_load_keeps_the_stacks_from_growing_without_end(tmp_path: Path) -> None:
    files = [
        write(tmp_path / f"pubmed26n{number:04}.xml", [article(number), article(number + 1)])
        for number in range(1, MOST_LAYERS_OF_A_LOAD + 6)
    ]
    ingest(tmp_path / "home", *files, records_per_commit=1)
    found = lake.datasets(tmp_path / "home" / "lake", MERGED)
    assert max(len(table.layers) for table in found.values()) < MOST_LAYERS_OF_A_LOAD
    assert set(titles(tmp_path / "home")) == set(range(1, MOST_LAYERS_OF_A_LOAD + 7))


def test_paths_that_cannot_be_meant_are_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "empty").mkdir()
    (tmp_path / "other").mkdir()
    twins = [write(tmp_path / "a.xml", [article(1)]), write(tmp_path / "other/a.xml", [article(2)])]
    for paths, named in (
        ([tmp_path / "notes.txt"], "notes.txt"),
        ([tmp_path / "empty"], "empty"),
        ([tmp_path / "absent.xml"], "absent.xml"),
        (twins, "a.xml"),
    ):
        with pytest.raises(WrongUse, match=named):
            ingest(tmp_path / "home", *paths)


def test_a_folder_stands_for_its_pubmed_files(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    write(folder / "b.xml.gz", [article(2)])
    write(folder / "a.xml", [article(1)])
    (folder / "a.xml.md5").write_text("x")
    assert ingest(tmp_path / "home", folder).source_count == 2
    assert set(titles(tmp_path / "home")) == {1, 2}


def test_source_numbers_follow_pubmeds_log() -> None:
    names = ["new_2026-11-22.xml.gz", "medline16n0902.xml.gz", "pubmed26n1335.xml.gz", "d.pmids.gz"]
    assert [source_number(Path(name)) for name in names] == [0, 160902, 261335, 99999999]


# A log of PubMed as files in number order: a paper's versions and days of revision only rise.
entry = st.tuples(st.integers(1, 4), st.integers(0, 1), st.booleans(), st.booleans())
logs = st.lists(st.lists(entry, min_size=1, max_size=4), min_size=2, max_size=4)


def compact_all(home: Path) -> None:
    """Merge all layers of all tables."""
    with lake.begin(home / "lake") as commit:
        for name, table in lake.datasets(home / "lake", MERGED).items():
            if table.layers:
                commit.merge(name, 0)


def write_log(folder: Path, log: list[list[tuple[int, int, bool, bool]]]) -> list[Path]:
    """Write a file a list; an entry: PMID, days since its last revision, is deleted, retracts."""
    days: dict[int, int] = {}
    files = []
    for number, entries in enumerate(log, start=1):
        records, deleted = [], []
        for pmid, step, is_deleted, is_notice in entries:
            if is_deleted:
                deleted.append(pmid)
                continue
            days[pmid] = days.get(pmid, 1) + step
            links = [("RetractionOf", pmid % 4 + 1)] if is_notice else []
            title = f"file {number} day {days[pmid]}"
            authors = [author(f"N{number}"), *([author("Extra")] if step else [])]
            records.append(
                article(
                    pmid,
                    revised=f"2020-01-{days[pmid]:02}",
                    title=title,
                    links=links,
                    authors=authors,
                    keywords=[f"k{number}"],
                )
            )
        files.append(write(folder / f"pubmed26n{number:04}.xml", records or [article(9)], deleted))
    return files


@settings(max_examples=10, deadline=None)
@given(log=logs, data=st.data())
def test_neither_order_nor_number_of_runs_matters(
    log: list[list[tuple[int, int, bool, bool]]], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = write_log(folder, log)
        ingest(folder / "at_once", *files)
        shuffled = data.draw(st.permutations(files))
        cut = data.draw(st.integers(1, len(files) - 1))
        ingest(folder / "in_two", *shuffled[:cut], records_per_commit=1)
        if data.draw(st.booleans()):
            compact_all(folder / "in_two")
        ingest(folder / "in_two", *shuffled[cut:], records_per_commit=1)
        assert tables(folder / "in_two") == tables(folder / "at_once")


def test_a_revision_a_deletion_and_a_return_end_alike_forwards_and_backwards(
    tmp_path: Path,
) -> None:
    files = [
        write(tmp_path / "pubmed26n0001.xml", [article(1, revised="2020-01-01"), article(2)]),
        write(tmp_path / "pubmed26n0002.xml", [article(1, revised="2020-01-02")], deleted=[2]),
        write(tmp_path / "pubmed26n0003.xml", [article(2, title="Back")], deleted=[1]),
    ]
    ends = []
    for number, order in enumerate((files, files[::-1])):
        home = tmp_path / f"home{number}"
        for file in order:
            ingest(home, file)
        ends.append(tables(home))
    assert {row["pmid"]: row["title"] for row in ends[0]["publications"]} == {2: "Back"}
    assert all(end == ends[0] for end in ends)


def independent(path: Path) -> tuple[dict[int, tuple[int, str]], set[int]]:
    """PMID → (version, day of revision) and deletions, read with the standard library."""
    root = ET.fromstring(gzip.decompress(path.read_bytes()))
    papers = {}
    for citation in root.iter("MedlineCitation"):
        pmid = citation.find("PMID")
        revised = citation.find("DateRevised")
        assert pmid is not None
        day = "-".join(revised.itertext()).replace("\n", "") if revised is not None else ""
        papers[int(pmid.text or "")] = (int(pmid.get("Version", "")), day)
    return papers, {int(e.text or "") for e in root.iterfind("DeleteCitation/PMID")}


@needs_shared
def test_the_2026_pair_agrees_with_an_independent_reading(tmp_path: Path) -> None:
    base, update = (
        PUBMED / "baseline/pubmed26n1334.xml.gz",
        PUBMED / "updatefiles/pubmed26n1335.xml.gz",
    )
    old, _ = independent(base)
    new, gone = independent(update)
    # the pair has no PMID in common, so revise and delete some of the baseline on top of it
    revised, removed = sorted(old)[:5], sorted(old)[5:9]
    later = write(
        tmp_path / "pubmed26n1336.xml.gz",
        [article(pmid, revised="2026-12-31", version=old[pmid][0]) for pmid in revised],
        deleted=removed,
    )
    home = tmp_path / "home"
    first = ingest(home, base)
    second = ingest(home, update)
    third = ingest(home, later)
    assert first.new_count == len(old)
    assert second.new_count == len(set(new) - set(old))
    assert second.revised_count == len(set(new) & set(old))
    assert second.deleted_count == len(gone & (set(old) | set(new)))
    assert (third.revised_count, third.deleted_count) == (5, 4)
    held = {row["pmid"]: row for row in tables(home)["publications"]}
    assert set(held) == (set(old) | set(new)) - gone - set(removed)
    assert all(held[pmid]["source_number"] == 261336 for pmid in revised)
    assert {row["pmid"] for row in tables(home)["deletions"]} == gone | set(removed)


@needs_shared
def test_an_odd_file_without_records_is_refused_and_the_others_are_read(tmp_path: Path) -> None:
    told = ingest(tmp_path / "home", PUBMED / "odd")
    [(file, why)] = told.refused
    assert file.name == "error_body_37909814.xml"
    assert "neither a record nor a deletion" in why
    assert told.source_count == 7
