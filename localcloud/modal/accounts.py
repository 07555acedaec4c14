"""What a workspace is made of: itself, its first environment, members, their tokens.

Used by the control plane for its bootstrap workspace, by the token flow, and by
`python -m localcloud.modal.admin` for more workspaces in the same account.
"""

from __future__ import annotations

import secrets
import sqlite3
from typing import TYPE_CHECKING

from modal_proto import api_pb2

from localcloud.modal.seal import digest
from localcloud.modal.store import new_id

if TYPE_CHECKING:
    from localcloud.modal.store import Store

FIRST_ENVIRONMENT = "main"
DEFAULT_BUILDER_VERSION = "2025.06"


def ensure_workspace(store: Store, name: str, owner: str) -> sqlite3.Row:
    """Return the workspace of this name, made with its owner if it was not there."""
    row = store.one("SELECT * FROM workspaces WHERE name=?", name)
    if row:
        return row
    workspace_id = new_id("ac")
    store.run(
        "INSERT INTO workspaces (id, name, image_builder_version, created_at) "
        "VALUES (?, ?, ?, ?)",
        workspace_id,
        name,
        DEFAULT_BUILDER_VERSION,
        store.stamp(),
    )
    environment_id = insert_environment(store, workspace_id, FIRST_ENVIRONMENT, "")
    store.run(
        "UPDATE workspaces SET default_environment_id=? WHERE id=?",
        environment_id,
        workspace_id,
    )
    ensure_member(store, workspace_id, owner, api_pb2.MEMBER_ROLE_OWNER)
    return ensure_workspace(store, name, owner)


def insert_environment(
    store: Store,
    workspace_id: str,
    name: str,
    suffix: str,
    *,
    restricted: bool = False,
    default_member_role: str | None = None,
    environment_type: int = api_pb2.ENVIRONMENT_TYPE_UNSPECIFIED,
) -> str:
    """Insert an environment and return its id."""
    environment_id = new_id("en")
    store.run(
        "INSERT INTO environments (id, workspace_id, name, suffix, restricted, "
        "default_member_role, type, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        environment_id,
        workspace_id,
        name,
        suffix,
        restricted,
        default_member_role,
        environment_type,
        store.stamp(),
    )
    return environment_id


def ensure_member(store: Store, workspace_id: str, name: str, role: int) -> str:
    """Make the user a member with this role, and return the user's id."""
    user_id: str | None = store.value("SELECT id FROM users WHERE name=?", name)
    if user_id is None:
        user_id = new_id("us")
        store.run(
            "INSERT INTO users VALUES (?, ?, ?)", user_id, name, f"{name}@local.test"
        )
    store.run(
        "INSERT INTO members VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (workspace_id, user_id) DO UPDATE SET role=excluded.role",
        new_id("me"),
        workspace_id,
        user_id,
        role,
        store.stamp(),
    )
    return user_id


def mint_token(
    store: Store,
    workspace_id: str,
    owner_id: str,
    name: str,
    expires_in: float | None = None,
) -> tuple[str, str]:
    """Make a token for a user or service user; return its id and its secret.

    The secret is not kept: this is the only time that anyone sees it.
    """
    token_id, secret = new_id("ak"), "as-" + secrets.token_urlsafe(24)
    now = store.stamp()
    store.run(
        "INSERT INTO tokens (id, secret_hash, workspace_id, user_id, service_user_id, "
        "name, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        token_id,
        digest(secret),
        workspace_id,
        owner_id if owner_id.startswith("us-") else None,
        None if owner_id.startswith("us-") else owner_id,
        name,
        now,
        now + expires_in if expires_in else None,
    )
    return token_id, secret


def seed_bootstrap(
    store: Store, workspace: str, owner: str, token_id: str, secret: str
) -> None:
    """Make the credentials of the command line valid, whatever happened to them."""
    with store.transaction():
        workspace_id = ensure_workspace(store, workspace, owner)["id"]
        user_id = ensure_member(store, workspace_id, owner, api_pb2.MEMBER_ROLE_OWNER)
        store.run("UPDATE tokens SET bootstrap=0")
        store.run("DELETE FROM tokens WHERE id=?", token_id)
        store.run(
            "INSERT INTO tokens (id, secret_hash, workspace_id, user_id, name, "
            "created_at, bootstrap) VALUES (?, ?, ?, ?, 'bootstrap', ?, 1)",
            token_id,
            digest(secret),
            workspace_id,
            user_id,
            store.stamp(),
        )
