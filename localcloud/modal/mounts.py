"""Mounts: the source files that an app brings along, and Modal's own that it looks up.

Modal's client and standalone Pythons are mounts of the GLOBAL namespace there. Here
the local Python has all of that, so they exist by any name and are empty.
"""

from __future__ import annotations

import hashlib

from modal_proto import api_pb2

from localcloud.modal import objects
from localcloud.modal.access import Need
from localcloud.modal.call import Call
from localcloud.modal.errors import conflict
from localcloud.modal.objects import Kind
from localcloud.modal.registry import rpc

KIND = Kind(
    "mount",
    "mo",
    frozenset(
        (
            objects.IF_MISSING,
            objects.FAIL_IF_EXISTS,
            objects.OVERWRITE,
            objects.APP_OWNED,
            objects.EPHEMERAL,
        )
    ),
)
GLOBAL = api_pb2.DEPLOYMENT_NAMESPACE_GLOBAL


@rpc("MountGetOrCreate")
def get_or_create(
    call: Call, request: api_pb2.MountGetOrCreateRequest
) -> api_pb2.MountGetOrCreateResponse:
    """Look a mount up by name, or make it of files that were uploaded before."""
    if request.namespace == GLOBAL and request.object_creation_type == objects.LOOKUP:
        return _global(call, request)
    row, created = objects.get_or_create(call, KIND, request, request.app_id)
    if created:
        for file in request.files:
            _add(call, row["id"], file)
    return _reply(call, row["id"])


def _global(
    call: Call, request: api_pb2.MountGetOrCreateRequest
) -> api_pb2.MountGetOrCreateResponse:
    environment = call.environment(request.environment_name, Need.READ)
    row = objects.by_name(call, KIND, environment["id"], request.deployment_name)
    if row is None:
        row = objects.create(
            call, KIND, environment["id"], name=request.deployment_name
        )
    return _reply(call, row["id"])


def _add(call: Call, mount_id: str, file: api_pb2.MountFile) -> None:
    sha256 = bytes.fromhex(file.sha256_hex)
    if call.plane.content.known(call.store, call.who.workspace_id, sha256) is None:
        msg = f"The content of '{file.filename}' was not uploaded."
        raise conflict(msg)
    call.store.run(
        "INSERT OR REPLACE INTO mount_files VALUES (?, ?, ?, ?)",
        mount_id,
        file.filename,
        sha256,
        file.mode or 0o644,
    )


def _reply(call: Call, mount_id: str) -> api_pb2.MountGetOrCreateResponse:
    checksum = hashlib.sha256()
    for row in call.store.all(
        "SELECT path, sha256 FROM mount_files WHERE mount_id=? ORDER BY path", mount_id
    ):
        checksum.update(row["path"].encode() + b"\0" + row["sha256"])
    return api_pb2.MountGetOrCreateResponse(
        mount_id=mount_id,
        handle_metadata=api_pb2.MountHandleMetadata(
            content_checksum_sha256_hex=checksum.hexdigest()
        ),
    )
