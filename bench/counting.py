"""What is really sent: reads and writes of each kind, counted by a proxy.

The proxy can keep each answer back for a while, as the way to a cloud does.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from typing import Final, NamedTuple

from tests.support.proxy import Call, Proxy

PAGE: Final = 200
# Below another collection, and a kind by itself.
_NESTED: Final = ("schedules", "queues")
# Asked once by each process, whatever the stack.
_OF_THE_SESSION: Final = ("csrf-token", "admin", "health", "ready", "version")


class SlowProxy(Proxy):
    """A counting proxy that answers late.

    Args:
        upstream: The server.
        latency: How many seconds each answer is kept back.

    Attributes:
        posted: The path and body of each POST that made something.
    """

    def __init__(self, upstream: str, latency: float = 0.0) -> None:
        super().__init__(upstream)
        self.posted: list[tuple[str, bytes]] = []
        self._latency = latency

    def call(self, method: str, path: str, body: bytes, status: int) -> Call:
        """Keep the answer back, note what made something, and say what it was."""
        time.sleep(self._latency)
        call = super().call(method, path, body, status)
        if method == "POST" and call.writes and status < 300:
            self.posted.append((path.partition("/api")[2], body))
        return call


class Calls(NamedTuple):
    """How often objects of one kind were read and written."""

    reads: int
    writes: int


def kind_of(path: str) -> str:
    """Name the collection that a request is about: `deployments` or `schedules`."""
    steps = path.partition("/api")[2].strip("/").split("/")
    return next((step for step in steps if step in _NESTED), steps[0])


def by_kind(calls: Iterable[Call]) -> dict[str, Calls]:
    """Count the calls of each kind, without those that open a session."""
    reads: Counter[str] = Counter()
    writes: Counter[str] = Counter()
    for call in calls:
        kind = kind_of(call.path)
        if kind not in _OF_THE_SESSION:
            (writes if call.writes else reads)[kind] += 1
    return {
        kind: Calls(reads[kind], writes[kind]) for kind in sorted({*reads, *writes})
    }


def total(calls: dict[str, Calls]) -> Calls:
    """Add up all kinds."""
    return Calls(
        sum(one.reads for one in calls.values()),
        sum(one.writes for one in calls.values()),
    )
