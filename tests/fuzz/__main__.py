"""Fuzz each target for a while, and say what was found.

    python -m tests.fuzz [--seconds 60] [TARGET…]

It ends with 1 if anything was: the input is kept, and told with how to try it again.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from tests.fuzz.targets import TARGETS

ROOT: Final = Path(__file__).resolve().parents[2]
# Beside its time, a target needs to import and to try the corpus that it has.
_MORE_SECONDS: Final = 300
_TRIED: Final = re.compile(r"number_of_executed_units: (\d+)")
_KEPT: Final = re.compile(r"Test unit written to (\S+)")


def fuzz(name: str, seconds: int) -> bool:
    """Fuzz a target; tell whether all was well."""
    with tempfile.TemporaryDirectory(prefix="flowground-fuzz-") as folder:
        started = time.monotonic()
        command = [sys.executable, "-m", "tests.fuzz.drive", name]
        try:
            done = subprocess.run(
                [*command, f"-max_total_time={seconds}"],
                cwd=ROOT,
                env={**os.environ, "TMPDIR": folder},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=seconds + _MORE_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            print(f"{name:<20} did not end, and was ended: {' '.join(command)}")
            return False
    tried = _TRIED.search(done.stdout)
    took = time.monotonic() - started
    said = "well" if done.returncode == 0 else "FAILED"
    print(f"{name:<20} {tried[1] if tried else '?':>8} inputs {took:>5.0f} s  {said}")
    if done.returncode:
        print(done.stdout[-6_000:])
        if kept := _KEPT.search(done.stdout):
            print(f"again: {' '.join(command)} {kept[1]}")
    sys.stdout.flush()
    return done.returncode == 0


def main() -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    given = parser.parse_args()
    if unknown := sorted(set(given.targets) - set(TARGETS)):
        parser.error(f"there is no target {unknown[0]}; there are {', '.join(TARGETS)}")
    well = [fuzz(name, given.seconds) for name in given.targets or TARGETS]
    return 0 if all(well) else 1


if __name__ == "__main__":
    sys.exit(main())
