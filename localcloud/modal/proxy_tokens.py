"""Proxy tokens: what authenticates HTTP requests to web functions, not API calls.

An unscoped one is good for every environment; adding environments scopes it to them.
"""

from __future__ import annotations

import secrets
import sqlite3

from google.protobuf.empty_pb2 import Empty
from modal_proto import api_pb2

from localcloud.modal.access import Need
from localcloud.modal.call import Call
from localcloud.modal.errors import not_found
from localcloud.modal.registry import Access, rpc
from localcloud.modal.seal import digest
from localcloud.modal.store import new_id


@rpc("WebhookTokenCreate", Access.USER)
def create(
    call: Call, request: api_pb2.WebhookTokenCreateRequest
) -> api_pb2.TokenCreateResponse:
    """Make a proxy token; only this reply has its secret."""
    token_id, secret = new_id("wk"), "ws-" + secrets.token_urlsafe(24)
    call.store.run(
        "INSERT INTO proxy_tokens VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        token_id,
        digest(secret),
        call.who.workspace_id,
        request.name,
        request.scoped,
        call.who.id,
        call.who.name,
        call.store.stamp(),
    )
    return api_pb2.TokenCreateResponse(token_id=token_id, token_secret=secret)


@rpc("WebhookTokenList", Access.USER)
def list_all(call: Call, _: Empty) -> api_pb2.WebhookTokenListResponse:
    """List all proxy tokens of the workspace."""
    rows = call.store.all(
        "SELECT * FROM proxy_tokens WHERE workspace_id=? ORDER BY created_at",
        call.who.workspace_id,
    )
    return api_pb2.WebhookTokenListResponse(tokens=[_describe(row) for row in rows])


@rpc("WebhookTokenListForEnvironment", Access.USER)
def list_for_environment(
    call: Call, request: api_pb2.WebhookTokenListForEnvironmentRequest
) -> api_pb2.WebhookTokenListResponse:
    """List the proxy tokens that were added to an environment."""
    environment = call.environment(request.environment_name, Need.READ)
    rows = call.store.all(
        "SELECT proxy_tokens.* FROM proxy_tokens JOIN proxy_token_environments "
        "ON token_id = id WHERE environment_id=? ORDER BY created_at",
        environment["id"],
    )
    return api_pb2.WebhookTokenListResponse(tokens=[_describe(row) for row in rows])


@rpc("WebhookTokenUpdate", Access.USER)
def update(
    call: Call, request: api_pb2.WebhookTokenUpdateRequest
) -> api_pb2.WebhookToken:
    """Rename a proxy token."""
    _find(call, request.token_id)
    if request.HasField("name"):
        call.store.run(
            "UPDATE proxy_tokens SET name=? WHERE id=?", request.name, request.token_id
        )
    return _describe(_find(call, request.token_id))


@rpc("WebhookTokenDelete", Access.USER)
def delete(call: Call, request: api_pb2.TokenDeleteRequest) -> Empty:
    """Revoke a proxy token."""
    _find(call, request.token_id)
    call.store.run("DELETE FROM proxy_tokens WHERE id=?", request.token_id)
    return Empty()


@rpc("WebhookTokenEnvironmentAdd", Access.USER)
def environment_add(
    call: Call, request: api_pb2.WebhookTokenEnvironmentAddRequest
) -> Empty:
    """Let a proxy token into an environment."""
    _find(call, request.token_id)
    environment = call.environment(request.environment_id, Need.WRITE)
    call.store.run(
        "INSERT OR IGNORE INTO proxy_token_environments VALUES (?, ?)",
        request.token_id,
        environment["id"],
    )
    return Empty()


@rpc("WebhookTokenEnvironmentRemove", Access.USER)
def environment_remove(
    call: Call, request: api_pb2.WebhookTokenEnvironmentRemoveRequest
) -> Empty:
    """Shut a proxy token out of an environment."""
    _find(call, request.token_id)
    environment = call.environment(request.environment_id, Need.WRITE)
    call.store.run(
        "DELETE FROM proxy_token_environments WHERE token_id=? AND environment_id=?",
        request.token_id,
        environment["id"],
    )
    return Empty()


@rpc("WebhookTokenEnvironmentList", Access.USER)
def environment_list(
    call: Call, request: api_pb2.WebhookTokenEnvironmentListRequest
) -> api_pb2.WebhookTokenEnvironmentListResponse:
    """List the environments that a proxy token was added to."""
    _find(call, request.token_id)
    rows = call.store.all(
        "SELECT environment_id FROM proxy_token_environments WHERE token_id=?",
        request.token_id,
    )
    return api_pb2.WebhookTokenEnvironmentListResponse(
        environment_ids=[row["environment_id"] for row in rows]
    )


def _find(call: Call, token_id: str) -> sqlite3.Row:
    row = call.store.one(
        "SELECT * FROM proxy_tokens WHERE id=? AND workspace_id=?",
        token_id,
        call.who.workspace_id,
    )
    if row is None:
        msg = f"Proxy token '{token_id}' not found."
        raise not_found(msg)
    return row


def _describe(row: sqlite3.Row) -> api_pb2.WebhookToken:
    return api_pb2.WebhookToken(
        token_id=row["id"],
        created_at=row["created_at"],
        scoped=bool(row["scoped"]),
        name=row["name"],
        created_by=api_pb2.UserIdentity(
            user_id=row["created_by"], username=row["created_by_name"]
        ),
    )
