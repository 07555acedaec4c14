"""Access lists: GET|PUT …/deployments/{id}/access, …/work_pools/{name}/access and
…/block_documents/{id}/access.

A PUT replaces the list. `"*"` as an actor is everybody, which is also how an object
without a list reads; a list that names nobody at all is no list.
"""  # noqa: D205 - one list of endpoints

from collections.abc import Iterator
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from starlette.requests import Request

from localcloud.prefect.account.access import (
    Membership,
    MembershipDep,
    NotFound,
    StoreDep,
    scoped,
)
from localcloud.prefect.account.store import Row, Store
from localcloud.prefect.acl import EVERYBODY, KEYS, LEVELS

router = APIRouter(prefix="/accounts/{account_id}/workspaces/{workspace_id}")

# Go clients send null for an empty list.
Ids = Annotated[
    list[str], Field(default_factory=list), BeforeValidator(lambda v: v or [])
]
ANYBODY = {"id": EVERYBODY, "name": EVERYBODY, "email": None, "type": EVERYBODY}
# Blocks are not run.
LEVELS_OF = dict.fromkeys(KEYS, LEVELS) | {"block_documents": ("view", "manage")}


class Control(BaseModel):
    """Who may do what, by actors' and teams' ids."""

    model_config = ConfigDict(extra="forbid")
    manage_actor_ids: Ids
    run_actor_ids: Ids
    view_actor_ids: Ids
    manage_team_ids: Ids
    run_team_ids: Ids
    view_team_ids: Ids


class AccessSet(BaseModel):
    """A list, whole."""

    model_config = ConfigDict(extra="forbid")
    access_control: Control


async def _key(request: Request, membership: Membership, kind: str, name: str) -> str:
    """Return the identity of an object that exists."""
    servers = request.app.state.servers
    path = f"/{kind}/{quote(name, safe='')}"
    if (found := await servers.ask(membership.workspace, "GET", path)) is None:
        raise NotFound("Object")
    return str(found[KEYS[kind]])


def _shown(store: Store, control: Row, level: str) -> Iterator[Row]:
    for actor_id in control.get(f"{level}_actor_ids", []):
        if actor_id == EVERYBODY:
            yield ANYBODY
        elif user := _actor(store, "users", actor_id):
            name = f"{user['first_name']} {user['last_name']}".strip()
            names = {"name": name, "email": user["email"]}
            yield {"id": user["actor_id"], **names, "type": "user"}
        elif bot := _actor(store, "bots", actor_id):
            names = {"name": bot["name"], "email": None}
            yield {"id": bot["actor_id"], **names, "type": "service_account"}
    for team_id in control.get(f"{level}_team_ids", []):
        if team := store.find("teams", id=team_id):
            names = {"name": team["name"], "email": None}
            yield {"id": team["id"], **names, "type": "team"}


def _actor(store: Store, table: str, an_id: str) -> Row | None:
    return store.find(table, actor_id=an_id) or store.find(table, id=an_id)


def _check_known(store: Store, control: Row) -> None:
    """Refuse ids that belong to nobody."""
    for name, ids in control.items():
        for each in ids:
            if name.endswith("_team_ids"):
                known = store.find("teams", id=each)
            else:
                known = _actor(store, "users", each) or _actor(store, "bots", each)
            if known is None and each != EVERYBODY:
                raise HTTPException(404, f"{name}: {each} is nobody's id.")


async def _read(
    request: Request, membership: Membership, store: Store, kind: str, name: str
) -> dict[str, Any]:
    key = await _key(request, membership, kind, name)
    where = {"workspace_id": membership.workspace["id"], "kind": kind}
    row = store.find("object_access", object_id=key, **where)
    if row is None:
        return {f"{level}_actors": [ANYBODY] for level in LEVELS_OF[kind]}
    control = row["access_control"]
    return {
        f"{level}_actors": list(_shown(store, control, level))
        for level in LEVELS_OF[kind]
    }


async def _write(
    request: Request,
    membership: Membership,
    store: Store,
    *,
    kind: str,
    name: str,
    body: AccessSet,
) -> None:
    key = await _key(request, membership, kind, name)
    control = body.access_control.model_dump()
    _check_known(store, control)
    where = {
        "workspace_id": membership.workspace["id"],
        "kind": kind,
        "object_id": key,
    }
    with store.atomic():
        if held := store.find("object_access", **where):
            store.delete("object_access", held["id"])
        named = {each for ids in control.values() for each in ids}
        if named - {EVERYBODY}:
            store.insert("object_access", **where, access_control=control)


def _serve(kind: str, parameter: str, see: str) -> None:
    """Add the two routes of one kind."""

    @router.get(
        f"/{kind}/{{{parameter}}}/access",
        dependencies=[Depends(scoped(see))],
        name=f"read_{kind}_access",
    )
    async def read(
        request: Request, membership: MembershipDep, store: StoreDep
    ) -> dict[str, Any]:
        """Return who may do what with the object."""
        name = request.path_params[parameter]
        return await _read(request, membership, store, kind, name)

    @router.put(
        f"/{kind}/{{{parameter}}}/access",
        status_code=204,
        dependencies=[Depends(scoped("manage_acls"))],
        name=f"set_{kind}_access",
    )
    async def write(
        request: Request, body: AccessSet, membership: MembershipDep, store: StoreDep
    ) -> None:
        """Replace who may do what with the object."""
        name = request.path_params[parameter]
        await _write(request, membership, store, kind=kind, name=name, body=body)


_serve("deployments", "deployment_id", "see_deployments")
_serve("work_pools", "work_pool_name", "see_work_pools")
_serve("block_documents", "block_document_id", "see_blocks")
