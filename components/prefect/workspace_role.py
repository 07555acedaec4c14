"""A workspace role of the account's own: a named set of scopes.

API: POST /workspace_roles/, PATCH and DELETE /workspace_roles/{id}, POST
/workspace_roles/filter, GET {cloud}/workspace_scopes. Immutable: nothing; a rename
keeps the id.

Quirks:

- A scope brings others along (`manage_blocks` brings `see_blocks`), and answers show
  them all. Whoever names a scope, with or without what it brings, means the same.
- The built-in roles belong to no account: they can be looked up, but not changed.
- A role that somebody holds cannot be deleted (409).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import UUID

import pulumi
from pydantic import AfterValidator, Field

from components.kernel import Args, ManagedResource, Names, Wire, changed, kind

from .base import AccountKind
from .client import SETTINGS
from .roles import forget, role_id, role_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from .client import PrefectApi

BUILT_IN: Final = frozenset({"Owner", "Developer", "Runner", "Worker", "Viewer"})


def _own(name: str) -> str:
    if name in BUILT_IN:
        raise ValueError(
            f"'{name}' is a built-in role, which cannot be changed; choose another name"
        )
    return name


class WorkspaceRoleArgs(Args):
    """What a user writes for a workspace role; see `WorkspaceRole`."""

    name: Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_own)]
    description: str = ""
    scopes: Names = frozenset()
    inherited_role: str | None = None


class WorkspaceRoleState(WorkspaceRoleArgs):
    """A workspace role as the account API has it.

    Attributes:
        scopes: The fewest that stand for all of them.
        effective_scopes: Those, and all that they bring along.
    """

    name: str
    id: UUID
    effective_scopes: Names


def to_wire(args: WorkspaceRoleArgs) -> Wire:
    """Write what POST and PATCH take, the inherited role by its name."""
    return {
        "name": args.name,
        "description": args.description,
        "scopes": sorted(args.scopes),
        "inherited_role_id": args.inherited_role,
    }


def fewest(scopes: Iterable[str], brings: Mapping[str, Collection[str]]) -> set[str]:
    """Leave out every scope that another one brings along.

    Args:
        scopes: All of them.
        brings: What each scope brings along.
    """
    held = set(scopes)
    return held - {brought for scope in held for brought in brings.get(scope, ())}


@kind("prefect:WorkspaceRole", key=("name",))
class WorkspaceRoleKind(AccountKind[WorkspaceRoleArgs, WorkspaceRoleState]):
    """The life cycle of a workspace role."""

    def list(self, api: PrefectApi) -> Iterable[Wire]:
        """Yield every role of the account's own, each with what its scopes bring."""
        brings = _brings(api)
        for wire in api.pages("/workspace_roles/filter"):
            if wire["account_id"] is not None:
                yield {**wire, "brings": brings}

    def parse(self, api: PrefectApi, wire: Wire) -> WorkspaceRoleState:
        """Project one role on its canonical state."""
        inherited = wire["inherited_role_id"]
        return WorkspaceRoleState(
            id=wire["id"],
            name=wire["name"],
            description=wire["description"] or "",
            scopes=frozenset(fewest(wire["scopes"], wire["brings"])),
            effective_scopes=frozenset(wire["scopes"]),
            inherited_role=inherited and role_name(api, "workspace", inherited),
        )

    def recall(
        self, state: WorkspaceRoleState, known: WorkspaceRoleArgs
    ) -> WorkspaceRoleState:
        """Keep the scopes as they were written, where they come to the same."""
        written: frozenset[str] = getattr(known, "scopes", frozenset())
        if state.scopes <= written <= state.effective_scopes:
            return state.model_copy(update={"scopes": written})
        return state

    def find(
        self,
        api: PrefectApi,
        args: WorkspaceRoleArgs,
        listed: WorkspaceRoleState | None,
    ) -> WorkspaceRoleState | None:
        """Find the built-in roles too, which can be looked up."""
        if listed is not None or args.name not in BUILT_IN:
            return listed
        wanted = {"workspace_roles": {"name": {"any_": [args.name]}}}
        for wire in api.pages("/workspace_roles/filter", wanted):
            return self.parse(api, {**wire, "brings": _brings(api)})
        return None

    def create(self, api: PrefectApi, args: WorkspaceRoleArgs) -> WorkspaceRoleState:
        """Make the role."""
        body = self._resolved(api, to_wire(args))
        made = api.post("/workspace_roles/", body, repeatable=False)
        forget(api, "workspace")
        return _state(args, made)

    def update(
        self, api: PrefectApi, old: WorkspaceRoleState, new: WorkspaceRoleArgs
    ) -> WorkspaceRoleState:
        """Change what differs; all who hold the role are affected at once."""
        body = changed(to_wire(old), to_wire(new))
        path = f"/workspace_roles/{old.id}"
        api.patch(path, self._resolved(api, body))
        forget(api, "workspace")
        return _state(new, api.get(path))

    def delete(self, api: PrefectApi, state: WorkspaceRoleState) -> None:
        """Delete the role, if nobody holds it."""
        api.delete(f"/workspace_roles/{state.id}")
        forget(api, "workspace")

    def _resolved(self, api: PrefectApi, body: Wire) -> Wire:
        """Put the inherited role's id in place of its name."""
        if named := body.get("inherited_role_id"):
            return {**body, "inherited_role_id": str(role_id(api, "workspace", named))}
        return body


def _state(args: WorkspaceRoleArgs, wire: Wire) -> WorkspaceRoleState:
    effective = frozenset(wire["scopes"])
    return WorkspaceRoleState(
        **{**dict(args), "id": wire["id"], "effective_scopes": effective}
    )


def _brings(api: PrefectApi) -> dict[str, Any]:
    scopes = api.cloud.get("/workspace_scopes")
    return {scope["name"]: scope["includes_scopes"] for scope in scopes}


class WorkspaceRole(ManagedResource, kind=WorkspaceRoleKind):
    """A role of the account's own, to be given in workspaces.

    Args:
        resource_name: Its name in the program and in state.
        name: Its name, which accesses refer to; the resource's name if not given. Can
            be changed in place.
        description: What it is for.
        scopes: What it allows, such as `manage_blocks` or `see_flows`; what a scope
            brings along need not be named.
        inherited_role: A workspace role, by name, whose scopes it has as well.
        adopt: Take over a role of this name that differs.
        opts: Pulumi's resource options.

    Attributes:
        effective_scopes: All of its scopes, those that others bring along included.

    See https://docs.prefect.io/v3/manage/cloud/manage-users/manage-roles.
    """

    settings = SETTINGS
    name: pulumi.Output[str]
    description: pulumi.Output[str]
    scopes: pulumi.Output[list[str]]
    inherited_role: pulumi.Output[str | None]
    effective_scopes: pulumi.Output[list[str]]

    def __init__(
        self,
        resource_name: str,
        *,
        name: pulumi.Input[str] | None = None,
        description: pulumi.Input[str] = "",
        scopes: pulumi.Input[Collection[str]] = (),
        inherited_role: pulumi.Input[str] | None = None,
        adopt: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            resource_name,
            {
                "name": resource_name if name is None else name,
                "description": description,
                "scopes": scopes,
                "inherited_role": inherited_role,
                "adopt": adopt,
            },
            opts,
        )
