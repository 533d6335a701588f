"""Show that long work is moving: a bar on a terminal, a log line now and then elsewhere."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")

SECONDS_BETWEEN_LINES = 10.0

logger = logging.getLogger(__name__)


def track(items: Iterable[T], what: str, total: int | None = None) -> Iterator[T]:
    """Yield `items` unchanged while showing how many have gone by.

    Parameters
    ----------
    items
        Anything iterable; consumed lazily.
    what
        What is being done, as a present participle: "reading records".
    total
        Number of items, where known, for an estimate of the time left.
    """
    if sys.stderr.isatty():
        yield from _bar(items, what, total)
    else:
        yield from _lines(items, what, total)


@contextmanager
def meter(what: str, total: int, unit: str) -> Iterator[Callable[[int, int], None]]:
    """Show how far work has come whose size is known in another measure than its results.

    Parameters
    ----------
    total
        Size of all the work, for instance bytes to read.
    unit
        Name of the results, for instance "records"; their rate is shown.

    Yields
    ------
    A function of how much of `total` is done and how many results there are so far.
    """
    if sys.stderr.isatty():
        with _meter_bar(what, total, unit) as show:
            yield show
    else:
        yield _meter_lines(what, total, unit)


@contextmanager
def _meter_bar(what: str, total: int, unit: str) -> Iterator[Callable[[int, int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
    from rich.progress import TimeRemainingColumn as Remaining

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[count]:,} " + unit + ", {task.fields[rate]:,.0f} a second"),
        Remaining(),
    )
    started = time.monotonic()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=total, count=0, rate=0.0)

        def show(done: int, count: int) -> None:
            rate = count / max(time.monotonic() - started, 1e-9)
            progress.update(task, completed=done, count=count, rate=rate)

        yield show


def _meter_lines(what: str, total: int, unit: str) -> Callable[[int, int], None]:
    started = last = time.monotonic()

    def show(done: int, count: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < SECONDS_BETWEEN_LINES or not done:
            return
        last = now
        spent = now - started
        left = spent * (total - done) / done
        logger.info(
            "%s: %.0f %%, %s %s, %.0f a second, about %.0f s left",
            *(what, 100 * done / total, f"{count:,}", unit, count / spent, left),
        )

    return show


def _bar(items: Iterable[T], what: str, total: int | None) -> Iterator[T]:
    from rich.console import Console
    from rich.progress import track as rich_track

    console = Console(stderr=True)
    yield from rich_track(items, description=what, total=total, console=console, transient=True)


def _lines(items: Iterable[T], what: str, total: int | None) -> Iterator[T]:
    started = last = time.monotonic()
    of = f" of {total:,}" if total is not None else ""
    for count, item in enumerate(items, start=1):
        yield item
        now = time.monotonic()
        if now - last >= SECONDS_BETWEEN_LINES:
            last = now
            rate = count / (now - started)
            logger.info("%s: %s%s, %.3g a second", what, f"{count:,}", of, rate)
