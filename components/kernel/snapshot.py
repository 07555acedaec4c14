"""One list call serves the reads of a whole refresh, and the finds of a whole `up`.

A snapshot answers each question once. The engine reads every resource once in a
refresh, so a refresh costs one list call a kind and place; and whoever asks the same
question twice wants to know anew, so nothing is ever served stale to a retry.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from .kind import Api, Kind
    from .model import Args

# Longer than the reads of any one refresh lie apart, and short enough that an `up`
# which takes minutes sees what others made meanwhile.
MAX_AGE_SECONDS: Final = 30.0


class Unreadable:
    """An object that is there, but which this version's model cannot express."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


class Snapshot:
    """What one list call returned, by id and by natural key."""

    def __init__(self, kind: Kind[Any, Any, Any], api: Api, taken_at: float) -> None:
        self.taken_at = taken_at
        self.by_id: dict[str, Args | Unreadable] = {}
        self.by_key: dict[Hashable, Args] = {}
        self.asked: set[Hashable] = set()
        for wire in kind.list(api):
            try:
                state = kind.parse(api, wire)
            except (LookupError, AttributeError, TypeError, ValueError) as error:
                # Somebody else's odd object must not stop us from managing ours.
                self.by_id[str(wire["id"])] = Unreadable(type(error).__name__)
            else:
                self.by_id[id_of(state)] = state
                self.by_key.setdefault(key_of(kind, state), state)


class Snapshots:
    """The snapshots of one kind, a place each; safe to share between threads."""

    def __init__(
        self,
        kind: Kind[Any, Any, Any],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._kind = kind
        self._clock = clock
        self._lock = threading.Lock()
        self._places: dict[Hashable, tuple[threading.Lock, list[Snapshot]]] = {}

    def by_id(self, api: Api, id_: str) -> Args | Unreadable | None:
        """Return the object with this id, or None if there surely is none.

        "It is gone" takes a resource out of state, so it is only said of a list that
        was called for just this question.
        """
        question = ("id", id_)
        snapshot, fresh = self._ask(api, question)
        if id_ not in snapshot.by_id and not fresh:
            snapshot, _ = self._ask(api, question)
        return snapshot.by_id.get(id_)

    def by_key(self, api: Api, args: Args) -> Args | None:
        """Return the object with this natural key, or None if none was listed."""
        key = key_of(self._kind, args)
        snapshot, _ = self._ask(api, ("key", key))
        return snapshot.by_key.get(key)

    def wrote(self, api: Api, args: Args, id_: str | None = None) -> None:
        """Have the next question about this object answered by the service itself."""
        lock, held = self._place(api)
        with lock:
            if held:
                held[0].asked |= {("id", id_), ("key", key_of(self._kind, args))}

    def _place(self, api: Api) -> tuple[threading.Lock, list[Snapshot]]:
        with self._lock:
            return self._places.setdefault(api.scope, (threading.Lock(), []))

    def _ask(self, api: Api, question: Hashable) -> tuple[Snapshot, bool]:
        """Return the snapshot to answer from, and whether it was taken just now."""
        lock, held = self._place(api)
        with lock:
            now = self._clock()
            fresh = (
                not held
                or question in held[0].asked
                or now - held[0].taken_at > MAX_AGE_SECONDS
            )
            if fresh:
                held[:] = [Snapshot(self._kind, api, now)]
            held[0].asked.add(question)
            return held[0], fresh


def id_of(state: Args) -> str:
    """Return the id that Pulumi knows the object by."""
    return str(state.id)  # type: ignore[attr-defined]  # every state model has one


def key_of(kind: Kind[Any, Any, Any], args: Args) -> Hashable:
    """Return the natural key of an object within its place."""
    return tuple(getattr(args, field) for field in kind.key)
