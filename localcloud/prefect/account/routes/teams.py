"""Teams: POST|GET|PUT|DELETE /teams, POST …/filter, and their members.

PUT …/{id}/members adds; DELETE …/{id}/members/{actor_id} removes one. Members are named
by their own id when added, and shown by their actor's id.
"""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from localcloud.prefect.account.access import (
    AccountDep,
    NotFound,
    StoreDep,
    permitted,
)
from localcloud.prefect.account.filters import Filter, Page, in_account, select
from localcloud.prefect.account.store import Row, Store

router = APIRouter(prefix="/accounts/{account_id}/teams")

TYPES = {"user": "user", "service_account": "bot"}


class TeamUpsert(BaseModel):
    """A team, whole."""

    model_config = ConfigDict(extra="forbid")
    name: Annotated[str, Field(min_length=1, max_length=255)]
    description: str | None = ""


class TeamsFilter(Page):
    """Which teams to list."""

    teams: Filter | None = None


class Member(BaseModel):
    """A user or service account, by its id or its actor's."""

    model_config = ConfigDict(extra="forbid")
    member_id: UUID
    member_type: Literal["user", "service_account"]


class Members(BaseModel):
    """The members to add."""

    model_config = ConfigDict(extra="forbid")
    members: list[Member]


async def team_of(team_id: UUID, account: AccountDep, store: StoreDep) -> Row:
    """Return the team in the path."""
    team = store.find("teams", id=str(team_id), account_id=account["id"])
    if team is None:
        raise NotFound("Team")
    return team


TeamDep = Annotated[Row, Depends(team_of)]


def _actor(store: Store, kind: str, actor_or_own_id: str) -> Row | None:
    table = f"{kind}s"
    by_id = store.find(table, id=actor_or_own_id)
    return by_id or store.find(table, actor_id=actor_or_own_id)


def _membership(store: Store, row: Row) -> Row:
    if row["user_id"]:
        (user,) = store.all("users", id=row["user_id"])
        return {
            "id": user["actor_id"],
            "handle": user["handle"],
            "name": f"{user['first_name']} {user['last_name']}".strip(),
            "email": user["email"],
            "type": "user",
        }
    (bot,) = store.all("bots", id=row["bot_id"])
    names = {"handle": bot["name"], "name": bot["name"], "email": None}
    return {"id": bot["actor_id"], **names, "type": "service_account"}


def _public(store: Store, team: Row) -> Row:
    members = store.all("team_members", team_id=team["id"])
    workspaces = []
    for grant in store.all("workspace_access", team_id=team["id"]):
        (workspace,) = store.all("workspaces", id=grant["workspace_id"])
        (role,) = store.all("workspace_roles", id=grant["workspace_role_id"])
        workspaces.append(
            {
                "workspace_id": workspace["id"],
                "workspace_handle": workspace["handle"],
                "workspace_role_id": role["id"],
                "workspace_role_name": role["name"],
            }
        )
    return {
        **team,
        "workos_directory_group_id": None,
        "memberships": [_membership(store, member) for member in members],
        "workspaces": workspaces,
    }


@router.post("", status_code=201, dependencies=[Depends(permitted("create:team"))])
async def create_team(body: TeamUpsert, account: AccountDep, store: StoreDep) -> Row:
    """Make a team."""
    team = store.insert("teams", account_id=account["id"], **body.model_dump())
    return _public(store, team)


@router.post("/filter", dependencies=[Depends(permitted("read:team"))])
async def read_teams(
    body: TeamsFilter, account: AccountDep, store: StoreDep
) -> list[Row]:
    """List teams."""
    rows = select(in_account(store, "teams", account), body.teams, body, "name")
    return [_public(store, row) for row in rows]


@router.get("/{team_id}", dependencies=[Depends(permitted("read:team"))])
async def read_team(team: TeamDep, store: StoreDep) -> Row:
    """Return one team."""
    return _public(store, team)


@router.put("/{team_id}", dependencies=[Depends(permitted("update:team"))])
async def update_team(body: TeamUpsert, team: TeamDep, store: StoreDep) -> Row:
    """Replace a team's name and description."""
    store.update("teams", team["id"], **body.model_dump())
    return _public(store, store.all("teams", id=team["id"])[0])


@router.delete(
    "/{team_id}", status_code=204, dependencies=[Depends(permitted("delete:team"))]
)
async def delete_team(team: TeamDep, store: StoreDep) -> None:
    """Delete a team, and the access that it gave."""
    store.delete("teams", team["id"])


@router.put("/{team_id}/members", dependencies=[Depends(permitted("update:team"))])
async def add_members(body: Members, team: TeamDep, store: StoreDep) -> Row:
    """Add members; those who are in the team already stay."""
    with store.atomic():
        for member in body.members:
            kind = TYPES[member.member_type]
            if (actor := _actor(store, kind, str(member.member_id))) is None:
                raise NotFound("Member")
            where = {"team_id": team["id"], f"{kind}_id": actor["id"]}
            if store.find("team_members", **where) is None:
                store.insert("team_members", **where)
    return _public(store, team)


@router.delete(
    "/{team_id}/members/{member_id}",
    status_code=204,
    dependencies=[Depends(permitted("update:team"))],
)
async def remove_member(member_id: UUID, team: TeamDep, store: StoreDep) -> None:
    """Take one member out of the team."""
    for kind in TYPES.values():
        if actor := _actor(store, kind, str(member_id)):
            where = {"team_id": team["id"], f"{kind}_id": actor["id"]}
            if held := store.find("team_members", **where):
                store.delete("team_members", held["id"])
                return
    raise NotFound("Team member")
