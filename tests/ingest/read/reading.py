"""Read a file in a process with little memory, and tell what came of it.

python -m tests.ingest.read.reading FILE WORD     WORD must not be in what is read
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections import Counter
from pathlib import Path

from pipeline.errors import ConfrereError
from pipeline.ingest.read import xml
from pipeline.ingest.read.records import Record

MOST_MEMORY = 512 << 20
"""Bytes above what the process has when it begins to read."""


def memory(kind: str) -> int:
    """Kilobytes of this process, as the system counts them: VmSize, VmRSS (now), VmHWM (peak)."""
    status = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in status if line.startswith(f"{kind}:")))


def read(file: Path, word: str) -> dict[str, object]:
    """Read a file: kinds of items, error, whether a record has the word."""
    kinds: Counter[str] = Counter()
    has_word = False
    try:
        for item in xml.read(file):
            kinds[type(item).__name__] += 1
            # what cannot be read is kept as it came: only what a record holds counts
            has_word = has_word or (isinstance(item, Record) and word in repr(item))
    except ConfrereError as error:
        return {"kinds": kinds, "has_word": has_word, "error": str(error)}
    return {"kinds": kinds, "has_word": has_word, "error": None}


def main() -> None:
    """Read under a limit of memory; print what came of it, seconds and megabytes."""
    limit = (memory("VmSize") << 10) + MOST_MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    before, started = memory("VmRSS"), time.process_time()
    told = read(Path(sys.argv[1]), sys.argv[2])
    spent = {"cpu": time.process_time() - started, "megabytes": (memory("VmHWM") - before) / 1024}
    sys.stdout.write(json.dumps(told | spent))


if __name__ == "__main__":
    main()
