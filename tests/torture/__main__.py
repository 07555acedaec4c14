"""Torture a stack: seeded faults and kills, and whether one `up` mends it all.

    python -m tests.torture --seeds 500 [--first 0] [--workers 2]

Without a checkpoint in the middle of any run. Each worker has services of its own.
Before seed 0 come those that failed once. What fails is printed with its story; put it
into `tests/torture/kept.py`.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

from tests.torture.kept import KEPT
from tests.torture.seeds import Report
from tests.torture.workers import run

if TYPE_CHECKING:
    from collections.abc import Sequence


def tell(report: Report) -> None:
    """Print what a seed went through; all of it, if something is wrong."""
    drawn = sum(report.drawn.values())
    said = "FAILED" if report.problems else "ok"
    story = "; ".join(report.story)
    print(f"seed {report.seed} {said}: {drawn} faults, {report.seconds:.1f} s: {story}")
    if report.problems:
        for line in (str(report.drawn), *report.errors, *report.problems):
            print(f"    {line}")
    sys.stdout.flush()


def main() -> int:
    """Run the seeds and return 1 if any failed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=500)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    drawn = range(given.first, given.first + given.seeds)
    seeds = list(dict.fromkeys(drawn if given.first else (*KEPT, *drawn)))
    started = time.monotonic()
    done: list[Report] = []
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt):  # what is done counts
        for report in run(seeds, given.workers):
            tell(report)
            done.append(report)
    return summarize(done, time.monotonic() - started)


def summarize(done: Sequence[Report], took: float) -> int:
    """Print what all seeds went through, and return 1 if any failed."""
    faults: Counter[str] = Counter()
    for report in done:
        faults.update(report.drawn)
    failed = sorted(report.seed for report in done if report.problems)
    calls = sum(report.calls for report in done)
    errors = sum(len(report.errors) for report in done)
    print(
        f"\n{len(done)} seeds in {took:.0f} s: {calls} calls, {faults.total()} faults"
    )
    print(f"{errors} resources ended with errors; {len(failed)} seeds failed: {failed}")
    for name, count in sorted(faults.items()):
        print(f"    {name:<26} {count}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
