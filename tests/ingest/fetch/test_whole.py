"""Counts across the borders of blocks, and what is plausible."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import ConfrereError
from pipeline.ingest.fetch import whole
from pipeline.ingest.fetch.whole import Size, check_plausible, check_whole
from tests.ingest.drawn import article, article_set
from tests.ingest.fetch.drawn_mirror import packed


@pytest.mark.parametrize("block", [1, 2, 7, 14, 15, 16, 19, 64, 1000])
def test_a_record_is_counted_once_wherever_a_block_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(whole, "_BLOCK", block)
    file = tmp_path / "pubmed26n0001.xml.gz"
    book = "<PubmedBookArticle></PubmedBookArticle>"
    records = [*(article(pmid) for pmid in range(1, 4)), book, book]
    file.write_bytes(packed(article_set(records, deleted=[9]) + b"\n"))
    assert check_whole(file.name, file) == Size(file.stat().st_size, 5)


def test_a_file_of_deletions_alone_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "pubmed26n1335.xml.gz"
    file.write_bytes(packed(article_set([], deleted=[9])))
    assert check_whole(file.name, file).record_count == 0


def test_records_and_bytes_are_each_held_to_the_median_of_earlier_files() -> None:
    earlier = [Size(1_000_000, 30_000), Size(1_200_000, 31_000), Size(40, 2)]
    check_plausible("a", Size(10_000, 300), earlier, 0.01)
    check_plausible("a", Size(5, 0), earlier, 0)
    check_plausible("a", Size(5, 0), earlier[:2], 0.01)
    with pytest.raises(ConfrereError, match=r"^\[a\] has 299 records where 30,000 are usual"):
        check_plausible("a", Size(10_000, 299), earlier, 0.01)
    with pytest.raises(ConfrereError, match=r"^\[a\] has 9,999 bytes where 1,000,000 are usual"):
        check_plausible("a", Size(9_999, 300), earlier, 0.01)


def test_bytes_that_the_ledger_does_not_know_are_no_standard() -> None:
    earlier = [Size(None, 30_000), Size(None, 30_000), Size(1_000_000, 30_000)]
    check_plausible("a", Size(1, 30_000), earlier, 0.01)
