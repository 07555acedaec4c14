"""Look for what would stop an `up` of a stack, and say how to mend it.

    python -m tools.doctor prod [--cwd FOLDER]

It writes nothing. The exit code is 1 if an `up` would be stopped.
"""

from __future__ import annotations

import argparse
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tools.surroundings import ROOT, environment

from .aws import aws
from .backend import journal, opened, state
from .config import secrets, settings
from .engine import cli, packages
from .finding import Verdict, stop
from .github import github
from .modal import modal
from .patient import Patient
from .prefect import prefect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from .finding import Finding

# In the order of the table.
CHECKS: Final[tuple[Callable[[Patient], Iterator[Finding]], ...]] = (
    *(cli, packages, state, opened, journal, settings, secrets),
    *(prefect, modal, github, aws),
)


def examine(patient: Patient) -> list[Finding]:
    """Run all checks side by side, and return what they found, in a fixed order."""

    def run(check: Callable[[Patient], Iterator[Finding]]) -> list[Finding]:
        found: list[Finding] = []
        try:
            found.extend(check(patient))
        except Exception as error:  # noqa: BLE001  # one check's fault hides no other's
            # Its text is not ours, and might hold anything.
            told = f"the check itself failed ({type(error).__name__}); please report it"
            found.append(stop(check.__name__, "check", told))
        return found

    with ThreadPoolExecutor(len(CHECKS)) as threads:
        results = list(threads.map(run, CHECKS))
    return [*patient.findings, *(one for result in results for one in result)]


def table(findings: Iterable[Finding]) -> Iterator[str]:
    """Yield the lines of the table."""
    rows = [
        (f.verdict.value, f.about, f.what, " ".join(f.said.split())) for f in findings
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for *head, said in rows:
        cells = (text.ljust(width) for text, width in zip(head, widths, strict=True))
        yield f"{'  '.join(cells)}  {said}".rstrip()


def main() -> int:
    """Print the table, and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("stack")
    parser.add_argument("--cwd", type=Path, default=ROOT, metavar="FOLDER")
    given = parser.parse_args()
    env = environment()
    os.environ.update(env)  # which is where the services' clients look
    findings = examine(Patient.of(given.stack, given.cwd, env))
    print("\n".join(table(findings)))
    stopped = sum(f.verdict is Verdict.STOP for f in findings)
    warned = sum(f.verdict is Verdict.WARN for f in findings)
    print(
        f"\n{stopped} would stop an `up` of {given.stack}, {warned} worth a look, "
        f"of {len(findings)} findings"
    )
    return 1 if stopped else 0


if __name__ == "__main__":
    sys.exit(main())
