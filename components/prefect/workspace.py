"""A Prefect Cloud workspace: where flows, deployments and all else of a team live.

API: POST /workspaces/, PATCH and DELETE /workspaces/{id}, POST /workspaces/filter.
Immutable: nothing; name and handle change in place. Quirk: deleting one deletes all
that it holds, so that is refused unless it is empty or `force_destroy` is set.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Final
from uuid import UUID

import pulumi
from pydantic import Field

from components.kernel import (
    Args,
    DataLossError,
    Local,
    ManagedResource,
    Wire,
    changed,
    kind,
)

from .base import AccountKind
from .client import SETTINGS, PrefectApi

# What a workspace holds that somebody would miss, and where to count it.
_CONTENTS: Final = {
    "flows": "/flows/count",
    "flow runs": "/flow_runs/count",
    "deployments": "/deployments/count",
    "variables": "/variables/count",
    "blocks": "/block_documents/count",
    "automations": "/automations/count",
}


class WorkspaceArgs(Args):
    """What a user writes for a workspace; see `Workspace`."""

    handle: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=255)]
    name: Annotated[str, Field(min_length=1, max_length=255)]
    description: str = ""
    force_destroy: Annotated[bool, Local] = False


class WorkspaceState(WorkspaceArgs):
    """A workspace as the account API has it."""

    id: UUID
    account_id: UUID


def to_wire(args: WorkspaceArgs) -> Wire:
    """Write a workspace as the API takes it."""
    return {
        "handle": args.handle,
        "name": args.name,
        "description": args.description,
    }


@kind("prefect:Workspace", key=("handle",))
class WorkspaceKind(AccountKind[WorkspaceArgs, WorkspaceState]):
    """The life cycle of a workspace."""

    def list(self, api: PrefectApi) -> Iterable[Wire]:
        """Yield every workspace of the account that this key may see."""
        return api.pages("/workspaces/filter")

    def parse(self, api: PrefectApi, wire: Wire) -> WorkspaceState:
        """Project one workspace on its canonical state."""
        del api
        return WorkspaceState(
            id=wire["id"],
            account_id=wire["account_id"],
            handle=wire["handle"],
            name=wire["name"],
            description=wire["description"] or "",
        )

    def create(self, api: PrefectApi, args: WorkspaceArgs) -> WorkspaceState:
        """Make the workspace."""
        return self.parse(api, api.post("/workspaces/", to_wire(args)))

    def update(
        self, api: PrefectApi, old: WorkspaceState, new: WorkspaceArgs
    ) -> WorkspaceState:
        """Change what differs; a new handle keeps the id."""
        api.patch(f"/workspaces/{old.id}", changed(to_wire(old), to_wire(new)))
        return WorkspaceState(
            **{**dict(new), "id": old.id, "account_id": old.account_id}
        )

    def delete(self, api: PrefectApi, state: WorkspaceState) -> None:
        """Delete the workspace if nothing would be lost with it.

        Raises:
            DataLossError: It holds something, and `force_destroy` is not set.
        """
        path = f"/workspaces/{state.id}"
        if not state.force_destroy:
            counts = {
                what: api.count(f"{path}{where}") for what, where in _CONTENTS.items()
            }
            held = [f"{number} {what}" for what, number in counts.items() if number]
            if held:
                raise DataLossError(
                    f"it holds {', '.join(held)}; set force_destroy=True and run "
                    f"`pulumi up` first if all of that may be lost"
                )
        api.delete(path)


class Workspace(ManagedResource, kind=WorkspaceKind):
    """A workspace of the account.

    Args:
        resource_name: Its name in the program and in state.
        handle: Its unique name in addresses: lower case letters, digits and single
            hyphens. The resource's name if not given. Can be changed in place.
        name: Its display name; the handle if not given.
        description: What it is for.
        force_destroy: Let a destroy delete it with all that it holds.
        adopt: Take over a workspace of this handle that differs.
        opts: Pulumi's resource options.

    See https://docs.prefect.io/v3/manage/cloud/workspaces.
    """

    settings = SETTINGS
    handle: pulumi.Output[str]
    name: pulumi.Output[str]
    description: pulumi.Output[str]
    account_id: pulumi.Output[str]

    def __init__(
        self,
        resource_name: str,
        *,
        handle: pulumi.Input[str] | None = None,
        name: pulumi.Input[str] | None = None,
        description: pulumi.Input[str] = "",
        force_destroy: pulumi.Input[bool] = False,
        adopt: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        handle = resource_name if handle is None else handle
        super().__init__(
            resource_name,
            {
                "handle": handle,
                "name": handle if name is None else name,
                "description": description,
                "force_destroy": force_destroy,
                "adopt": adopt,
            },
            opts,
        )
