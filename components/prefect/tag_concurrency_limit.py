"""A Prefect tag concurrency limit: how many task runs with one tag run at once.

API: POST /concurrency_limits/ (an upsert), GET /concurrency_limits/tag/{tag}, DELETE
/concurrency_limits/{id}, POST /concurrency_limits/filter.
Immutable: the tag.

Quirks:

- POST overwrites a limit that is there, so whether one is there is asked first. It
  leaves the slots in use alone, and is therefore also the update.
- Since 3.4 these are global limits named `tag:…`. The filter call first cuts a page
  out of all global limits and then leaves out those that are not tags', so a page
  that is not full is not the last one: the rest is found among the global limits.
- A tag with one of `/ % & < >` is answered with a 500.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

import pulumi

from components.kernel import Immutable, NotFoundError, Wire, kind

from .base import PrefectArgs, PrefectKind, PrefectResource, WorkspaceLike
from .client import part
from .fields import EntityName
from .limits import Limit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .client import PrefectApi

_PREFIX: Final = "tag:"


class TagConcurrencyLimitArgs(PrefectArgs):
    """What a user writes for a tag's limit; see `TagConcurrencyLimit`."""

    tag: Annotated[EntityName, Immutable]
    concurrency_limit: Limit


class TagConcurrencyLimitState(TagConcurrencyLimitArgs):
    """A tag's limit as the server has it."""

    id: UUID


def to_wire(args: TagConcurrencyLimitArgs) -> Wire:
    """Write a tag's limit as the API takes it."""
    return {"tag": args.tag, "concurrency_limit": args.concurrency_limit}


@kind("prefect:TagConcurrencyLimit", key=("tag",))
class TagConcurrencyLimitKind(
    PrefectKind[TagConcurrencyLimitArgs, TagConcurrencyLimitState]
):
    """The life cycle of a tag's concurrency limit."""

    def list(self, api: PrefectApi) -> Iterable[Wire]:
        """Yield every tag's limit of the workspace."""
        listed = set()
        for wire in api.pages("/concurrency_limits/filter"):
            listed.add(wire["id"])
            yield wire
        for wire in api.pages("/v2/concurrency_limits/filter"):
            if wire["name"].startswith(_PREFIX) and wire["id"] not in listed:
                tag = wire["name"].removeprefix(_PREFIX)
                yield {**wire, "tag": tag, "concurrency_limit": wire["limit"]}

    def parse(self, api: PrefectApi, wire: Wire) -> TagConcurrencyLimitState:
        """Project one tag's limit on its canonical state."""
        return TagConcurrencyLimitState(
            workspace_id=api.workspace_id,
            id=wire["id"],
            tag=wire["tag"],
            concurrency_limit=wire["concurrency_limit"],
        )

    def find(
        self,
        api: PrefectApi,
        args: TagConcurrencyLimitArgs,
        listed: TagConcurrencyLimitState | None,
    ) -> TagConcurrencyLimitState | None:
        """Ask just before the create, which would overwrite what is there."""
        del listed
        try:
            wire = api.get(f"/concurrency_limits/tag/{part(args.tag)}")
        except NotFoundError:
            return None
        return self.parse(api, wire)

    def create(
        self, api: PrefectApi, args: TagConcurrencyLimitArgs
    ) -> TagConcurrencyLimitState:
        """Make the limit."""
        return self.parse(api, api.post("/concurrency_limits/", to_wire(args)))

    def update(
        self,
        api: PrefectApi,
        old: TagConcurrencyLimitState,
        new: TagConcurrencyLimitArgs,
    ) -> TagConcurrencyLimitState:
        """Change the limit, and leave the slots in use alone."""
        del old
        return self.create(api, new)

    def delete(self, api: PrefectApi, state: TagConcurrencyLimitState) -> None:
        """Delete the limit; its tasks run without one."""
        api.delete(f"/concurrency_limits/{state.id}")


class TagConcurrencyLimit(PrefectResource, kind=TagConcurrencyLimitKind):
    """How many task runs with one tag run at once.

    Args:
        resource_name: Its name in the program and in state.
        concurrency_limit: How many at once; 0 for none at all.
        tag: The tag, without `/ % & < >`; the resource's name if not given. A change
            replaces the limit.
        workspace: The workspace it lives in.
        adopt: Take over a limit of this tag that differs.
        opts: Pulumi's resource options.

    See https://docs.prefect.io/v3/concepts/tag-based-concurrency-limits.
    """

    tag: pulumi.Output[str]
    concurrency_limit: pulumi.Output[int]

    def __init__(
        self,
        resource_name: str,
        *,
        concurrency_limit: pulumi.Input[int],
        tag: pulumi.Input[str] | None = None,
        workspace: WorkspaceLike = None,
        adopt: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            resource_name,
            {
                "tag": tag if tag is not None else resource_name,
                "concurrency_limit": concurrency_limit,
                "adopt": adopt,
            },
            workspace=workspace,
            opts=opts,
        )
