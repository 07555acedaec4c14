"""Files by hash: what version 1 volumes and the mounts of functions are made of."""

from __future__ import annotations

import hashlib
import time

from modal_proto import api_pb2

from localcloud.modal.call import Call
from localcloud.modal.errors import invalid, not_found
from localcloud.modal.registry import rpc
from localcloud.modal.tokens import timestamp


@rpc("MountPutFile")
def put_file(
    call: Call, request: api_pb2.MountPutFileRequest
) -> api_pb2.MountPutFileResponse:
    """Say whether the workspace has a file's content, taking it if it came along."""
    content, workspace = call.plane.content, call.who.workspace_id
    sha256 = _digest(request.sha256_hex)
    match request.WhichOneof("data_oneof"):
        case "data":
            if hashlib.sha256(request.data).digest() != sha256:
                msg = f"The data sent is not what hashes to {request.sha256_hex}."
                raise invalid(msg)
            content.put(request.data)
            content.know(call.store, workspace, sha256, len(request.data))
        case "data_blob_id":
            _check_blob(call, request.data_blob_id, sha256)
        case _:
            pass
    return api_pb2.MountPutFileResponse(
        exists=content.known(call.store, workspace, sha256) is not None,
        checked_at=timestamp(time.time()),
    )


@rpc("MountBatchedCheckExistence")
def check_existence(
    call: Call, request: api_pb2.MountBatchedCheckExistenceRequest
) -> api_pb2.MountBatchedCheckExistenceResponse:
    """Say which of the hashes the workspace has no content for."""
    return api_pb2.MountBatchedCheckExistenceResponse(
        missing_sha256_hex_hashes=[
            name
            for name in request.sha256_hex_hashes
            if call.plane.content.known(
                call.store, call.who.workspace_id, _digest(name)
            )
            is None
        ],
        checked_at=timestamp(time.time()),
    )


def _digest(name: str) -> bytes:
    try:
        digest = bytes.fromhex(name)
    except ValueError:
        digest = b""
    if len(digest) != hashlib.sha256().digest_size:
        msg = f"'{name}' is not a SHA-256 in hexadecimal."
        raise invalid(msg)
    return digest


def _check_blob(call: Call, blob_id: str, sha256: bytes) -> None:
    blob = call.store.one(
        "SELECT * FROM blobs WHERE id=? AND workspace_id=? AND complete",
        blob_id,
        call.who.workspace_id,
    )
    if blob is None:
        msg = f"Blob '{blob_id}' was not uploaded."
        raise not_found(msg)
    if blob["sha256"] != sha256:
        msg = f"Blob '{blob_id}' is not what hashes to {sha256.hex()}."
        raise invalid(msg)
