"""What the installation tells the user, on stderr: stdout is for the answer."""

from __future__ import annotations

import sys
import time

# Seconds between two lines of a long step.
_PAUSE = 10.0


def say(line: str) -> None:
    """Print one line at once."""
    print(line, file=sys.stderr, flush=True)


class Counter:
    """Tell now and then how far a long step is."""

    def __init__(self, what: str) -> None:
        """Start the clock; `what` follows the number, as in `12 modules downloaded`."""
        self._what = what
        self._start = self._last = time.monotonic()
        self._done = 0

    def step(self) -> None:
        """Count one more."""
        self._done += 1
        if time.monotonic() - self._last >= _PAUSE:
            self.finish()

    def finish(self) -> None:
        """Print the count and the time."""
        self._last = time.monotonic()
        minutes, seconds = divmod(int(self._last - self._start), 60)
        say(f"  {self._done} {self._what} ({minutes}m{seconds:02}s)")
