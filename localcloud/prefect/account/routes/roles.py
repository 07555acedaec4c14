"""Roles: POST /account_roles/filter, GET /account_roles/{id}; /workspace_roles/ CRUD.

Built-in roles have no account id and cannot be changed (403). Custom workspace roles
carry scopes; a scope brings those that it includes (`manage_blocks` brings
`see_blocks`), and the answers show them all. A role in use cannot be deleted (409).
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from localcloud.prefect.account import roles
from localcloud.prefect.account.access import (
    AccountDep,
    Forbidden,
    NotFound,
    StoreDep,
    permitted,
)
from localcloud.prefect.account.filters import Filter, Page, in_account, select
from localcloud.prefect.account.store import Row, Store

router = APIRouter(prefix="/accounts/{account_id}")
scopes_router = APIRouter()

NAME_COLUMN = "name"


def _known(scope: str) -> str:
    if scope not in roles.SCOPES:
        raise ValueError(
            f"unknown scope {scope!r}; GET /api/workspace_scopes lists them"
        )
    return scope


class WorkspaceRoleUpsert(BaseModel):
    """A custom workspace role, whole."""

    model_config = ConfigDict(extra="forbid")
    name: Annotated[str, Field(min_length=1, max_length=255)]
    description: str = ""
    scopes: list[Annotated[str, AfterValidator(_known)]] = Field(default_factory=list)
    inherited_role_id: UUID | None = None


class WorkspaceRoleUpdate(WorkspaceRoleUpsert):
    """What may change of a custom workspace role; what is not sent stays."""

    name: Annotated[str, Field(min_length=1, max_length=255)] | None = None  # type: ignore[assignment] # optional in a PATCH


class AccountRolesFilter(Page):
    """Which account roles to list."""

    account_roles: Filter | None = None


class WorkspaceRolesFilter(Page):
    """Which workspace roles to list."""

    workspace_roles: Filter | None = None


def _account_role(row: Row) -> Row:
    return {**row, "is_system_role": bool(row["is_system_role"])}


@router.post(
    "/account_roles/filter", dependencies=[Depends(permitted("read:account_role"))]
)
async def read_account_roles(body: AccountRolesFilter, store: StoreDep) -> list[Row]:
    """List account roles."""
    rows = store.all("account_roles")
    return [
        _account_role(r) for r in select(rows, body.account_roles, body, NAME_COLUMN)
    ]


@router.get(
    "/account_roles/{role_id}", dependencies=[Depends(permitted("read:account_role"))]
)
async def read_account_role(role_id: UUID, store: StoreDep) -> Row:
    """Return one account role."""
    if (role := store.find("account_roles", id=str(role_id))) is None:
        raise NotFound("Account role")
    return _account_role(role)


@scopes_router.get("/workspace_scopes")
async def read_workspace_scopes() -> list[Row]:
    """List all scopes, and what each includes."""
    return [
        {
            "name": scope,
            "title": scope.replace("_", " ").capitalize(),
            "feature_group": scope.partition("_")[2],
            "includes_scopes": [s for s in roles.included(scope) if s != scope],
            "see_scope": f"see_{group}"
            if (group := scope.partition("_")[2]) in roles.SCOPE_LEVELS
            else None,
        }
        for scope in roles.SCOPES
    ]


def _role(store: Store, account: Row, role_id: str) -> Row:
    """Return a workspace role that is built-in, or of this account."""
    role = store.find("workspace_roles", id=role_id)
    if role is None or role["account_id"] not in {None, account["id"]}:
        raise NotFound("Workspace role")
    return role


async def role_of(role_id: UUID, account: AccountDep, store: StoreDep) -> Row:
    """Return the workspace role in the path."""
    return _role(store, account, str(role_id))


RoleDep = Annotated[Row, Depends(role_of)]


async def custom_role_of(role: RoleDep) -> Row:
    """Return the workspace role in the path, unless it is built-in."""
    if role["account_id"] is None:
        raise Forbidden("a custom role: built-in roles cannot be changed")
    return role


CustomRoleDep = Annotated[Row, Depends(custom_role_of)]


def _columns(store: Store, account: Row, body: WorkspaceRoleUpsert) -> Row:
    columns = body.model_dump(mode="json", exclude_unset=True)
    if "scopes" in columns:
        columns["scopes"] = roles.expand(columns["scopes"])
    if columns.get("inherited_role_id"):
        _role(store, account, columns["inherited_role_id"])
    return columns


@router.post(
    "/workspace_roles",
    status_code=201,
    dependencies=[Depends(permitted("create:workspace_role"))],
)
async def create_role(
    body: WorkspaceRoleUpsert, account: AccountDep, store: StoreDep
) -> Row:
    """Make a custom workspace role."""
    columns = {"scopes": [], **_columns(store, account, body)}
    if store.find("workspace_roles", name=body.name, account_id=None):
        raise HTTPException(409, f"A built-in role is called {body.name!r} already.")
    return store.insert("workspace_roles", account_id=account["id"], **columns)


@router.post(
    "/workspace_roles/filter", dependencies=[Depends(permitted("read:workspace_role"))]
)
async def read_roles(
    body: WorkspaceRolesFilter, account: AccountDep, store: StoreDep
) -> list[Row]:
    """List workspace roles, the built-in ones first."""
    rows = store.all("workspace_roles", account_id=None)
    rows += in_account(store, "workspace_roles", account)
    return select(rows, body.workspace_roles, body, NAME_COLUMN)


@router.get(
    "/workspace_roles/{role_id}",
    dependencies=[Depends(permitted("read:workspace_role"))],
)
async def read_role(role: RoleDep) -> Row:
    """Return one workspace role."""
    return role


@router.patch(
    "/workspace_roles/{role_id}",
    status_code=204,
    dependencies=[Depends(permitted("update:workspace_role"))],
)
async def update_role(
    body: WorkspaceRoleUpdate, role: CustomRoleDep, account: AccountDep, store: StoreDep
) -> None:
    """Change a custom workspace role."""
    columns = _columns(store, account, body)
    if columns.get("inherited_role_id") == role["id"]:
        raise HTTPException(422, "A role cannot inherit from itself.")
    store.update("workspace_roles", role["id"], **columns)


@router.delete(
    "/workspace_roles/{role_id}",
    status_code=204,
    dependencies=[Depends(permitted("delete:workspace_role"))],
)
async def delete_role(role: CustomRoleDep, store: StoreDep) -> None:
    """Delete a custom workspace role that nobody holds."""
    store.delete("workspace_roles", role["id"])
