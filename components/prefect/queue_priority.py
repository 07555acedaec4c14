"""How every queue of a pool gets the priority it was given, in whatever order.

No two queues of a pool share a priority. A server that is asked for one that is taken
moves its holder one down, and with it all that follow without a gap: so a queue that
is made or changed would undo what its neighbours were given (and through PATCH by id,
Prefect 3.8 moves nobody and leaves two queues at one priority).

Here the holder is moved out of the way first, to the next priority that is free. Then
nobody else moves, and who was moved is either not given any priority by the program,
or still to be written with its own: after the last write each is where it belongs.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from components.kernel import AlreadyExistsError, RefusedError

from .client import part
from .limits import MAX_INTEGER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from components.kernel import Wire

    from .client import PrefectApi


@dataclass
class _Pool:
    """What this process did to the queues of one pool.

    Attributes:
        lock: One queue at a time finds its place.
        given: Who was given a priority in this update.
    """

    lock: threading.Lock = field(default_factory=threading.Lock)
    given: dict[int, str] = field(default_factory=dict)


_pools: dict[tuple[str, str], _Pool] = {}
_opening = threading.Lock()


@contextmanager
def placing(
    api: PrefectApi,
    work_pool_name: str,
    name: str,
    priority: int | None,
    *,
    id_: UUID | None = None,
) -> Iterator[None]:
    """Keep a priority free for the queue that is written inside the block.

    Args:
        api: The workspace.
        work_pool_name: The pool.
        name: The queue.
        priority: The one it is given; None if it takes what the server gives it.
        id_: The queue's id, if it exists already.

    Raises:
        AlreadyExistsError: Another queue has that name; none was moved.
        RefusedError: Another queue was given that priority in the same update.
    """
    with _opening:
        pool = _pools.setdefault((api.scope, work_pool_name), _Pool())
    with pool.lock:
        if priority is not None:
            others = _others(api, work_pool_name, name, id_)
            _make_room(api, others, priority, pool.given.get(priority))
        yield
        if priority is not None:
            pool.given[priority] = name


def _others(
    api: PrefectApi, work_pool_name: str, name: str, id_: UUID | None
) -> list[Wire]:
    """Return the pool's other queues, none of which may have the name."""
    others = [q for q in queues_of(api, work_pool_name) if q["id"] != str(id_)]
    if any(queue["name"] == name for queue in others):
        raise AlreadyExistsError(
            f"the pool has a queue '{name}' already; choose another name"
        )
    return others


def _make_room(
    api: PrefectApi, others: list[Wire], priority: int, given_to: str | None
) -> None:
    taken = {queue["priority"] for queue in others} | {priority}
    for queue in others:
        if queue["priority"] != priority:
            continue
        if queue["name"] == given_to:
            raise RefusedError(
                f"queue '{given_to}' of the same pool has priority {priority} too; "
                f"give each queue a priority of its own"
            )
        free = next(p for p in range(priority + 1, MAX_INTEGER) if p not in taken)
        taken.add(free)
        api.patch(f"/work_queues/{queue['id']}", {"priority": free})


def queues_of(api: PrefectApi, work_pool_name: str) -> Iterator[Wire]:
    """Yield every queue of one pool, by priority."""
    return api.pages(f"/work_pools/{part(work_pool_name)}/queues/filter")
