"""Tokens of members: the caller's own, and those that a manager looks after."""

from __future__ import annotations

import sqlite3

from google.protobuf.empty_pb2 import Empty
from google.protobuf.timestamp_pb2 import Timestamp
from modal_proto import api_pb2

from localcloud.modal.call import Call
from localcloud.modal.errors import denied, not_found
from localcloud.modal.registry import Access, rpc


@rpc("TokenInfoGet")
def token_info(
    call: Call, _: api_pb2.TokenInfoGetRequest
) -> api_pb2.TokenInfoGetResponse:
    """Describe the token that the request came with."""
    row = call.store.one(
        "SELECT tokens.*, workspaces.name AS workspace FROM tokens JOIN workspaces "
        "ON workspaces.id = tokens.workspace_id WHERE tokens.id=?",
        call.who.token_id,
    )
    if row is None:
        msg = "A container has no token of its own."
        raise not_found(msg)
    reply = api_pb2.TokenInfoGetResponse(
        token_id=row["id"],
        token_name=row["name"],
        workspace_id=row["workspace_id"],
        workspace_name=row["workspace"],
        created_at=timestamp(row["created_at"]),
        expires_at=timestamp(row["expires_at"]) if row["expires_at"] else None,
    )
    if call.who.is_user:
        reply.user_identity.user_id = call.who.id
        reply.user_identity.username = call.who.name
    else:
        creator = call.store.one(
            "SELECT users.* FROM users JOIN service_users ON created_by = users.id "
            "WHERE service_users.id=?",
            call.who.id,
        )
        reply.service_user_identity.service_user_id = call.who.id
        reply.service_user_identity.service_user_name = call.who.name
        if creator:
            reply.service_user_identity.created_by.user_id = creator["id"]
            reply.service_user_identity.created_by.username = creator["name"]
    return reply


@rpc("TokensList", Access.USER)
def tokens_list(call: Call, _: Empty) -> api_pb2.TokensListResponse:
    """List the members' tokens: all of them for a manager, else the caller's own."""
    rows = call.store.all(
        "SELECT tokens.*, users.name AS owner, members.id AS member_id FROM tokens "
        "JOIN users ON users.id = tokens.user_id JOIN members ON members.user_id = "
        "users.id AND members.workspace_id = tokens.workspace_id "
        "WHERE tokens.workspace_id=? AND (? OR users.id=?) ORDER BY tokens.created_at",
        call.who.workspace_id,
        call.who.manages,
        call.who.id,
    )
    return api_pb2.TokensListResponse(
        tokens=[
            api_pb2.TokensListResponse.Token(
                token_id=row["id"],
                created_at=row["created_at"],
                workspace_id=row["workspace_id"],
                user_id=row["user_id"],
                last_used_at=row["last_used_at"] or 0.0,
                member_displayname=row["owner"],
                member_id=row["member_id"],
                name=row["name"],
                expires_at=row["expires_at"],
                disabled=bool(row["disabled"]),
            )
            for row in rows
        ]
    )


@rpc("TokenDelete", Access.USER)
def token_delete(call: Call, request: api_pb2.TokenDeleteRequest) -> Empty:
    """Revoke a member's token: one's own, or any for a manager."""
    row = _token(call, request.token_id)
    if not _kept(call, row):
        call.store.run("DELETE FROM tokens WHERE id=?", row["id"])
    return Empty()


@rpc("TokenDisable", Access.MANAGER)
def token_disable(call: Call, request: api_pb2.TokenDisableRequest) -> Empty:
    """Let tokens authenticate nobody until they are enabled again."""
    for token_id in request.token_ids:
        row = _token(call, token_id)
        if not _kept(call, row):
            call.store.run("UPDATE tokens SET disabled=1 WHERE id=?", row["id"])
    return Empty()


@rpc("TokenEnable", Access.MANAGER)
def token_enable(call: Call, request: api_pb2.TokenEnableRequest) -> Empty:
    """Let disabled tokens authenticate again."""
    for token_id in request.token_ids:
        row = _token(call, token_id)
        call.store.run("UPDATE tokens SET disabled=0 WHERE id=?", row["id"])
    return Empty()


def timestamp(at: float) -> Timestamp:
    """Return a Unix time as the proto's timestamp."""
    stamp = Timestamp()
    stamp.FromMicroseconds(round(at * 1e6))
    return stamp


def _token(call: Call, token_id: str) -> sqlite3.Row:
    row = call.store.one(
        "SELECT * FROM tokens WHERE id=? AND workspace_id=? AND user_id IS NOT NULL",
        token_id,
        call.who.workspace_id,
    )
    if row is None:
        msg = f"Token '{token_id}' not found."
        raise not_found(msg)
    if row["user_id"] != call.who.id and not call.who.manages:
        msg = f"Token '{token_id}' is another member's: have a manager do it."
        raise denied(msg)
    return row


def _kept(call: Call, row: sqlite3.Row) -> bool:
    """Spare the token of the command line, and say so.

    Whoever started this control plane gave its credentials to everything that uses
    it; `modal token rotate` in one shell must not lock all of that out.
    """
    if row["bootstrap"]:
        call.warnings.append(
            f"Token {row['id']} was kept: this local control plane was started with it."
        )
    return bool(row["bootstrap"])
