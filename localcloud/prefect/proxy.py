"""HTTP to a workspace's server: forwarded as it is, bodies and statuses untouched.

Reads run in parallel and are streamed. Writes to a workspace stand in line, as its
database has one writer; should the server still answer 503 (it undoes the transaction
when it does), the write is sent again, so that clients do not back off for seconds.
"""

import asyncio
import gzip
import json
import time
from collections.abc import AsyncIterator
from http import HTTPStatus

import httpx
from fastapi import APIRouter
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from localcloud.prefect import acl, scopes
from localcloud.prefect.account.access import (
    ActorDep,
    MembershipDep,
    NotFound,
    StoreDep,
)
from localcloud.prefect.servers import Server, Servers, ServerUnavailableError

router = APIRouter(prefix="/accounts/{account_id}/workspaces/{workspace_id}")

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
ATTEMPTS = 3
CLIENT_CLOSED = 499
BAD_REQUEST = 400
RETRY_SECONDS = 20
RETRY_PAUSE = 0.05
# These belong to a connection, not to the message; the key is ours to check.
HOP_BY_HOP = frozenset(
    {
        "authorization",
        "connection",
        "content-length",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
DROPPED_ANSWER = HOP_BY_HOP | {"date", "server"}

# Prefect's clients know this body, and try again.
UNAVAILABLE = {"exception_message": "Service Unavailable"}


@router.api_route("/{path:path}", methods=METHODS)
async def forward(
    request: Request,
    membership: MembershipDep,
    actor: ActorDep,
    store: StoreDep,
    path: str,
) -> Response:
    """Forward one request to the workspace's server."""
    if scopes.is_devious(path):
        raise NotFound("Path")
    servers: Servers = request.app.state.servers
    try:
        body = await request.body()
    except ClientDisconnect:
        return Response(status_code=CLIENT_CLOSED)
    if scope := scopes.needed(request.method, path, request.url.query, body):
        membership.require(scope)
    send = _read if scopes.is_read(request.method, path) else _write
    lists = acl.lists_for(store, membership, actor)
    for _ in range(ATTEMPTS):
        try:
            if lists is not None:
                await acl.check(servers, lists, request.method, path, _json(body))
            server = await servers.ensure(membership.workspace)
            with server.in_use():
                answer = await send(servers, server, request, body)
                if lists is not None and send is _read:
                    return await _visible(answer, lists, path)
                if request.method == "DELETE" and answer.status_code < BAD_REQUEST:
                    acl.forget(store, membership.workspace["id"], path)
                return answer
        except httpx.ConnectError:
            await servers.settle(server)  # nothing was sent: it has just died
        except (ServerUnavailableError, httpx.TransportError):
            break
    return JSONResponse(UNAVAILABLE, HTTPStatus.SERVICE_UNAVAILABLE)


def _json(body: bytes) -> object:
    try:
        return json.loads(body or b"null")
    except ValueError:  # the server will say so
        return None


async def _visible(answer: Response, lists: acl.Lists, path: str) -> Response:
    """Take out of an answer what access lists hide from the caller."""
    kind = acl.kind_of(path)
    if kind is None or answer.status_code != HTTPStatus.OK:
        return answer
    if not isinstance(answer, StreamingResponse):
        return answer
    content = b"".join([_bytes(chunk) async for chunk in answer.body_iterator])
    if answer.headers.get("content-encoding") == "gzip":
        content = gzip.decompress(content)
    return JSONResponse(lists.visible(kind, json.loads(content)))


def _bytes(chunk: str | bytes | memoryview) -> bytes:
    return chunk.encode() if isinstance(chunk, str) else bytes(chunk)


def _rest_of(request: Request) -> str:
    """Return the path inside the workspace and the query, still percent-encoded."""
    raw = request.scope["raw_path"].decode("ascii")
    rest = raw.split("/workspaces/", 1)[1].partition("/")[2]
    query = request.scope["query_string"].decode("ascii")
    return f"/{rest}?{query}" if query else f"/{rest}"


def _upstream(
    servers: Servers, server: Server, request: Request, body: bytes
) -> httpx.Request:
    headers = [
        (k, v)
        for k, v in request.headers.raw
        if k.decode("ascii").lower() not in HOP_BY_HOP
    ]
    headers.append((b"Authorization", server.authorization.encode()))
    url = f"http://{server.address}/api{_rest_of(request)}"
    return servers.client.build_request(
        request.method, url, headers=headers, content=body or None
    )


def _headers(answer: httpx.Response) -> list[tuple[bytes, bytes]]:
    return [
        (k.lower(), v)
        for k, v in answer.headers.raw
        if k.decode("ascii").lower() not in DROPPED_ANSWER
    ]


async def _send(
    servers: Servers, server: Server, request: Request, body: bytes, *, fresh: bool
) -> httpx.Response:
    """Send a request until the server is not too busy; its answer is not read yet."""
    deadline = time.monotonic() + RETRY_SECONDS
    while True:
        upstream = _upstream(servers, server, request, body)
        if fresh:
            upstream.headers["Connection"] = "close"
        answer = await servers.client.send(upstream, stream=True)
        busy = answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
        if not busy or time.monotonic() > deadline:
            return answer
        await answer.aclose()
        await asyncio.sleep(RETRY_PAUSE)


async def _read(
    servers: Servers, server: Server, request: Request, body: bytes
) -> Response:
    """Forward a read; its answer is streamed."""
    async with server.reading:
        try:
            answer = await _send(servers, server, request, body, fresh=False)
        except (httpx.ReadError, httpx.RemoteProtocolError):
            # The kept connection may just have been closed; a fresh one tells.
            answer = await _send(servers, server, request, body, fresh=True)

    async def chunks() -> AsyncIterator[bytes]:
        with server.in_use():
            try:
                async for chunk in answer.aiter_raw():
                    yield chunk
            finally:
                await answer.aclose()

    response = StreamingResponse(chunks(), answer.status_code)
    response.raw_headers = _headers(answer)
    if "content-length" in answer.headers:
        response.headers["content-length"] = answer.headers["content-length"]
    return response


async def _write(
    servers: Servers, server: Server, request: Request, body: bytes
) -> Response:
    """Forward a write when it is its turn."""
    async with server.writing:
        # A stale connection could fail after the write was made: use a fresh one.
        answer = await _send(servers, server, request, body, fresh=True)
        content = b"".join([chunk async for chunk in answer.aiter_raw()])
        await answer.aclose()
    response = Response(content, answer.status_code)
    length = [h for h in response.raw_headers if h[0] == b"content-length"]
    response.raw_headers = _headers(answer) + length
    return response
