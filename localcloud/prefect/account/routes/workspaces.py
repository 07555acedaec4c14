"""Workspaces: POST /workspaces/, GET|PATCH|DELETE /workspaces/{id}, POST …/filter.

A handle is unique in its account (409). A new workspace answers at once; its server is
made by the first request that needs it. Deleting one deletes its server and its data.
"""

import secrets
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, ConfigDict, StringConstraints
from starlette.requests import Request

from localcloud.prefect.account.access import (
    AccountDep,
    ActorDep,
    MembershipDep,
    StoreDep,
    permitted,
)
from localcloud.prefect.account.filters import Filter, Page, select
from localcloud.prefect.account.routes.me import visible_workspaces
from localcloud.prefect.account.store import Row, Store

router = APIRouter(prefix="/accounts/{account_id}/workspaces")

Handle = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=255)
]
Name = Annotated[str, StringConstraints(min_length=1, max_length=255)]


class WorkspaceCreate(BaseModel):
    """A workspace to be made."""

    model_config = ConfigDict(extra="forbid")
    name: Name
    handle: Handle
    description: str | None = ""


class WorkspaceUpdate(BaseModel):
    """What may change of a workspace; what is not sent stays."""

    model_config = ConfigDict(extra="forbid")
    name: Name | None = None
    handle: Handle | None = None
    description: str | None = None
    default_workspace_role_id: UUID | None = None


class WorkspacesFilter(Page):
    """Which workspaces to list."""

    workspaces: Filter | None = None


def _public(workspace: Row) -> Row:
    shown = {k: v for k, v in workspace.items() if k not in {"password", "provisioned"}}
    return {**shown, "is_public": bool(workspace["is_public"])}


def make(store: Store, account_id: str, **columns: object) -> Row:
    """Add a workspace, with the password that its server will ask the front for."""
    password = secrets.token_urlsafe(32)
    return store.insert(
        "workspaces", account_id=account_id, password=password, **columns
    )


@router.post("", status_code=201, dependencies=[Depends(permitted("create:workspace"))])
async def create_workspace(
    body: WorkspaceCreate, account: AccountDep, store: StoreDep
) -> Row:
    """Make a workspace."""
    return _public(make(store, account["id"], **body.model_dump()))


@router.post("/filter")
async def read_workspaces(
    body: WorkspacesFilter, _: AccountDep, actor: ActorDep, store: StoreDep
) -> list[Row]:
    """List the workspaces that the caller has access to."""
    rows = visible_workspaces(store, actor)
    return [
        _public(row) for row in select(rows, body.workspaces, body, "name", "handle")
    ]


@router.get("/{workspace_id}")
async def read_workspace(membership: MembershipDep) -> Row:
    """Return one workspace."""
    return _public(membership.workspace)


@router.patch("/{workspace_id}", status_code=204)
async def update_workspace(
    body: WorkspaceUpdate, membership: MembershipDep, store: StoreDep
) -> None:
    """Change a workspace."""
    membership.require("write_workspace_settings")
    changes = body.model_dump(exclude_unset=True, mode="json")
    for name in ("name", "handle"):
        if changes.get(name, "") is None:
            del changes[name]
    role_id = changes.get("default_workspace_role_id")
    if role_id and store.find("workspace_roles", id=role_id) is None:
        raise HTTPException(404, "Workspace role not found")
    store.update("workspaces", membership.workspace["id"], **changes)


@router.delete("/{workspace_id}", status_code=204)
async def delete_workspace(
    request: Request, membership: MembershipDep, actor: ActorDep, store: StoreDep
) -> None:
    """Delete a workspace, its server and all its data."""
    if "delete:workspace" not in actor.permissions:
        membership.require("manage_workspace_settings")
    store.delete("workspaces", membership.workspace["id"])
    await request.app.state.servers.delete(membership.workspace["id"])
