"""Who is calling: the identity behind a token, or behind a running container."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from modal_proto import api_pb2

from localcloud.modal.errors import denied, unauthenticated
from localcloud.modal.registry import Access
from localcloud.modal.seal import matches

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localcloud.modal.store import Store

MemberRole: TypeAlias = "api_pb2.MemberRole.ValueType"
MANAGING = (api_pb2.MEMBER_ROLE_MANAGER, api_pb2.MEMBER_ROLE_OWNER)
# A token's last use is shown in seconds; writing it at every call would make every
# read a write.
LAST_USE_STEP = 1.0


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller of one request."""

    id: str
    """`us-…` of a user, `su-…` of a service user, empty when anonymous."""
    name: str
    workspace_id: str
    member_role: MemberRole = api_pb2.MEMBER_ROLE_UNSPECIFIED
    token_id: str = ""
    task_id: str = ""
    """The container that calls, whose environment and app it then acts in."""
    environment_id: str = ""

    @property
    def is_user(self) -> bool:
        """Tell a person from a service user."""
        return self.id.startswith("us-")

    @property
    def manages(self) -> bool:
        """Tell whether this is a workspace's owner or manager."""
        return self.member_role in MANAGING


NOBODY = Principal("", "", "")


def authenticate(
    store: Store, metadata: Mapping[str, str], access: Access
) -> Principal:
    """Return who sent these headers, or refuse them with UNAUTHENTICATED."""
    if access is Access.ANONYMOUS:
        return NOBODY
    if task_id := metadata.get("x-modal-task-id"):
        caller = _container(store, task_id, metadata.get("x-modal-task-secret", ""))
    else:
        caller = _token(store, metadata)
    if access is not Access.TOKEN and (not caller.is_user or caller.task_id):
        msg = "This needs a workspace member's own token."
        raise denied(msg)
    if access is Access.MANAGER and not caller.manages:
        msg = f"This needs a manager of the workspace, which '{caller.name}' is not."
        raise denied(msg)
    return caller


def identity(store: Store, workspace_id: str, principal_id: str) -> Principal | None:
    """Return a member or service user of a workspace, or None if it is gone."""
    user = store.one(
        "SELECT users.id, users.name, members.role FROM users JOIN members "
        "ON members.user_id = users.id WHERE users.id=? AND members.workspace_id=?",
        principal_id,
        workspace_id,
    )
    if user:
        return Principal(user["id"], user["name"], workspace_id, user["role"])
    service = store.one(
        "SELECT id, name FROM service_users WHERE id=? AND workspace_id=?",
        principal_id,
        workspace_id,
    )
    if service is None:
        return None
    return Principal(service["id"], service["name"], workspace_id)


def _token(store: Store, metadata: Mapping[str, str]) -> Principal:
    token_id = metadata.get("x-modal-token-id", "")
    secret = metadata.get("x-modal-token-secret", "")
    if not token_id or not secret:
        msg = (
            "Token missing. Could not authenticate client: set MODAL_TOKEN_ID and "
            "MODAL_TOKEN_SECRET, or run `modal token new`."
        )
        raise unauthenticated(msg)
    row = store.one("SELECT * FROM tokens WHERE id=?", token_id)
    if row is None or not matches(secret, row["secret_hash"]):
        msg = f"Token validation failed: '{token_id}' and its secret are not known."
        raise unauthenticated(msg)
    _check_usable(row)
    now = time.time()
    if (row["last_used_at"] or 0.0) < now - LAST_USE_STEP:
        store.run("UPDATE tokens SET last_used_at=? WHERE id=?", now, token_id)
    caller = identity(
        store, row["workspace_id"], row["user_id"] or row["service_user_id"]
    )
    if caller is None:
        msg = f"Token '{token_id}' belongs to nobody in its workspace any more."
        raise unauthenticated(msg)
    return Principal(
        caller.id, caller.name, caller.workspace_id, caller.member_role, token_id
    )


def _check_usable(row: sqlite3.Row) -> None:
    if row["disabled"]:
        msg = f"Token '{row['id']}' is disabled: have a manager enable it."
        raise unauthenticated(msg)
    if row["expires_at"] is not None and row["expires_at"] <= time.time():
        msg = f"Token '{row['id']}' has expired: run `modal token new`."
        raise unauthenticated(msg)


def _container(store: Store, task_id: str, secret: str) -> Principal:
    """Authenticate a container by the secret that only its process was given.

    It acts for whoever deployed its app: the real service does not let a container
    do more than its deployer could.
    """
    row = store.one(
        "SELECT tasks.secret_hash, apps.owner, objects.environment_id, "
        "environments.workspace_id FROM tasks "
        "JOIN objects ON objects.id = tasks.function_id "
        "JOIN apps ON apps.id = objects.app_id "
        "JOIN environments ON environments.id = objects.environment_id "
        "WHERE tasks.id=? AND tasks.state <> 'finished'",
        task_id,
    )
    if row is None or not matches(secret, row["secret_hash"]):
        msg = f"Container '{task_id}' is not running."
        raise unauthenticated(msg)
    owner = identity(store, row["workspace_id"], row["owner"])
    return Principal(
        id=row["owner"],
        name=owner.name if owner else row["owner"],
        workspace_id=row["workspace_id"],
        member_role=owner.member_role if owner else api_pb2.MEMBER_ROLE_UNSPECIFIED,
        task_id=task_id,
        environment_id=row["environment_id"],
    )
