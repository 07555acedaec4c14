"""The Pulumi CLI, its SDK, and the packages that the program imports."""

from __future__ import annotations

import re
import subprocess
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Final

from tools.engine.release import new_enough, pinned
from tools.surroundings import ROOT

from .finding import fine, stop, warn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .finding import Finding
    from .patient import Patient

ABOUT: Final = "engine"
# `pulumi==3.259.0 \`, and what an environment of another platform has.
_PIN: Final = re.compile(
    r"^([A-Za-z0-9._-]+)(?:\[.*\])?==(\S+)( ; .*)? \\$", re.MULTILINE
)


def cli(patient: Patient) -> Iterator[Finding]:
    """See that the CLI serves the program's SDK."""
    try:
        done = subprocess.run(
            ["pulumi", "version"],
            env=dict(patient.env),
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        yield stop(ABOUT, "CLI", "there is no `pulumi` on PATH; run `make engine`")
        return
    found = done.stdout.strip().removeprefix("v")
    if new_enough(found):
        yield fine(ABOUT, "CLI", found)
    else:
        told = (
            f"`pulumi` {found} does not serve SDK {pinned()}; install that version, or "
            f"run `make engine`"
        )
        yield stop(ABOUT, "CLI", told)


def packages(patient: Patient) -> Iterator[Finding]:
    """See that the environment has what is pinned for it."""
    del patient
    # Tests and tools have pins of their own, in the same environment.
    pinned_to = {name: {wanted} for name, wanted in _pins("requirements.txt")}
    for name, wanted in _pins("requirements-dev.txt"):
        if name in pinned_to:
            pinned_to[name].add(wanted)
    wrong = [told for one in pinned_to.items() if (told := _unlike(*one))]
    if wrong:
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        told = f"{', '.join(wrong[:3])}{more}; run `make environments`"
        yield warn(ABOUT, "packages", told)
    else:
        yield fine(ABOUT, "packages", f"as pinned; SDK {version('pulumi')}")


def _pins(file: str) -> Iterator[tuple[str, str]]:
    """Yield what a file pins for every platform."""
    text = (ROOT / file).read_text(encoding="utf-8")
    yield from ((name, wanted) for name, wanted, only in _PIN.findall(text) if not only)


def _unlike(name: str, wanted: set[str]) -> str | None:
    try:
        found = version(name)
    except PackageNotFoundError:
        return f"{name} is missing"
    return None if found in wanted else f"{name} is {found}, not {' or '.join(wanted)}"
