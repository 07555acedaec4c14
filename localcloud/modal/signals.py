"""Let a waiting request wake when another one changes what it waits for."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Signals:
    """One event per key, replaced each time it fires."""

    def __init__(self) -> None:
        self._events: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    def fire(self, key: str) -> None:
        """Wake everyone who waits for the key."""
        event = self._events.pop(key, None)
        if event is not None:
            event.set()

    async def wait(self, key: str) -> None:
        """Return when the key is signalled next."""
        await self._events[key].wait()

    async def until(
        self, key: str, attempt: Callable[[], T | None], patience: float
    ) -> T | None:
        """Repeat the attempt at each signal until it returns a value or time is up.

        The event is taken before the attempt, so a change between the two is not
        missed.
        """
        deadline = time.monotonic() + patience
        while True:
            event = self._events[key]
            result = attempt()
            left = deadline - time.monotonic()
            if result is not None or left <= 0:
                return result
            try:
                async with asyncio.timeout(left):
                    await event.wait()
            except TimeoutError:
                return attempt()
