"""Who is calling: from a key to an actor, and from an actor to what it may do."""

import base64
import binascii
from collections.abc import Collection
from dataclasses import dataclass

from localcloud.prefect.account.keys import digest, is_live
from localcloud.prefect.account.roles import DEVELOPER, SCOPES, expand
from localcloud.prefect.account.store import Row, Store

ALL_WORKSPACES = "administrate:workspace"


@dataclass(frozen=True)
class Actor:
    """A user, a service account or a flow run that has shown a live key."""

    kind: str  # user, bot or run
    row: Row
    account_id: str
    permissions: frozenset[str]

    @property
    def id(self) -> str:
        """The id of whom the key belongs to (not its actor id)."""
        return str(self.row["id"])


def key_of(authorization: str | None) -> str | None:
    """Return the key in an Authorization header.

    Clients send it as a bearer token. The UI knows only a password: it sends the key as
    HTTP Basic credentials.
    """
    scheme, _, rest = (authorization or "").partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() == "basic":
        try:
            decoded = base64.b64decode(rest, validate=True).decode()
            return decoded.strip(":")  # with or without an empty user or password
        except (binascii.Error, UnicodeDecodeError):
            return None
    return None


def identify(store: Store, key: str | None) -> Actor | None:
    """Return whom a key belongs to, or None when it is unknown or has expired."""
    if not key:
        return None
    held = store.find("api_keys", hash=digest(key))
    if held is None:
        return _run(store, key)
    if not is_live(held):
        return None
    if held["bot_id"]:
        kind, row = "bot", store.find("bots", id=held["bot_id"])
        membership = row
    else:
        kind, row = "user", store.find("users", id=held["user_id"])
        membership = store.find("account_memberships", user_id=held["user_id"])
    if row is None or membership is None:
        return None
    role = store.find("account_roles", id=membership["account_role_id"])
    permissions = frozenset(role["permissions"] if role else ())
    return Actor(kind, row, membership["account_id"], permissions)


def _run(store: Store, key: str) -> Actor | None:
    """Return the push work pool's flow run that a key was made for."""
    if (held := store.find("run_keys", hash=digest(key))) is None:
        return None
    (workspace,) = store.all("workspaces", id=held["workspace_id"])
    row = {
        "id": held["id"],
        "actor_id": held["id"],
        "created": held["created"],
        "updated": held["updated"],
        "workspace_id": held["workspace_id"],
    }
    return Actor("run", row, workspace["account_id"], frozenset())


def teams_of(store: Store, actor: Actor) -> list[str]:
    """Return the ids of the teams that an actor belongs to."""
    if actor.kind == "run":
        return []
    members = store.all("team_members", **{f"{actor.kind}_id": actor.id})
    return [member["team_id"] for member in members]


def role_scopes(store: Store, role_id: str | None) -> Collection[str]:
    """Return all that a workspace role permits, inherited scopes included."""
    scopes: set[str] = set()
    while role_id is not None:
        role = store.find("workspace_roles", id=role_id)
        if role is None:
            break
        scopes.update(role["scopes"])
        role_id = role["inherited_role_id"]
    return scopes


def workspace_scopes(store: Store, actor: Actor, workspace: Row) -> frozenset[str]:
    """Return what an actor may do in a workspace; nothing when it has no access."""
    if ALL_WORKSPACES in actor.permissions:
        return frozenset(SCOPES)
    if actor.kind == "run":
        ours = actor.row["workspace_id"] == workspace["id"]
        return frozenset(expand(DEVELOPER)) if ours else frozenset()
    grants = store.all(
        "workspace_access",
        workspace_id=workspace["id"],
        **{f"{actor.kind}_id": actor.id},
    )
    if teams := teams_of(store, actor):
        grants += store.all(
            "workspace_access", workspace_id=workspace["id"], team_id=teams
        )
    roles = {grant["workspace_role_id"] for grant in grants}
    if actor.kind == "user":  # the default role is for the account's members
        roles.add(workspace["default_workspace_role_id"])
    scopes = {s for role in roles for s in role_scopes(store, role)}
    return frozenset(expand(scopes))
