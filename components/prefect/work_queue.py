"""A Prefect work queue: a share of a work pool, with a priority and a limit of its own.

API: POST /work_pools/{pool}/queues, PATCH and DELETE /work_queues/{id}, POST
/work_queues/filter (all pools).
Immutable: the pool. A rename keeps the id.

Quirks:

- Priorities are distinct in a pool, and setting one moves others: `queue_priority`.
  Where none is given the server picks the first free one, and moves it at will.
- A pool is born with a queue `default`. As long as nobody touched it, it is taken over
  without a word. Nothing can delete it: in place of that it is reset.
- A null description is refused (409), so none is sent as "".
- The list of all pools is sorted by name only, and `default` is many: beyond one page
  the order is not certain, so the pools are asked one by one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

import pulumi
from pydantic import Field

from components.kernel import (
    Immutable,
    NotFoundError,
    UnmanagedIfUnset,
    Wire,
    changed,
    kind,
)

from .base import PrefectArgs, PrefectKind, PrefectResource, WorkspaceLike
from .client import PAGE, part
from .fields import EntityName
from .limits import MAX_INTEGER, Limit
from .queue_priority import placing, queues_of
from .work_pool import WorkPool

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .client import PrefectApi

DEFAULT: Final = "default"
# The default queue as its pool makes it, but for the priority, which others move.
UNTOUCHED: Final = {
    "description": "The work pool's default queue.",
    "is_paused": False,
    "concurrency_limit": None,
}


class WorkQueueArgs(PrefectArgs):
    """What a user writes for a work queue; see `WorkQueue`."""

    work_pool_name: Annotated[EntityName, Immutable]
    name: EntityName
    description: str = ""
    is_paused: bool = False
    concurrency_limit: Limit | None = None
    priority: Annotated[
        Annotated[int, Field(ge=1, le=MAX_INTEGER)] | None, UnmanagedIfUnset
    ] = None


class WorkQueueState(WorkQueueArgs):
    """A work queue as the server has it."""

    id: UUID


def to_wire(args: WorkQueueArgs) -> Wire:
    """Write a work queue as the API takes it."""
    wire = {
        "name": args.name,
        "description": args.description,
        "is_paused": args.is_paused,
        "concurrency_limit": args.concurrency_limit,
    }
    return wire if args.priority is None else {**wire, "priority": args.priority}


@kind("prefect:WorkQueue", key=("work_pool_name", "name"))
class WorkQueueKind(PrefectKind[WorkQueueArgs, WorkQueueState]):
    """The life cycle of a work queue."""

    def list(self, api: PrefectApi) -> Iterable[Wire]:
        """Yield every work queue of the workspace."""
        queues = list(api.pages("/work_queues/filter"))
        if len(queues) <= PAGE:
            return queues
        pools = api.pages("/work_pools/filter")
        return (queue for pool in pools for queue in queues_of(api, pool["name"]))

    def parse(self, api: PrefectApi, wire: Wire) -> WorkQueueState:
        """Project one work queue on its canonical state."""
        return WorkQueueState(
            workspace_id=api.workspace_id,
            id=wire["id"],
            work_pool_name=wire["work_pool_name"],
            name=wire["name"],
            description=wire["description"] or "",
            is_paused=wire["is_paused"],
            concurrency_limit=wire["concurrency_limit"],
            priority=wire["priority"],
        )

    def find(
        self, api: PrefectApi, args: WorkQueueArgs, listed: WorkQueueState | None
    ) -> WorkQueueState | None:
        """Overlook a default queue that is as its pool made it."""
        if args.name != DEFAULT:
            return listed
        wire = _default_queue(api, args)
        if wire is None or UNTOUCHED.items() <= wire.items():
            return None
        return self.parse(api, wire)

    def create(self, api: PrefectApi, args: WorkQueueArgs) -> WorkQueueState:
        """Make the work queue, or make the default one what is asked for."""
        if args.name == DEFAULT and (wire := _default_queue(api, args)):
            return self.update(api, self.parse(api, wire), args)
        path = f"/work_pools/{part(args.work_pool_name)}/queues"
        with placing(api, args.work_pool_name, args.name, args.priority):
            try:
                wire = api.post(path, to_wire(args))
            except NotFoundError as error:
                raise NotFoundError(f"{error} Make the work pool first.") from None
        return self.parse(api, wire)

    def update(
        self, api: PrefectApi, old: WorkQueueState, new: WorkQueueArgs
    ) -> WorkQueueState:
        """Change what differs; a new name keeps the id."""
        body = changed(to_wire(old), to_wire(new))
        priority = body.get("priority")
        with placing(api, new.work_pool_name, new.name, priority, id_=old.id):
            api.patch(f"/work_queues/{old.id}", body)
        return WorkQueueState(**{**dict(new), "id": old.id})

    def delete(self, api: PrefectApi, state: WorkQueueState) -> None:
        """Delete the work queue, or put a pool's default one back as it was born."""
        pool = api.get(f"/work_pools/{part(state.work_pool_name)}")
        if pool["default_queue_id"] == str(state.id):
            api.patch(f"/work_queues/{state.id}", UNTOUCHED)
        else:
            api.delete(f"/work_queues/{state.id}")


def _default_queue(api: PrefectApi, args: WorkQueueArgs) -> Wire | None:
    path = f"/work_pools/{part(args.work_pool_name)}/queues/{DEFAULT}"
    try:
        wire: Wire = api.get(path)
    except NotFoundError:
        return None
    return wire


class WorkQueue(PrefectResource, kind=WorkQueueKind):
    """A share of a work pool, with a priority and a limit of its own.

    Args:
        resource_name: Its name in the program and in state.
        work_pool: The pool, or its name. A change replaces the queue.
        name: The queue's name, without `/ % & < >`; the resource's name if not given.
            Can be changed in place. `default` is the queue that each pool is born
            with: it is taken over, and reset where others are deleted.
        description: For people.
        is_paused: Whether nothing is handed out.
        concurrency_limit: How many runs at once; as many as come if not given.
        priority: Which queue is served first, 1 before 2; each queue of a pool needs
            one of its own. If not given, the server chooses, and it is left alone.
        workspace: The workspace it lives in.
        adopt: Take over a queue of this name that differs.
        opts: Pulumi's resource options.

    See https://docs.prefect.io/v3/concepts/work-pools#work-queues.
    """

    work_pool_name: pulumi.Output[str]
    name: pulumi.Output[str]
    description: pulumi.Output[str]
    is_paused: pulumi.Output[bool]
    concurrency_limit: pulumi.Output[int | None]
    priority: pulumi.Output[int | None]

    def __init__(
        self,
        resource_name: str,
        *,
        work_pool: WorkPool | pulumi.Input[str],
        name: pulumi.Input[str] | None = None,
        description: pulumi.Input[str] = "",
        is_paused: pulumi.Input[bool] = False,
        concurrency_limit: pulumi.Input[int] | None = None,
        priority: pulumi.Input[int] | None = None,
        workspace: WorkspaceLike = None,
        adopt: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        pool_name = work_pool.name if isinstance(work_pool, WorkPool) else work_pool
        super().__init__(
            resource_name,
            {
                "work_pool_name": pool_name,
                "name": name if name is not None else resource_name,
                "description": description,
                "is_paused": is_paused,
                "concurrency_limit": concurrency_limit,
                "priority": priority,
                "adopt": adopt,
            },
            workspace=workspace,
            opts=opts,
        )
