"""How fast GitHub may be asked, and how long it wants to be left alone.

GitHub's own rules: write one after another, a second apart; and when a limit is hit,
wait as the answer says before anything else is sent
(https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api).
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from email.utils import formatdate
from typing import TYPE_CHECKING, Final

from components.kernel import ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

WRITE_GAP_SECONDS: Final = 1.0
# What GitHub asks for where a secondary limit's answer names no time.
SECONDARY_WAIT_SECONDS: Final = 60.0
# Longer than secondary limits last; a whole primary window (an hour) is not waited
# for, because a person who watches an `up` would take it for hung.
LONGEST_WAIT_SECONDS: Final = 900.0


class Pace:
    """The speed of all threads that ask with one credential."""

    def __init__(self, write_gap: float) -> None:
        self._write_gap = write_gap
        self._writing = threading.Lock()
        self._next_write = 0.0
        self._resume = 0.0

    @contextmanager
    def turn(self, *, writes: bool) -> Iterator[None]:
        """Wait until a request may be sent; writes go one after another."""
        if not writes:
            self._wait()
            yield
            return
        with self._writing:
            self._wait(self._next_write)
            try:
                yield
            finally:
                self._next_write = time.monotonic() + self._write_gap

    def hold(self, seconds: float) -> None:
        """Send nothing for so long, whichever thread was told to wait.

        Raises:
            ServiceError: That is longer than anybody should wait without a word.
        """
        if seconds > LONGEST_WAIT_SECONDS:
            at = formatdate(time.time() + seconds, usegmt=True)
            raise ServiceError(
                f"GitHub's rate limit is used up until {at}; run again after that, "
                f"or use a credential with a limit of its own",
                status=429,
            )
        self._resume = max(self._resume, time.monotonic() + seconds)

    def _wait(self, until: float = 0.0) -> None:
        while (pause := max(until, self._resume) - time.monotonic()) > 0:
            time.sleep(pause)


def advised_wait(
    status: int, headers: Mapping[str, str], message: str, now: float
) -> float | None:
    """Return for how many seconds GitHub wants no requests; None for no limit.

    Args:
        status: The answer's.
        headers: The answer's, with lower-case names.
        message: The answer's words.
        now: The time, as seconds since 1970.
    """
    if status not in {403, 429}:
        return None
    if (after := headers.get("retry-after", "")).isdecimal():
        return float(after)
    reset = headers.get("x-ratelimit-reset", "")
    if headers.get("x-ratelimit-remaining") == "0" and reset.isdecimal():
        # It is not told when in that second.
        return max(float(reset) - now, 0.0) + 1.0
    if status == 429 or "secondary rate limit" in message.lower():
        return SECONDARY_WAIT_SECONDS
    return None
