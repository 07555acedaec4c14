"""Blocks of version 2 volumes: at most 8 MiB, under the hash of what is in them.

The client hashes a block without its trailing zero bytes and uploads it so, but the
name must be right whichever way the bytes come.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

    from localcloud.modal.plane import Plane

BLOCK_SIZE = 8 * 1024 * 1024
CHUNK = 256 * 1024


def put(plane: Plane) -> Handler:
    """Accept a block for a workspace; its reply is the proof the client hands back."""

    async def handle(request: web.Request) -> web.Response:
        workspace, name = request.match_info["workspace"], request.match_info["sha256"]
        sha256 = bytes.fromhex(name)
        with plane.content.writing(stripped=True) as (writer, part):
            async for chunk in request.content.iter_chunked(CHUNK):
                writer.write(chunk)
                if writer.received > BLOCK_SIZE:
                    msg = f"A block is at most {BLOCK_SIZE} bytes long."
                    raise web.HTTPRequestEntityTooLarge(
                        BLOCK_SIZE, writer.received, text=msg
                    )
            writer.flush()
            if writer.sha256.digest() != sha256:
                msg = f"The block is not what its name says: it hashes to {name}."
                raise web.HTTPBadRequest(text=msg)
            plane.content.adopt(part, sha256)
        plane.content.know(plane.store, workspace, sha256, writer.size)
        return web.Response(body=sha256)

    return handle
