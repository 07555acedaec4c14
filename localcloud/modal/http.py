"""The HTTP side: content up and down, and the pages that a person looks at.

Every URL but the health check's and those of OpenID Connect was handed out over gRPC
and carries a signature; a route that is not signed does not exist.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from aiohttp import web

from localcloud.modal import approval, blob_uploads, block_uploads, identity

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

    from localcloud.modal.plane import Plane

HEALTH = "/health"
# What anybody may ask for.
_OPEN = {HEALTH, identity.DISCOVERY, identity.KEYS}


def application(plane: Plane) -> web.Application:
    """Return the routes over this control plane."""

    @web.middleware
    async def signed(request: web.Request, handler: Handler) -> web.StreamResponse:
        # A page's form is posted to the URL of the page itself.
        method = "PUT" if request.method == "PUT" else "GET"
        if request.path not in _OPEN and not plane.urls.allows(
            method, request.path, request.query
        ):
            raise web.HTTPForbidden(text="This URL was not handed out here.")
        return await handler(request)

    app = web.Application(middlewares=[signed])
    download = _download(plane)
    app.add_routes(
        [
            web.get(HEALTH, _health(plane)),
            web.get(identity.DISCOVERY, _discovery(plane)),
            web.get(identity.KEYS, _keys(plane)),
            web.get("/content/{sha256}", download, allow_head=False),
            web.put("/block/{workspace}/{sha256}", block_uploads.put(plane)),
            web.put("/blob/{blob}", blob_uploads.put(plane)),
            web.put("/blob/{blob}/{part}", blob_uploads.put_part(plane)),
            web.post("/blob/{blob}/complete", blob_uploads.complete(plane)),
            web.get("/token-flow/{flow}", approval.show(plane)),
            web.post("/token-flow/{flow}", approval.approve(plane)),
        ]
    )
    return app


def _health(plane: Plane) -> Handler:
    async def health(_: web.Request) -> web.Response:
        """Answer 200 once the gRPC side listens, which starts after this one."""
        return web.Response(status=200 if plane.grpc_url else 503)

    return health


def _discovery(plane: Plane) -> Handler:
    async def discovery(_: web.Request) -> web.Response:
        return web.json_response(plane.identity.discovery(plane.urls.base))

    return discovery


def _keys(plane: Plane) -> Handler:
    async def keys(_: web.Request) -> web.Response:
        return web.json_response(plane.identity.keys)

    return keys


def _download(plane: Plane) -> Handler:
    async def download(request: web.Request) -> web.StreamResponse:
        sha256 = bytes.fromhex(request.match_info["sha256"])
        path = plane.content.path(sha256)
        if not path.exists():
            raise web.HTTPNotFound(text="This content is not here any more.")
        held = path.stat().st_size
        offset = int(request.query["offset"])
        asked = int(request.query["length"])
        length = max(0, min(asked, held - offset))
        zeros = asked - length if request.query["pad"] == "1" else 0
        size = str(length + zeros)
        response = web.StreamResponse(headers={"Content-Length": size})
        if length == held and not zeros:
            digest = base64.b64encode(sha256).decode()
            response.headers["Repr-Digest"] = f"sha-256=:{digest}:"
        await response.prepare(request)
        for chunk in plane.content.read(sha256, offset, length):
            await response.write(chunk)
        await response.write(bytes(zeros))
        await response.write_eof()
        return response

    return download
