"""A Prefect global concurrency limit: slots that any code takes by the limit's name.

API: POST /v2/concurrency_limits/, PATCH and DELETE /v2/concurrency_limits/{id}, POST
/v2/concurrency_limits/filter.
Immutable: nothing; a rename keeps the id.

Quirks:

- Tag limits and the limits of deployments are kept in the same list, under the names
  `tag:…` and `deployment:…`; they are not ours to see here.
- `active_slots` is what runs hold at the moment: never sent, never read.
- Slots decay since the last write, so a change restarts the decay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

import pulumi
from pydantic import AfterValidator, Field

from components.kernel import Wire, changed, kind

from .base import PrefectArgs, PrefectKind, PrefectResource, WorkspaceLike
from .fields import EntityName
from .limits import Limit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .client import PrefectApi

# Whose limits live in the same list, and what manages them instead.
RESERVED: Final = {
    "tag:": "a TagConcurrencyLimit",
    "deployment:": "the concurrency limit of a Deployment",
}


def _free(name: str) -> str:
    for prefix, owner in RESERVED.items():
        if name.startswith(prefix):
            raise ValueError(f"begins with '{prefix}', which is {owner}; use that")
    return name


class GlobalConcurrencyLimitArgs(PrefectArgs):
    """What a user writes for a limit; see `GlobalConcurrencyLimit`."""

    name: Annotated[EntityName, AfterValidator(_free)]
    limit: Limit
    active: bool = True
    slot_decay_per_second: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0


class GlobalConcurrencyLimitState(GlobalConcurrencyLimitArgs):
    """A limit as the server has it."""

    id: UUID


def to_wire(args: GlobalConcurrencyLimitArgs) -> Wire:
    """Write a limit as the API takes it."""
    return {
        "name": args.name,
        "limit": args.limit,
        "active": args.active,
        "slot_decay_per_second": args.slot_decay_per_second,
    }


@kind("prefect:GlobalConcurrencyLimit", key=("name",))
class GlobalConcurrencyLimitKind(
    PrefectKind[GlobalConcurrencyLimitArgs, GlobalConcurrencyLimitState]
):
    """The life cycle of a global concurrency limit."""

    def list(self, api: PrefectApi) -> Iterable[Wire]:
        """Yield every limit of the workspace that somebody gave a name."""
        for wire in api.pages("/v2/concurrency_limits/filter"):
            if not wire["name"].startswith(tuple(RESERVED)):
                yield wire

    def parse(self, api: PrefectApi, wire: Wire) -> GlobalConcurrencyLimitState:
        """Project one limit on its canonical state."""
        return GlobalConcurrencyLimitState(
            workspace_id=api.workspace_id,
            id=wire["id"],
            name=wire["name"],
            limit=wire["limit"],
            active=wire["active"],
            slot_decay_per_second=wire["slot_decay_per_second"],
        )

    def create(
        self, api: PrefectApi, args: GlobalConcurrencyLimitArgs
    ) -> GlobalConcurrencyLimitState:
        """Make the limit."""
        return self.parse(api, api.post("/v2/concurrency_limits/", to_wire(args)))

    def update(
        self,
        api: PrefectApi,
        old: GlobalConcurrencyLimitState,
        new: GlobalConcurrencyLimitArgs,
    ) -> GlobalConcurrencyLimitState:
        """Change what differs, and leave the slots in use alone."""
        body = changed(to_wire(old), to_wire(new))
        api.patch(f"/v2/concurrency_limits/{old.id}", body)
        return GlobalConcurrencyLimitState(**{**dict(new), "id": old.id})

    def delete(self, api: PrefectApi, state: GlobalConcurrencyLimitState) -> None:
        """Delete the limit; code that asks for its slots runs without one."""
        api.delete(f"/v2/concurrency_limits/{state.id}")


class GlobalConcurrencyLimit(PrefectResource, kind=GlobalConcurrencyLimitKind):
    """Slots that any code takes by the limit's name.

    Args:
        resource_name: Its name in the program and in state.
        limit: How many slots there are.
        name: The limit's name, without `/ % & < >`; the resource's name if not given.
            Can be changed in place.
        active: Whether it is enforced.
        slot_decay_per_second: How many slots come free by themselves each second,
            which makes a rate limit of it; 0 for slots that are held until released.
        workspace: The workspace it lives in.
        adopt: Take over a limit of this name that differs.
        opts: Pulumi's resource options.

    See https://docs.prefect.io/v3/concepts/global-concurrency-limits.
    """

    name: pulumi.Output[str]
    limit: pulumi.Output[int]
    active: pulumi.Output[bool]
    slot_decay_per_second: pulumi.Output[float]

    def __init__(
        self,
        resource_name: str,
        *,
        limit: pulumi.Input[int],
        name: pulumi.Input[str] | None = None,
        active: pulumi.Input[bool] = True,
        slot_decay_per_second: pulumi.Input[float] = 0.0,
        workspace: WorkspaceLike = None,
        adopt: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            resource_name,
            {
                "name": name if name is not None else resource_name,
                "limit": limit,
                "active": active,
                "slot_decay_per_second": slot_decay_per_second,
                "adopt": adopt,
            },
            workspace=workspace,
            opts=opts,
        )
