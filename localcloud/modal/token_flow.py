"""How a person gets a token: `modal token new` waits while a page is approved.

The client polls with `TokenFlowWait` for 40 s at a time, for ever; the page is on the
HTTP side (`approval.py`). With `--auto-approve` nobody has to look at it.
"""

from __future__ import annotations

import secrets
import sqlite3
import time

from modal_proto import api_pb2

from localcloud.modal.accounts import mint_token
from localcloud.modal.call import Call
from localcloud.modal.errors import denied, not_found
from localcloud.modal.plane import Plane
from localcloud.modal.registry import Access, rpc
from localcloud.modal.seal import digest, matches
from localcloud.modal.store import new_id

# A page that nobody approved in this time is void.
FLOW_LIFETIME = 3600.0
# No call may hold a connection longer than the client's own deadline of 45 s.
LONGEST_WAIT = 60.0


@rpc("TokenFlowCreate", Access.ANONYMOUS)
def flow_create(
    call: Call, request: api_pb2.TokenFlowCreateRequest
) -> api_pb2.TokenFlowCreateResponse:
    """Open a flow: a page to approve, and a secret to wait with."""
    flow_id, wait_secret = new_id("tf"), secrets.token_urlsafe(24)
    code = f"{secrets.randbelow(10**6):06d}"
    call.store.run(
        "INSERT INTO token_flows (id, wait_secret_hash, code, next_url, expires_in, "
        "created_at) VALUES (?, ?, ?, ?, ?, ?)",
        flow_id,
        digest(wait_secret),
        code,
        request.next_url,
        float(request.expires_in_seconds) or None,
        time.time(),
    )
    if call.plane.settings.auto_approve:
        approve(call.plane, flow_id, call.plane.settings.workspace)
    return api_pb2.TokenFlowCreateResponse(
        token_flow_id=flow_id,
        web_url=call.plane.urls.make("GET", f"/token-flow/{flow_id}"),
        code=code,
        wait_secret=wait_secret,
    )


@rpc("TokenFlowWait", Access.ANONYMOUS)
async def flow_wait(
    call: Call, request: api_pb2.TokenFlowWaitRequest
) -> api_pb2.TokenFlowWaitResponse:
    """Wait until the page is approved, or as long as the client asked for."""

    def approved() -> sqlite3.Row | None:
        row = flow(call.plane, request.token_flow_id)
        if not matches(request.wait_secret, row["wait_secret_hash"]):
            msg = "The token flow was begun by another client: begin a new one."
            raise denied(msg)
        return row if row["token_id"] else None

    timeout = min(request.timeout, LONGEST_WAIT)
    key = f"flow {request.token_flow_id}"
    row = await call.plane.signals.until(key, approved, timeout)
    if row is None:
        return api_pb2.TokenFlowWaitResponse(timeout=True)
    return api_pb2.TokenFlowWaitResponse(
        token_id=row["token_id"],
        token_secret=call.plane.seal.open(row["sealed_secret"]).decode(),
        workspace_username=row["workspace_name"],
    )


def flow(plane: Plane, flow_id: str) -> sqlite3.Row:
    """Return a flow that is not too old, or refuse it as unknown."""
    row = plane.store.one(
        "SELECT * FROM token_flows WHERE id=? AND created_at > ?",
        flow_id,
        time.time() - FLOW_LIFETIME,
    )
    if row is None:
        msg = f"Token flow '{flow_id}' is not open: run `modal token new` again."
        raise not_found(msg)
    return row


def approve(plane: Plane, flow_id: str, workspace_name: str) -> None:
    """Mint the token that the flow waits for, for the workspace's first member."""
    with plane.store.transaction():
        row = flow(plane, flow_id)
        if row["token_id"]:
            return
        member = plane.store.one(
            "SELECT members.* FROM members JOIN workspaces ON workspaces.id = "
            "workspace_id WHERE workspaces.name=? ORDER BY joined_at LIMIT 1",
            workspace_name,
        )
        if member is None:
            msg = f"Workspace '{workspace_name}' is not there."
            raise not_found(msg)
        token_id, secret = mint_token(
            plane.store,
            member["workspace_id"],
            member["user_id"],
            "modal token new",
            row["expires_in"],
        )
        plane.store.run(
            "UPDATE token_flows SET token_id=?, sealed_secret=?, workspace_name=? "
            "WHERE id=?",
            token_id,
            plane.seal.close(secret.encode()),
            workspace_name,
            flow_id,
        )
    plane.signals.fire(f"flow {flow_id}")
