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

from components.kernel import RefusedError

from .client import part

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
        RefusedError: Another queue was given that priority in the same update.
    """
    with _opening:
        pool = _pools.setdefault((api.scope, work_pool_name), _Pool())
    with pool.lock:
        if priority is not None:
            _make_room(api, work_pool_name, priority, id_, pool.given.get(priority))
        yield
        if priority is not None:
            pool.given[priority] = name


def _make_room(
    api: PrefectApi,
    work_pool_name: str,
    priority: int,
    id_: UUID | None,
    given_to: str | None,
) -> None:
    queues = list(queues_of(api, work_pool_name))
    taken = {queue["priority"] for queue in queues}
    for queue in queues:
        if queue["priority"] != priority or queue["id"] == str(id_):
            continue
        if queue["name"] == given_to:
            raise RefusedError(
                f"queue '{given_to}' of the same pool has priority {priority} too; "
                f"give each queue a priority of its own"
            )
        free = next(p for p in range(priority + 1, 2**31) if p not in taken)
        taken.add(free)
        api.patch(f"/work_queues/{queue['id']}", {"priority": free})


def queues_of(api: PrefectApi, work_pool_name: str) -> Iterator[Wire]:
    """Yield every queue of one pool, by priority."""
    return api.pages(f"/work_pools/{part(work_pool_name)}/queues/filter")
