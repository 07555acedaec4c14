"""Waiting on conditions, with a deadline: tests never sleep for a fixed time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
POLL_SECONDS = 0.05


def until(
    condition: Callable[[], T], seconds: float = 60, *, what: str = "the condition"
) -> T:
    """Return the first truthy value of a condition; fail when none comes in time."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"{what} did not come in {seconds} s"
        time.sleep(POLL_SECONDS)
    return value
