"""What identity costs: a corpus at a quarter, a half and one, a night on top, and hard cases.

python -m tests.benchmarks.identity_cost     on the nightly batches: initials only, the worst case

Hard cases: 5,000 papers by as many namesakes, and records with a paper of 5,399 authors.

Every run is a process of its own; the CPU time is that of the stage, without
starting Python.
"""

from __future__ import annotations

import gzip
import random
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import accumulate, islice
from pathlib import Path

import pyarrow.compute as pc

from pipeline import lake, stages
from pipeline.settings import Settings
from tests.benchmarks import corpus, measured
from tests.builders import SHARED
from tests.ingest import drawn

NIGHT = 500
NAMESAKES = 5_000
_RECORD = re.compile(rb"<PubmedArticle>.*?</PubmedArticle>", re.DOTALL)


def run_stage(home: Path, files: list[Path]) -> None:
    """Ingest files, then identify, and say what the latter cost."""
    warm_up()
    settings = Settings(home=home)
    stages.ingest(settings, datetime.now(UTC), files)
    started = time.process_time()
    told = stages.identify(settings)
    print(f"{time.process_time() - started:.2f} {told['paper_count']} {told['pair_count']}")


def warm_up() -> None:
    """Identify one small file, so that imports and compiled kernels are there."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder))
        stages.ingest(settings, datetime.now(UTC), [SHARED / "pubmed" / "records.xml.gz"])
        stages.identify(settings)


def largest_block(home: Path) -> int:
    """Mentions in it."""
    blocks = lake.read(Settings(home=home).lake_folder, "mentions").read(["block"])["block"]
    return max(pc.value_counts(blocks).field("counts").to_pylist())


def main() -> None:
    """Print a row a run."""
    files = sorted((SHARED / "nightly").glob("*.xml.gz"))
    if not files:
        raise SystemExit(f"{SHARED} is not there: the benchmark needs its nightly batches")
    print(f"{'run':14} {'papers':>9} {'pairs':>10} {'largest':>8} {'CPU s':>8} {'peak MB':>8}")
    with tempfile.TemporaryDirectory() as folder:
        whole, rest = files[:-1], files[-1]
        counts = [len(_RECORD.findall(gzip.decompress(file.read_bytes()))) for file in whole]
        for share in (0.25, 0.5, 1.0):
            home = Path(folder) / str(share)
            papers = share * sum(counts)
            full = show(f"{share:.2f}", home, [
                file
                for file, before in zip(whole, accumulate(counts, initial=0), strict=False)
                if before < papers
            ])  # fmt: skip
        records = islice(_RECORD.findall(gzip.decompress(rest.read_bytes())), NIGHT)
        night = corpus.write(Path(folder) / "night.xml", records)
        cost = show("night on top", home, [night])
        print(f"the night costs {100 * cost / full:.1f} % of the full run")
        alike = drawn.write(Path(folder) / "namesakes.xml", namesakes())
        show("namesakes", Path(folder) / "namesakes", [alike])
        show("5,399 authors", Path(folder) / "mega", [SHARED / "identity" / "gs_train.xml.gz"])


def namesakes() -> Iterator[str]:
    """Draw papers by some J Smith or other, 600 people with coauthors and words of their own."""
    draw = random.Random(0)
    for pmid in range(1, NAMESAKES + 1):
        person = draw.randrange(600)
        fore_name = draw.choice(["J", f"J{letters(person % 40)}"])
        others = [drawn.author(f"Mate{letters(person)}x{letters(draw.randrange(6))}", "A")]
        subject = " ".join(f"word{letters(person)}{letters(draw.randrange(8))}" for _ in range(5))
        authors = [drawn.author("Smith", fore_name), *others]
        yield drawn.article(pmid, authors=authors, title=subject)


def letters(number: int) -> str:
    """Write a number in letters, as names are."""
    return "".join(chr(97 + int(digit)) for digit in str(number))


def show(title: str, home: Path, files: list[Path]) -> float:
    """Run the stage on top of what is in `home`, print its row, and return its CPU seconds."""
    figures = measured.run(__spec__.name, "--stage", home, *files)
    cpu, papers, pairs = figures.output.splitlines()[-1].split()
    print(
        f"{title:14} {int(papers):9,} {int(pairs):10,} {largest_block(home):8,} {float(cpu):8.1f} "
        f"{figures.peak_mb:8.0f}",
        flush=True,
    )
    return float(cpu)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--stage"]:
        run_stage(Path(sys.argv[2]), [Path(path) for path in sys.argv[3:]])
    else:
        main()
