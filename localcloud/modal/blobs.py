"""Blobs: what is too large for a message, such as files of 4 MiB and more.

A blob is made with the hash of what it will be, uploaded over HTTP
(`blob_uploads.py`), and read back from content by that hash.
"""

from __future__ import annotations

import base64

from modal_proto import api_pb2

from localcloud.modal.call import Call
from localcloud.modal.errors import invalid, not_found
from localcloud.modal.registry import rpc
from localcloud.modal.store import new_id

PART = 64 * 1024 * 1024


@rpc("BlobCreate")
def blob_create(
    call: Call, request: api_pb2.BlobCreateRequest
) -> api_pb2.BlobCreateResponse:
    """Make room for a blob: one URL, or one for every part of a large one."""
    try:
        sha256 = base64.b64decode(request.content_sha256_base64, validate=True)
    except ValueError:
        msg = "The SHA-256 of the blob is not valid base64."
        raise invalid(msg) from None
    blob_id = new_id("bl")
    call.store.run(
        "INSERT INTO blobs (id, workspace_id, sha256, size, created_at) "
        "VALUES (?, ?, ?, ?, ?)",
        blob_id,
        call.who.workspace_id,
        sha256,
        request.content_length,
        call.store.stamp(),
    )
    reply = api_pb2.BlobCreateResponse(blob_id=blob_id, blob_ids=[blob_id])
    threshold = call.plane.settings.multipart_threshold
    if request.content_length <= threshold:
        url = call.plane.urls.make("PUT", f"/blob/{blob_id}")
        reply.upload_url = url
        reply.upload_urls.items.append(url)
        return reply
    parts = _parts(call, blob_id, request.content_length, min(PART, threshold))
    reply.multipart.CopyFrom(parts)
    reply.multiparts.items.append(parts)
    return reply


def _parts(call: Call, blob_id: str, size: int, part: int) -> api_pb2.MultiPartUpload:
    count = -(-size // part)
    make = call.plane.urls.make
    return api_pb2.MultiPartUpload(
        part_length=part,
        upload_urls=[make("PUT", f"/blob/{blob_id}/{n}") for n in range(count)],
        completion_url=make("GET", f"/blob/{blob_id}/complete", parts=count),
    )


@rpc("BlobGet")
def blob_get(call: Call, request: api_pb2.BlobGetRequest) -> api_pb2.BlobGetResponse:
    """Return where to download a blob."""
    blob = call.store.one(
        "SELECT * FROM blobs WHERE id=? AND workspace_id=? AND complete",
        request.blob_id,
        call.who.workspace_id,
    )
    if blob is None:
        msg = f"Blob '{request.blob_id}' was not uploaded."
        raise not_found(msg)
    return api_pb2.BlobGetResponse(
        download_url=call.plane.urls.make(
            "GET",
            f"/content/{blob['sha256'].hex()}",
            offset=0,
            length=blob["size"],
            pad=0,
        )
    )
