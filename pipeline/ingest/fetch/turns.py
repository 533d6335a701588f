"""One rate limit per API key, for all processes that share a home.

NCBI allows three requests a second without a key and ten with one. The turns are given out by a
file under a lock: it holds the instant of the next turn on the clock that all processes of a
machine share (CLOCK_MONOTONIC). Between two turns lies more than NCBI asks for, because requests do
not travel at the same speed: the first of a connection waits for TCP and TLS, and yet four in a row
must not arrive within one second.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from pipeline.ingest.fetch.patience import Patience
from pipeline.settings import Settings

GAP_WITHOUT_KEY = 0.45
GAP_WITH_KEY = 0.14
"""Seconds. Four requests then span 1.35 s, eleven 1.4 s: 0.35 s are left for delays on the way."""


@dataclass(frozen=True, slots=True)
class Turns:
    """The turns of one API key."""

    path: Path
    gap: float
    farthest: float
    """Seconds; a stored turn beyond this is none: the machine was restarted since."""

    @classmethod
    def of(cls, settings: Settings, patience: Patience) -> Turns:
        """Turns of the key of `settings`, which the file's name does not tell."""
        name = sha256(f"confrere {settings.ncbi_api_key}".encode()).hexdigest()[:16]
        gap = patience.gap
        if gap is None:
            gap = GAP_WITH_KEY if settings.ncbi_api_key else GAP_WITHOUT_KEY
        return cls(settings.home / "ncbi" / f"{name}.turn", gap, gap + patience.longest_pause)

    def take(self, seconds: float) -> bool:
        """Wait for a turn; False where none comes within `seconds`."""
        end = time.monotonic() + seconds
        while True:
            with self._locked() as file:
                now = time.monotonic()
                at = self._next(file, now)
                if at <= now:
                    # counted from now and not from when it was due, so that delays never add up
                    _write(file, now + self.gap)
                    return True
            if at > end:
                return False
            time.sleep(at - now)

    def pause(self, seconds: float) -> None:
        """Give no turn to anybody for so long: PubMed asked us to slow down."""
        with self._locked() as file:
            now = time.monotonic()
            _write(file, max(self._next(file, now), now + seconds))

    @contextmanager
    def _locked(self) -> Iterator[int]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file
        finally:
            os.close(file)

    def _next(self, file: int, now: float) -> float:
        """Instant of the next turn; after damage or a restart, one gap from now."""
        stored = os.pread(file, 64, 0)
        try:
            at = float(stored or b"0")
        except ValueError:
            at = float("inf")
        if at <= now + self.farthest:  # also False for not-a-number
            return at
        _write(file, now + self.gap)
        return now + self.gap


def _write(file: int, at: float) -> None:
    # one write of one length: whoever is killed in it leaves the old turn or the new one
    os.pwrite(file, f"{at:024.6f}\n".encode(), 0)
    os.ftruncate(file, 25)
