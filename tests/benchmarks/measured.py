"""A command's wall time, CPU time, peak memory and bytes written, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figures:
    """What a process cost; `written_mb` is what it had the file system write."""

    wall_seconds: float
    cpu_seconds: float
    peak_mb: float
    written_mb: float
    output: str

    def __str__(self) -> str:
        return (
            f"{self.wall_seconds:8.2f} {self.cpu_seconds:8.2f} {self.peak_mb:8.0f} "
            f"{self.written_mb:10.1f}  {self.output}"
        )


HEADER = f"{'wall s':>8} {'CPU s':>8} {'peak MB':>8} {'written MB':>10}  result"


def run(module: str, *arguments: object) -> Figures:
    """Run `python -m module arguments…` and measure it.

    Raises
    ------
    SystemExit
        It failed; what it said is passed on.
    """
    command = [sys.executable, "-m", module, *map(str, arguments)]
    started = time.perf_counter()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        output = process.stdout.read().strip()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed: {output}")
    return Figures(
        time.perf_counter() - started,
        usage.ru_utime + usage.ru_stime,
        usage.ru_maxrss / 1024,  # Linux gives KiB
        usage.ru_oublock * 512 / 1e6,
        output,
    )
