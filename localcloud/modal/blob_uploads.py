"""Blobs over HTTP: in one piece with an MD5 ETag, or in parts as S3 has it.

The client compares the ETag of every piece, and for several parts the MD5 of their
MD5s, with what it sent (`modal._utils.blob_utils`).
"""

from __future__ import annotations

import hashlib
import sqlite3
from typing import TYPE_CHECKING

from aiohttp import web

from localcloud.modal.content import CHUNK

if TYPE_CHECKING:
    from pathlib import Path

    from aiohttp.typedefs import Handler

    from localcloud.modal.plane import Plane

# What the client looks for to say that a file changed while it was read.
MISMATCH = "The Content-MD5 you specified did not match what we received."


def put(plane: Plane) -> Handler:
    """Accept a whole blob."""

    async def handle(request: web.Request) -> web.Response:
        blob = _blob(plane, request)
        with plane.content.writing() as (writer, part):
            async for chunk in request.content.iter_chunked(CHUNK):
                writer.write(chunk)
            writer.flush()
            _finish(plane, blob, writer.sha256.digest(), writer.size, part)
        return web.Response(headers={"ETag": f'"{writer.md5.hexdigest()}"'})

    return handle


def put_part(plane: Plane) -> Handler:
    """Accept one part of a blob, to wait for the others."""

    async def handle(request: web.Request) -> web.Response:
        blob = _blob(plane, request)
        number = int(request.match_info["part"])
        with plane.content.writing() as (writer, part):
            async for chunk in request.content.iter_chunked(CHUNK):
                writer.write(chunk)
            writer.flush()
            part.replace(plane.content.part(f"{blob['id']}.{number}"))
        return web.Response(headers={"ETag": f'"{writer.md5.hexdigest()}"'})

    return handle


def complete(plane: Plane) -> Handler:
    """Join the parts; the ETag of the whole is the MD5 of the parts' MD5s."""

    async def handle(request: web.Request) -> web.Response:
        blob, count = _blob(plane, request), int(request.query["parts"])
        parts = [
            plane.content.part(f"{blob['id']}.{number}") for number in range(count)
        ]
        if not all(part.exists() for part in parts):
            msg = f"Blob {blob['id']} is not complete: parts of it were not uploaded."
            raise web.HTTPBadRequest(text=msg)
        joined = hashlib.md5(usedforsecurity=False)
        with plane.content.writing() as (writer, whole):
            for part in parts:
                md5 = hashlib.md5(usedforsecurity=False)
                with part.open("rb") as file:
                    while chunk := file.read(CHUNK):
                        md5.update(chunk)
                        writer.write(chunk)
                joined.update(md5.digest())
            writer.flush()
            _finish(plane, blob, writer.sha256.digest(), writer.size, whole)
        for part in parts:
            part.unlink(missing_ok=True)
        etag = f"{joined.hexdigest()}-{count}"
        body = (
            "<CompleteMultipartUploadResult><ETag>&quot;"
            f"{etag}&quot;</ETag></CompleteMultipartUploadResult>"
        )
        return web.Response(text=body, content_type="application/xml")

    return handle


def _blob(plane: Plane, request: web.Request) -> sqlite3.Row:
    blob_id = request.match_info["blob"]
    row = plane.store.one("SELECT * FROM blobs WHERE id=?", blob_id)
    if row is None:
        raise web.HTTPNotFound(text=f"Blob {blob_id} was not created here.")
    return row


def _finish(
    plane: Plane, blob: sqlite3.Row, sha256: bytes, size: int, part: Path
) -> None:
    if sha256 != blob["sha256"] or size != blob["size"]:
        raise web.HTTPBadRequest(text=MISMATCH)
    plane.content.adopt(part, sha256)
    with plane.store.transaction():
        plane.store.run("UPDATE blobs SET complete=1 WHERE id=?", blob["id"])
        plane.content.know(plane.store, blob["workspace_id"], sha256, size)
