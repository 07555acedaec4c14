"""Service users: identities for machines, with a token and roles in environments.

The token's secret is in the reply to the creation and nowhere else; there is no RPC to
make another one for the same service user. A new one has access to nothing.
"""

from __future__ import annotations

import sqlite3
import time

from google.protobuf.empty_pb2 import Empty
from modal_proto import api_pb2

from localcloud.modal.access import ROLES
from localcloud.modal.accounts import mint_token
from localcloud.modal.call import Call
from localcloud.modal.errors import already_exists, not_found
from localcloud.modal.names import check_service_user_name
from localcloud.modal.registry import Access, rpc
from localcloud.modal.store import new_id
from localcloud.modal.tokens import timestamp

JOINED = (
    "SELECT service_users.*, users.name AS creator, tokens.id AS token_id, "
    "tokens.last_used_at, tokens.expires_at, tokens.disabled FROM service_users "
    "JOIN users ON users.id = created_by "
    "JOIN tokens ON tokens.service_user_id = service_users.id "
    "WHERE service_users.workspace_id=?"
)


@rpc("ServiceUserCreate", Access.MANAGER)
def service_user_create(
    call: Call, request: api_pb2.ServiceUserCreateRequest
) -> api_pb2.ServiceUserCreateResponse:
    """Make a service user and its token, whose secret only this reply has."""
    name = check_service_user_name(request.name)
    service_user_id = new_id("su")
    try:
        call.store.run(
            "INSERT INTO service_users VALUES (?, ?, ?, ?, ?)",
            service_user_id,
            call.who.workspace_id,
            name,
            call.who.id,
            call.store.stamp(),
        )
    except sqlite3.IntegrityError:
        msg = f"Service user '{name}' already exists."
        raise already_exists(msg) from None
    expires_in = float(request.expires_in_seconds) or None
    token_id, secret = mint_token(
        call.store, call.who.workspace_id, service_user_id, name, expires_in
    )
    expires_at = call.store.value("SELECT expires_at FROM tokens WHERE id=?", token_id)
    return api_pb2.ServiceUserCreateResponse(
        token_id=token_id,
        token_secret=secret,
        service_user_id=service_user_id,
        expires_at=timestamp(expires_at) if expires_at else None,
    )


@rpc("ServiceUserInfo", Access.USER)
def service_user_info(
    call: Call, request: api_pb2.ServiceUserInfoRequest
) -> api_pb2.ServiceUserInfoResponse:
    """Describe one service user."""
    name = request.service_user_name
    row = call.store.one(
        JOINED + " AND service_users.name=?", call.who.workspace_id, name
    )
    if row is None:
        msg = f"Service user '{name}' not found."
        raise not_found(msg)
    return api_pb2.ServiceUserInfoResponse(service_user=_describe(call, row))


@rpc("ServiceUserList", Access.USER)
def service_user_list(call: Call, _: Empty) -> api_pb2.ServiceUserListResponse:
    """List all service users of the workspace."""
    rows = call.store.all(
        JOINED + " ORDER BY service_users.created_at", call.who.workspace_id
    )
    return api_pb2.ServiceUserListResponse(
        service_users=[_describe(call, row) for row in rows]
    )


@rpc("ServiceUserDelete", Access.MANAGER)
def service_user_delete(call: Call, request: api_pb2.ServiceUserDeleteRequest) -> Empty:
    """Delete a service user by name or id; its token ends with it."""
    name = request.service_user_name or request.service_user_id
    row = call.store.one(
        "SELECT id FROM service_users WHERE workspace_id=? AND (name=? OR id=?)",
        call.who.workspace_id,
        request.service_user_name,
        request.service_user_id,
    )
    if row is None:
        msg = f"Service user '{name}' not found."
        raise not_found(msg)
    call.store.run("DELETE FROM environment_roles WHERE principal_id=?", row["id"])
    call.store.run("DELETE FROM service_users WHERE id=?", row["id"])
    return Empty()


def _describe(call: Call, row: sqlite3.Row) -> api_pb2.ServiceUser:
    roles = call.store.all(
        "SELECT environments.id, environments.name, role FROM environment_roles "
        "JOIN environments ON environments.id = environment_id WHERE principal_id=? "
        "ORDER BY environments.created_at",
        row["id"],
    )
    expired = row["expires_at"] is not None and row["expires_at"] <= time.time()
    return api_pb2.ServiceUser(
        name=row["name"],
        token_id=row["token_id"],
        created_by=row["creator"],
        created_at=row["created_at"],
        last_used_at=row["last_used_at"] or 0.0,
        service_user_id=row["id"],
        status="expired" if expired else "active",
        scoped=True,
        environment_roles=[
            api_pb2.ServiceUser.EnvironmentRoleEntry(
                environment_id=role["id"],
                environment_name=role["name"],
                role=ROLES[role["role"]],
                role_str=role["role"],
            )
            for role in roles
        ],
        expires_at=row["expires_at"],
    )
