"""One rate limit for all that share a key, measured where the requests arrive."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.ingest.fetch.turns import Turns
from pipeline.settings import Settings
from tests.ingest.conftest import FAST, KEY
from tests.ingest.fetch.faulty import serving

ROOT = Path(__file__).parents[3]

ASK = """
import sys
from pathlib import Path
from pipeline.ingest.fetch.http import Http
from pipeline.settings import Settings
home, url, key, count = sys.argv[1:]
settings = Settings(home=Path(home), eutils_url=url, ncbi_api_key=key)
with Http.open(settings) as http:
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(int(count)):
        http.post("esearch.fcgi", {"term": "1:2[UID]"}, "test", len)
"""


@pytest.mark.parametrize(("key", "limit", "count"), [("", 3, 4), (KEY, 10, 12)])
def test_four_processes_together_keep_to_the_limit_of_their_key(
    tmp_path: Path, key: str, limit: int, count: int
) -> None:
    with serving(tmp_path, key=key) as (pubmed, settings):
        command = [sys.executable, "-c", ASK, f"{tmp_path}", settings.eutils_url, key, f"{count}"]
        askers = [
            subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            for _ in range(4)
        ]
        for asker in askers:
            assert asker.stdout is not None
            assert asker.stdout.readline() == "ready\n"
        for asker in askers:
            asker.communicate("go\n", timeout=60)
            assert asker.returncode == 0
    assert len(pubmed.arrivals) == 4 * count
    arrivals = sorted(pubmed.arrivals)
    spans = [last - first for first, last in zip(arrivals, arrivals[limit:], strict=False)]
    assert min(spans) >= 1.0
    # and the limit is made use of
    assert arrivals[-1] - arrivals[0] < 4 * count / limit * 1.6


def test_the_key_names_no_file_but_tells_turns_apart(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, ncbi_api_key=KEY)
    own, other = (
        Turns.of(each, FAST) for each in (settings, replace(settings, ncbi_api_key="other"))
    )
    assert own.path != other.path
    assert KEY not in f"{own.path}"
    own.pause(0.4)
    assert other.take(0.1)
    assert not own.take(0.1)


def test_who_is_told_to_slow_down_slows_all_that_share_the_key(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    one, other = Turns.of(settings, FAST), Turns.of(settings, FAST)
    assert one.take(0)
    one.pause(0.3)
    started = time.monotonic()
    assert other.take(5)
    assert 0.3 <= time.monotonic() - started < 2


@pytest.mark.parametrize("stored", ["", "?", "nan", "inf", "1e18", "-5"])
def test_turns_survive_a_damaged_file_and_a_restarted_machine(tmp_path: Path, stored: str) -> None:
    turns = Turns.of(Settings(home=tmp_path), replace(FAST, gap=0.05))
    turns.path.parent.mkdir()
    turns.path.write_text(stored)
    started = time.monotonic()
    assert turns.take(2)
    assert turns.take(2)
    assert 0.05 <= time.monotonic() - started < 2
