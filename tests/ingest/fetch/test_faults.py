"""Over real sockets that go wrong: no record is lost, and what stays wrong is a typed error."""

from __future__ import annotations

import logging
import re
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline import stages
from pipeline.demo.faults import Fault, Faults
from pipeline.errors import Incomplete, RateLimited, TimedOut, UpstreamError
from pipeline.ingest.fetch import eutilities
from tests.ingest.conftest import KEY
from tests.ingest.drawn import article, tables, versions
from tests.ingest.fetch import campaign
from tests.ingest.fetch.faulty import NEW, SHORT, SLOW, serving


def test_a_thousand_faults_lose_no_record_add_none_and_double_none(tmp_path: Path) -> None:
    result = campaign.run(tmp_path, count=41_000, busy=20_500, rate=0.72)
    assert sum(result.faults.values()) >= 1_000
    assert len(result.faults) >= 20
    assert len(result.withheld) == 20
    for name, planted in result.planted.items():
        unavailable = result.unavailable.get(name, [])
        assert sorted([*result.came[name], *unavailable]) == planted, name
        assert unavailable == [pmid for pmid in planted if pmid in result.withheld]


LASTING = {
    RateLimited: [Fault.SLOW_DOWN, Fault.SLOW_DOWN_SECONDS, Fault.SLOW_DOWN_DATE],
    TimedOut: SLOW,
    Incomplete: [Fault.FOREIGN, Fault.DUPLICATED, Fault.CHANGED_COUNT],
    UpstreamError: [
        *(Fault.ERROR_500, Fault.ERROR_502, Fault.ERROR_503, Fault.PROXY_STREAM, Fault.HTML),
        *(Fault.HTML_AS_XML, Fault.ERROR_ELEMENT, Fault.EMPTY, Fault.INVALID_UTF8, Fault.RESET),
        *(Fault.INVALID_CHARACTER, Fault.BAD_ENCODING, Fault.CUT_BY_LENGTH, Fault.CUT_CHUNKED),
        Fault.CUT_BY_CLOSE,
    ],
}


@pytest.mark.parametrize(
    ("kind", "fault"), [(kind, fault) for kind, faults in LASTING.items() for fault in faults]
)
def test_a_fault_that_lasts_is_a_typed_error_in_time_and_never_tells_the_key(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, kind: type[UpstreamError], fault: Fault
) -> None:
    caplog.set_level(logging.DEBUG)
    started = time.monotonic()
    with (
        serving(tmp_path, Faults([fault])) as (_, settings),
        pytest.raises(
            UpstreamError, match=rf"^\[{re.escape(NEW)}\] .*: run again later$"
        ) as caught,
    ):
        eutilities.fetch_slice(NEW, settings, SHORT)
    # one search and one fetch at most
    assert time.monotonic() - started < 2 * SHORT.total + 3
    assert caught.type is kind
    assert list(settings.spool_folder.iterdir()) == []
    error: BaseException = caught.value
    assert error.__context__ is None
    assert KEY not in f"{error!r} {caught.getrepr(chain=True)} {caplog.text}"


def test_a_slice_that_stays_failed_changes_nothing_and_the_next_run_repairs_it(
    tmp_path: Path,
) -> None:
    faults = Faults(rate=0)
    now = datetime(2026, 3, 3, 9, tzinfo=UTC)
    with serving(tmp_path, faults) as (_, settings):
        stages.ingest(settings, now, [_baseline(tmp_path)])
        before, planned = versions(tmp_path), stages.plan_fetch(settings, now)
        assert len(planned) == 3
        faults.rate = 1
        for name in planned:
            with pytest.raises(UpstreamError):
                eutilities.fetch_slice(name, settings, SHORT)
        stages.ingest(settings, now)
        assert stages.plan_fetch(settings, now) == planned
        assert versions(tmp_path) == before
        faults.rate = 0
        for name in planned:
            stages.fetch(settings, name)
        stages.ingest(settings, now)
        assert stages.plan_fetch(settings, now) == []
    assert [row["pmid"] for row in tables(tmp_path)["publications"]] == [5, 11, 12, 13]


def _baseline(folder: Path) -> Path:
    path = folder / "baseline.xml"
    path.write_text(f"<PubmedArticleSet>{article(5)}</PubmedArticleSet>", encoding="utf-8")
    return path
