"""Access to a workspace, by user, service account or team.

POST …/user_access/ and …/bot_access/, PUT …/team_access/ take lists and upsert: one
grant an accessor. GET and DELETE go by the grant's id, except that a team's grant is
deleted by the team's id and read by POST …/team_access/filter.
"""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict

from localcloud.prefect.account.access import (
    MembershipDep,
    NotFound,
    StoreDep,
    scoped,
)
from localcloud.prefect.account.store import Row, Store

router = APIRouter(prefix="/accounts/{account_id}/workspaces/{workspace_id}")

# What may manage the grants of each sort of accessor.
USERS = [Depends(scoped("manage_workspace_users"))]
BOTS = [Depends(scoped("manage_workspace_service_accounts"))]
TEAMS = [Depends(scoped("manage_workspace_teams"))]
SEE_USERS = [Depends(scoped("see_workspace_users"))]
SEE_BOTS = [Depends(scoped("see_workspace_service_accounts"))]


class Grant(BaseModel):
    """A role for one accessor."""

    model_config = ConfigDict(extra="forbid")
    workspace_role_id: UUID


class UserGrant(Grant):
    """A role for a user."""

    user_id: UUID


class BotGrant(Grant):
    """A role for a service account."""

    bot_id: UUID


class TeamGrant(Grant):
    """A role for a team."""

    team_id: UUID


def _public(store: Store, grant: Row) -> Row:
    """Show a grant with the one accessor it is for, and that accessor's actor."""
    owner, table = next(
        (name, f"{name}s") for name in ("user", "bot", "team") if grant[f"{name}_id"]
    )
    (accessor,) = store.all(table, id=grant[f"{owner}_id"])
    names = ("id", "created", "updated", "workspace_id", "workspace_role_id")
    return {name: grant[name] for name in names} | {
        f"{owner}_id": accessor["id"],
        "actor_id": accessor.get("actor_id"),
    }


def _accessor_exists(store: Store, account_id: str, kind: str, accessor: str) -> bool:
    if kind == "user":
        members = store.all("account_memberships", account_id=account_id)
        return any(member["user_id"] == accessor for member in members)
    return store.find(f"{kind}s", id=accessor, account_id=account_id) is not None


def _upsert(
    store: Store, membership: MembershipDep, kind: str, grants: list[Any]
) -> list[Row]:
    """Give each accessor its role in place of the one it had."""
    workspace = membership.workspace
    column = f"{kind}_id"
    made = []
    with store.atomic():
        for grant in grants:
            accessor = str(getattr(grant, column))
            role = store.find("workspace_roles", id=str(grant.workspace_role_id))
            if role is None or role["account_id"] not in {
                None,
                workspace["account_id"],
            }:
                raise NotFound("Workspace role")
            if not _accessor_exists(store, workspace["account_id"], kind, accessor):
                raise NotFound(kind.capitalize())
            where = {"workspace_id": workspace["id"], column: accessor}
            held = store.find("workspace_access", **where)
            if held is None:
                held = store.insert(
                    "workspace_access", **where, workspace_role_id=role["id"]
                )
            elif held["workspace_role_id"] != role["id"]:
                store.update(
                    "workspace_access", held["id"], workspace_role_id=role["id"]
                )
                (held,) = store.all("workspace_access", id=held["id"])
            made.append(_public(store, held))
    return made


def _listed(store: Store, membership: MembershipDep, column: str) -> list[Row]:
    grants = store.all("workspace_access", workspace_id=membership.workspace["id"])
    return [_public(store, grant) for grant in grants if grant[column]]


def _found(store: Store, membership: MembershipDep, **where: object) -> Row:
    where["workspace_id"] = membership.workspace["id"]
    if (grant := store.find("workspace_access", **where)) is None:
        raise NotFound("Workspace access")
    return grant


async def grant_of(access_id: UUID, membership: MembershipDep, store: StoreDep) -> Row:
    """Return the grant in the path."""
    return _found(store, membership, id=str(access_id))


GrantDep = Annotated[Row, Depends(grant_of)]


@router.post("/user_access", dependencies=USERS)
async def give_users(
    body: list[UserGrant], membership: MembershipDep, store: StoreDep
) -> list[Row]:
    """Give users their roles."""
    return _upsert(store, membership, "user", body)


@router.post("/bot_access", dependencies=BOTS)
async def give_bots(
    body: list[BotGrant], membership: MembershipDep, store: StoreDep
) -> list[Row]:
    """Give service accounts their roles."""
    return _upsert(store, membership, "bot", body)


@router.put("/team_access", dependencies=TEAMS)
async def give_teams(
    body: list[TeamGrant], membership: MembershipDep, store: StoreDep
) -> list[Row]:
    """Give teams their roles."""
    return _upsert(store, membership, "team", body)


@router.post("/user_access/filter", dependencies=SEE_USERS)
async def read_users(membership: MembershipDep, store: StoreDep) -> list[Row]:
    """List the users that have access."""
    return _listed(store, membership, "user_id")


@router.post("/bot_access/filter", dependencies=SEE_BOTS)
async def read_bots(membership: MembershipDep, store: StoreDep) -> list[Row]:
    """List the service accounts that have access."""
    return _listed(store, membership, "bot_id")


@router.post("/team_access/filter", dependencies=SEE_USERS)
async def read_teams(membership: MembershipDep, store: StoreDep) -> list[Row]:
    """List the teams that have access."""
    return _listed(store, membership, "team_id")


@router.get("/user_access/{access_id}", dependencies=SEE_USERS)
@router.get("/bot_access/{access_id}", dependencies=SEE_BOTS)
async def read_grant(grant: GrantDep, store: StoreDep) -> Row:
    """Return one grant."""
    return _public(store, grant)


@router.delete("/user_access/{access_id}", status_code=204, dependencies=USERS)
@router.delete("/bot_access/{access_id}", status_code=204, dependencies=BOTS)
async def revoke(grant: GrantDep, store: StoreDep) -> None:
    """Take a user's or a service account's access away."""
    store.delete("workspace_access", grant["id"])


@router.delete("/team_access/{team_id}", status_code=204, dependencies=TEAMS)
async def revoke_team(
    team_id: UUID, membership: MembershipDep, store: StoreDep
) -> None:
    """Take a team's access away."""
    grant = _found(store, membership, team_id=str(team_id))
    store.delete("workspace_access", grant["id"])
