"""Fetch made-up records through sockets that go wrong: `python -m tests.benchmarks.faults`.

Prints how often each kind of fault was injected, and what was lost, foreign or doubled (nothing may
be). `--records`, `--busy` (those of one day), `--rate` (share of answers that go wrong), `--seed`.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.ingest.fetch import campaign


def main() -> None:
    """Run the campaign and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=41_000)
    parser.add_argument("--busy", type=int, default=20_500)
    parser.add_argument("--rate", type=float, default=0.72)
    parser.add_argument("--seed", type=int, default=1)
    told = parser.parse_args()
    with TemporaryDirectory() as home:
        result = campaign.run(Path(home), told.records, told.busy, told.rate, told.seed)
    for fault, count in result.faults.most_common():
        print(f"{count:6} {fault}")
    print(f"{sum(result.faults.values()):6} faults of {len(result.faults)} kinds")
    print(f"{result.request_count:6} requests in {result.seconds:.1f} s")
    print(f"{sum(result.failed.values()):6} slices fetched anew {dict(result.failed)}")
    lost = foreign = doubled = 0
    for name, planted in result.planted.items():
        came = Counter([*result.came[name], *result.unavailable.get(name, [])])
        lost += len(set(planted) - set(came))
        foreign += len(set(came) - set(planted))
        doubled += sum(count - 1 for count in came.values())
    print(f"{lost:6} lost, {foreign} foreign, {doubled} doubled of {told.records} records")


if __name__ == "__main__":
    main()
