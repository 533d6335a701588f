"""How long to wait for PubMed, and how often to ask."""

from __future__ import annotations

from dataclasses import dataclass

SLOWEST_DOWNLOAD = 10_000.0
"""Bytes a second; a download that is slower than this in the mean runs out of time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Times in seconds. The defaults are for the real PubMed; tests on loopback pass small ones."""

    tries: int = 5
    first_pause: float = 0.5
    """Before the second try; doubled each time, plus up to as much again by chance."""
    longest_pause: float = 120.0
    """Whoever asks us to wait longer is not asked again in this run."""
    connect: float = 10.0
    read: float = 60.0
    """Longest silence within an answer."""
    total: float = 180.0
    """One request with all its tries, pauses and turns; one try may take half of it.

    A download is given more time by what has arrived, at SLOWEST_DOWNLOAD.
    """
    gap: float | None = None
    """Between two requests; None: as the presence of a key allows."""
