"""What a principal may do in an environment (https://modal.com/docs/guide/rbac).

Owners and managers contribute everywhere; members contribute in every environment
that is not restricted, and have an assigned or the default role in one that is;
a service user has the roles it was assigned, and no access elsewhere.
"""

from __future__ import annotations

import enum
import sqlite3
from typing import TYPE_CHECKING, TypeAlias

from modal_proto import api_pb2

from localcloud.modal.errors import denied, not_found

if TYPE_CHECKING:
    from localcloud.modal.principal import Principal
    from localcloud.modal.store import Store

EnvironmentRole: TypeAlias = "api_pb2.EnvironmentRole.ValueType"

CONTRIBUTOR = "contributor"
VIEWER = "viewer"
NO_ACCESS = "no-access"

ROLES = {
    CONTRIBUTOR: api_pb2.ENVIRONMENT_ROLE_CONTRIBUTOR,
    VIEWER: api_pb2.ENVIRONMENT_ROLE_VIEWER,
    NO_ACCESS: api_pb2.ENVIRONMENT_ROLE_NO_ACCESS,
}
NAMES = {number: name for name, number in ROLES.items()}
DEFAULT_RESTRICTED_ROLE = VIEWER


class Need(enum.Enum):
    """What a request does to what it names."""

    READ = enum.auto()
    WRITE = enum.auto()


def role_in(store: Store, who: Principal, environment: sqlite3.Row) -> str:
    """Return the role that the principal has in the environment, by name."""
    if who.environment_id == environment["id"] or who.manages:
        return CONTRIBUTOR
    if who.is_user and not environment["restricted"]:
        return CONTRIBUTOR
    assigned: str | None = store.value(
        "SELECT role FROM environment_roles WHERE environment_id=? AND principal_id=?",
        environment["id"],
        who.id,
    )
    if assigned:
        return assigned
    if who.is_user:
        return environment["default_member_role"] or DEFAULT_RESTRICTED_ROLE
    return NO_ACCESS


def default_role(environment: sqlite3.Row) -> EnvironmentRole | None:
    """Return the proto's role of members who have none assigned; None when all may."""
    if not environment["restricted"]:
        return None
    return ROLES[environment["default_member_role"] or DEFAULT_RESTRICTED_ROLE]


def check(store: Store, who: Principal, environment: sqlite3.Row, need: Need) -> None:
    """Refuse a principal whose role in the environment does not allow the need."""
    role = role_in(store, who, environment)
    if role == CONTRIBUTOR or (role == VIEWER and need is Need.READ):
        return
    doing = "reading from" if need is Need.READ else "changing"
    msg = (
        f"'{who.name}' has the role '{role}' in environment '{environment['name']}', "
        f"which does not allow {doing} it: have a manager assign a role there."
    )
    raise denied(msg)


def find_environment(store: Store, who: Principal, name: str) -> sqlite3.Row:
    """Return the environment of this name or id; empty means the default one.

    Raises:
        GRPCError: NOT_FOUND, when the workspace has none of that name.
    """
    if not name:
        row = store.one(
            "SELECT * FROM environments WHERE id=coalesce(?, (SELECT "
            "default_environment_id FROM workspaces WHERE id=?))",
            who.environment_id or None,
            who.workspace_id,
        )
        if row is None:
            msg = "The workspace has no default environment: name one."
            raise not_found(msg)
        return row
    column = "id" if name.startswith("en-") else "name"
    row = store.one(
        f"SELECT * FROM environments WHERE workspace_id=? AND {column}=?",  # noqa: S608 - the column is one of two literals
        who.workspace_id,
        name,
    )
    if row is None:
        msg = f"Environment '{name}' not found."
        raise not_found(msg)
    return row
