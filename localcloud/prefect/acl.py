"""Access control lists of single objects: deployments, work pools and blocks.

An object without a list is open to whoever the workspace's roles let in. One with a
list is open to those on it, at their level and the levels below; to all others it is
403, and absent from lists. A deployment in a work pool with a list goes by the pool's.
Who may change lists (the scope `manage_acls`) is not kept out by them, nor are the runs
of push work pools.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from localcloud.prefect.account.access import Forbidden, Membership
from localcloud.prefect.account.identity import Actor, teams_of
from localcloud.prefect.account.store import Row, Store
from localcloud.prefect.scopes import is_read
from localcloud.prefect.servers import Servers

EVERYBODY = "*"
LEVELS = ("view", "run", "manage")
# The kinds with lists: the first part of their path, and what identifies them.
KEYS = {"deployments": "id", "work_pools": "name", "block_documents": "id"}
RUNNING = frozenset(
    {"create_flow_run", "bulk", "get_scheduled_flow_runs", "heartbeat", "schedule"}
)
UUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", re.IGNORECASE)


@dataclass(frozen=True)
class Lists:
    """All lists of a workspace, seen by one actor."""

    workspace: Row
    controls: Mapping[tuple[str, str], Row]
    identities: frozenset[str]

    def permit(self, kind: str, item: Mapping[str, Any], level: str) -> bool:
        """Tell whether the actor may do something of this level with an object."""
        control = self.controls.get((kind, str(item.get(KEYS[kind]))))
        if kind == "deployments":
            pool = ("work_pools", str(item.get("work_pool_name")))
            control = self.controls.get(pool, control)
        if control is None:
            return True
        for each in LEVELS[LEVELS.index(level) :]:
            listed = {
                *(control.get(f"{each}_actor_ids") or ()),
                *(control.get(f"{each}_team_ids") or ()),
            }
            if listed & self.identities:
                return True
        return False

    def visible(self, kind: str, content: Any) -> Any:
        """Return what of an answer the actor may see.

        Raises:
            Forbidden: The answer is a single object that it may not see.
        """
        if isinstance(content, list):
            return [each for each in content if self._may_see(kind, each)]
        if isinstance(content, dict) and isinstance(content.get("results"), list):
            return {**content, "results": self.visible(kind, content["results"])}
        if not self._may_see(kind, content):
            raise Forbidden("to be on the object's access list")
        return content

    def _may_see(self, kind: str, item: Any) -> bool:
        return not isinstance(item, dict) or self.permit(kind, item, "view")


def lists_for(store: Store, membership: Membership, actor: Actor) -> Lists | None:
    """Return the lists that bind an actor; None when none does."""
    rows = store.all("object_access", workspace_id=membership.workspace["id"])
    if not rows or "manage_acls" in membership.scopes or actor.kind == "run":
        return None
    controls = {(row["kind"], row["object_id"]): row["access_control"] for row in rows}
    identities = {EVERYBODY, actor.id, actor.row["actor_id"], *teams_of(store, actor)}
    return Lists(membership.workspace, controls, frozenset(identities))


def kind_of(path: str) -> str | None:
    """Return which kind with lists a path inside a workspace is about."""
    parts = path.strip("/").split("/")
    if "block_documents" in parts:
        return "block_documents"
    return parts[0] if parts[0] in KEYS else None


async def check(
    servers: Servers, lists: Lists, method: str, path: str, body: Any
) -> None:
    """Refuse a request that a list forbids, before it reaches the server.

    Raises:
        Forbidden: The actor is not on the object's list at the level it needs.
    """
    kind = kind_of(path)
    if kind is None:
        return
    level = _level(method, path)
    for item in await _items(servers, lists.workspace, kind, path, body):
        if not lists.permit(kind, item, level):
            raise Forbidden(f"to {level} the object, by its access list")


def _level(method: str, path: str) -> str:
    last = path.rstrip("/").rpartition("/")[2]
    if method == "POST" and last in RUNNING:
        return "run"
    return "view" if is_read(method, path) else "manage"


async def _items(
    servers: Servers, workspace: Row, kind: str, path: str, body: Any
) -> list[Mapping[str, Any]]:
    """Return the objects that a path (or the body of a POST) is about."""
    parts = path.strip("/").split("/")
    named = parts[1] if len(parts) > 1 and parts[0] == kind else ""
    if kind == "work_pools":
        return [{"name": unquote(named)}] if named not in {"", "filter"} else []
    if kind == "block_documents":
        return [{"id": named.lower()}] if UUID.match(named) else []
    if named == "" and isinstance(body, dict):
        return await _upserted(servers, workspace, body)
    if UUID.match(named):
        item = await servers.ask(workspace, "GET", f"/deployments/{named}")
        return [item] if item else []
    return []


async def _upserted(
    servers: Servers, workspace: Row, body: Mapping[str, Any]
) -> list[Mapping[str, Any]]:
    """Return the deployment that a POST would change, as it makes or replaces."""
    found = await servers.ask(
        workspace,
        "POST",
        "/deployments/filter",
        deployments={"name": {"any_": [str(body.get("name"))]}},
        flows={"id": {"any_": [body.get("flow_id")]}},
    )
    pool = {"id": None, "work_pool_name": body.get("work_pool_name")}
    return [*(found or []), pool]


def forget(store: Store, workspace_id: str, path: str) -> None:
    """Drop the list of an object that has just been deleted."""
    parts = path.strip("/").split("/")
    if len(parts) == 2 and parts[0] in KEYS:
        where = {"kind": parts[0], "object_id": unquote(parts[1])}
        if row := store.find("object_access", workspace_id=workspace_id, **where):
            store.delete("object_access", row["id"])
