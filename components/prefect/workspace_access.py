"""What a user, a service account or a team may do in a workspace.

API: POST …/user_access/ and …/bot_access/, PUT …/team_access/ (all take lists, and
give the new role in place of an old one), POST …/{sort}_access/filter, DELETE
…/{user,bot}_access/{id} and …/team_access/{team_id}. Immutable: who it is for. Quirk:
a service account is a `bot` to the API.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Final, Literal
from uuid import UUID

import pulumi

from components.kernel import Immutable, Wire, kind

from .base import PrefectArgs, PrefectKind, PrefectResource, WorkspaceLike
from .client import PrefectApi
from .roles import role_id, role_name

_SORTS: Final = {"user": "user", "service_account": "bot", "team": "team"}


class WorkspaceAccessArgs(PrefectArgs):
    """What a user writes for an access; see `WorkspaceAccess`."""

    accessor_type: Annotated[Literal["user", "service_account", "team"], Immutable]
    accessor_id: Annotated[UUID, Immutable]
    role: str


class WorkspaceAccessState(WorkspaceAccessArgs):
    """An access as the account API has it."""

    id: UUID


@kind("prefect:WorkspaceAccess", key=("accessor_type", "accessor_id"))
class WorkspaceAccessKind(PrefectKind[WorkspaceAccessArgs, WorkspaceAccessState]):
    """The life cycle of an access."""

    def list(self, api: PrefectApi) -> Iterable[Wire]:
        """Yield every access of the workspace, each with the sort of its accessor."""
        for accessor_type, sort in _SORTS.items():
            for wire in api.pages(f"/{sort}_access/filter"):
                yield {**wire, "accessor_type": accessor_type}

    def parse(self, api: PrefectApi, wire: Wire) -> WorkspaceAccessState:
        """Project one access on its canonical state."""
        sort = _SORTS[wire["accessor_type"]]
        return WorkspaceAccessState(
            workspace_id=api.workspace_id,
            id=wire["id"],
            accessor_type=wire["accessor_type"],
            accessor_id=wire[f"{sort}_id"],
            role=role_name(api.account, "workspace", wire["workspace_role_id"]),
        )

    def find(
        self,
        api: PrefectApi,
        args: WorkspaceAccessArgs,
        listed: WorkspaceAccessState | None,
    ) -> WorkspaceAccessState | None:
        """Ask again: to give access is to overwrite what was given meanwhile."""
        if listed is not None:
            return listed
        wanted = str(args.accessor_id)
        sort = _SORTS[args.accessor_type]
        for wire in api.pages(f"/{sort}_access/filter"):
            if wire[f"{sort}_id"] == wanted:
                return self.parse(api, {**wire, "accessor_type": args.accessor_type})
        return None

    def create(
        self, api: PrefectApi, args: WorkspaceAccessArgs
    ) -> WorkspaceAccessState:
        """Give access."""
        return self._give(api, args)

    def update(
        self, api: PrefectApi, old: WorkspaceAccessState, new: WorkspaceAccessArgs
    ) -> WorkspaceAccessState:
        """Give another role in place of the old one; the id stays."""
        del old
        return self._give(api, new)

    def delete(self, api: PrefectApi, state: WorkspaceAccessState) -> None:
        """Take the access away."""
        sort = _SORTS[state.accessor_type]
        named = state.accessor_id if sort == "team" else state.id
        api.delete(f"/{sort}_access/{named}")

    def _give(self, api: PrefectApi, args: WorkspaceAccessArgs) -> WorkspaceAccessState:
        sort = _SORTS[args.accessor_type]
        role = role_id(api.account, "workspace", args.role)
        grant = {
            "workspace_role_id": str(role),
            f"{sort}_id": str(args.accessor_id),
        }
        send = api.put if sort == "team" else api.post
        (given,) = send(f"/{sort}_access/", [grant])
        return WorkspaceAccessState(**{**dict(args), "id": given["id"]})


class WorkspaceAccess(PrefectResource, kind=WorkspaceAccessKind):
    """The role of a user, a service account or a team in a workspace.

    Args:
        resource_name: Its name in the program and in state.
        accessor_type: `user`, `service_account` or `team`.
        accessor_id: Who: the id of the user, the service account or the team.
        role: The workspace role, by name: `Owner`, `Developer`, `Runner`, `Viewer`,
            or one of the account's own.
        workspace: The workspace.
        adopt: Take over an access that gives another role.
        opts: Pulumi's resource options.

    See https://docs.prefect.io/v3/manage/cloud/manage-users/manage-roles.
    """

    accessor_type: pulumi.Output[str]
    accessor_id: pulumi.Output[str]
    role: pulumi.Output[str]

    def __init__(
        self,
        resource_name: str,
        *,
        accessor_type: Literal["user", "service_account", "team"],
        accessor_id: pulumi.Input[str],
        role: pulumi.Input[str],
        workspace: WorkspaceLike,
        adopt: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            resource_name,
            {
                "accessor_type": accessor_type,
                "accessor_id": accessor_id,
                "role": role,
                "adopt": adopt,
            },
            workspace=workspace,
            opts=opts,
        )
