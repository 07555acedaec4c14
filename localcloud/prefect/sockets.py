"""Websockets to a workspace's server: events in and out, logs out, workers, tasks.

Prefect's clients show their key in one of two ways: a header (`/events/in` in Cloud
mode), or, with the subprotocol `prefect`, a first message `{"type": "auth"}`. The
server knows only the second way and its own password, which the front speaks for them.
"""

import asyncio
import json
from contextlib import suppress
from urllib.parse import quote

import websockets
from fastapi import APIRouter, HTTPException
from starlette.responses import JSONResponse
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import ClientConnection, connect

from localcloud.prefect import scopes
from localcloud.prefect.account.access import (
    NotFound,
    Unauthorized,
    admit,
    enter,
)
from localcloud.prefect.account.identity import identify, key_of
from localcloud.prefect.account.store import Store
from localcloud.prefect.servers import Server, Servers, ServerUnavailableError

router = APIRouter(prefix="/accounts/{account_id}/workspaces/{workspace_id}")

PROTOCOL = "prefect"
POLICY_VIOLATION = 1008
TRY_AGAIN_LATER = 1013
AUTH_SECONDS = 30
MAX_MESSAGE_BYTES = 64 * 1024 * 1024


@router.websocket("/{path:path}")
async def forward(
    socket: WebSocket, account_id: str, workspace_id: str, path: str
) -> None:
    """Connect a client with the workspace's server, both ways."""
    key = key_of(socket.headers.get("Authorization"))
    handshake = PROTOCOL in socket.scope.get("subprotocols", [])
    servers: Servers = socket.app.state.servers
    try:
        if handshake:
            await socket.accept(PROTOCOL)
            message = await asyncio.wait_for(socket.receive_json(), AUTH_SECONDS)
            key = message.get("token") or key
        store: Store = socket.app.state.store
        if (actor := identify(store, key)) is None:
            raise Unauthorized
        account = admit(socket, actor, account_id)
        membership = enter(store, actor, account, workspace_id)
        if scopes.is_devious(path):
            raise NotFound("Path")
        membership.require(scopes.needed_by_socket(path))
        server = await servers.ensure(membership.workspace)
        with server.in_use():
            async with _connection(server, path, socket) as upstream:
                if handshake:
                    await socket.send_json({"type": "auth_success"})
                else:
                    await socket.accept()
                await _relay(socket, upstream)
    except HTTPException as error:
        await _refuse(socket, error, accepted=handshake)
    except (ServerUnavailableError, OSError, websockets.WebSocketException):
        await _close(socket, TRY_AGAIN_LATER)
    except (WebSocketDisconnect, TimeoutError, ValueError, AttributeError):
        await _close(socket, POLICY_VIOLATION)


def _connection(server: Server, path: str, socket: WebSocket) -> "_Upstream":
    query = socket.scope["query_string"].decode("ascii")
    url = f"ws://{server.address}/api/{quote(path)}" + (f"?{query}" if query else "")
    return _Upstream(url, server)


class _Upstream:
    """A connection to the server that has shown the password."""

    def __init__(self, url: str, server: Server) -> None:
        self._server = server
        self._connect = connect(
            url,
            subprotocols=[websockets.Subprotocol(PROTOCOL)],
            additional_headers={"Authorization": server.authorization},
            max_size=MAX_MESSAGE_BYTES,
            proxy=None,
        )

    async def __aenter__(self) -> ClientConnection:
        connection = await self._connect.__aenter__()
        auth = {"type": "auth", "token": self._server.password}
        await connection.send(json.dumps(auth))
        await connection.recv()
        return connection

    async def __aexit__(self, *_: object) -> None:
        await self._connect.__aexit__(None, None, None)


async def _relay(socket: WebSocket, upstream: ClientConnection) -> None:
    """Carry messages both ways until either side closes, then close the other."""

    async def to_server() -> None:
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            content = message.get("text")
            await upstream.send(message["bytes"] if content is None else content)

    async def to_client() -> None:
        async for content in upstream:
            if isinstance(content, str):
                await socket.send_text(content)
            else:
                await socket.send_bytes(content)

    tasks = {asyncio.create_task(to_server()), asyncio.create_task(to_client())}
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*done, *pending, return_exceptions=True)
    await _close(socket, upstream.close_code or 1000, upstream.close_reason or "")


async def _refuse(socket: WebSocket, error: HTTPException, *, accepted: bool) -> None:
    """Say no: with a status before the connection is made, with a code after."""
    if accepted:
        await _close(socket, POLICY_VIOLATION, str(error.detail))
    else:
        answer = JSONResponse({"detail": error.detail}, error.status_code)
        await socket.send_denial_response(answer)


async def _close(socket: WebSocket, code: int, reason: str = "") -> None:
    if code in {1005, 1006}:  # these stand for "no code", and cannot be sent
        code = 1011
    with suppress(RuntimeError, WebSocketDisconnect):  # it is closed already
        await socket.close(code, reason)
