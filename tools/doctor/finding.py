"""What a check says: one line of the doctor's table."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Verdict(Enum):
    """How bad it is: nothing, worth a look, or the end of an `up`."""

    FINE = "ok"
    WARN = "warn"
    STOP = "STOP"


class Finding(NamedTuple):
    """One line.

    Attributes:
        about: The service, or the part of the engine.
        what: What was looked at.
        verdict: How bad it is.
        said: What was found; unless it is fine, one sentence with the way out.
    """

    about: str
    what: str
    verdict: Verdict
    said: str


def fine(about: str, what: str, said: str) -> Finding:
    """Say that all is well."""
    return Finding(about, what, Verdict.FINE, said)


def warn(about: str, what: str, said: str) -> Finding:
    """Say what an `up` survives, and somebody should see."""
    return Finding(about, what, Verdict.WARN, said)


def stop(about: str, what: str, said: str) -> Finding:
    """Say what an `up` would end with."""
    return Finding(about, what, Verdict.STOP, said)
