"""Volumes as objects: created in a version that never changes, renamed, deleted.

What is in them is `volume_tree.py`'s; how it gets there differs by version
(`volumes_v1.py`, `volumes_v2.py`). Without a version asked for it is version 1; that
an existing volume has another one than asked is found out by the client.
"""

from __future__ import annotations

import sqlite3

from google.protobuf.empty_pb2 import Empty
from modal_proto import api_pb2

from localcloud.modal import objects
from localcloud.modal.access import Need
from localcloud.modal.call import Call
from localcloud.modal.errors import already_exists, conflict
from localcloud.modal.names import check_object_name
from localcloud.modal.objects import Kind
from localcloud.modal.registry import rpc

KIND = Kind(
    "volume",
    "vo",
    frozenset(
        (
            objects.IF_MISSING,
            objects.FAIL_IF_EXISTS,
            objects.APP_OWNED,
            objects.EPHEMERAL,
        )
    ),
)
V1 = api_pb2.VOLUME_FS_VERSION_V1


@rpc("VolumeGetOrCreate")
def get_or_create(
    call: Call, request: api_pb2.VolumeGetOrCreateRequest
) -> api_pb2.VolumeGetOrCreateResponse:
    """Look a volume up by name, or make it in the version asked for."""
    row, created = objects.get_or_create(call, KIND, request, request.app_id)
    if created:
        call.store.run(
            "UPDATE objects SET number=? WHERE id=?", request.version or V1, row["id"]
        )
        row = call.object(KIND.name, row["id"], Need.READ)
    return api_pb2.VolumeGetOrCreateResponse(
        volume_id=row["id"], version=row["number"], metadata=describe(row)
    )


@rpc("VolumeGetById")
def get_by_id(
    call: Call, request: api_pb2.VolumeGetByIdRequest
) -> api_pb2.VolumeGetByIdResponse:
    """Look a volume up by id."""
    row = call.object(KIND.name, request.volume_id, Need.READ)
    return api_pb2.VolumeGetByIdResponse(volume_id=row["id"], metadata=describe(row))


@rpc("VolumeList")
def volume_list(
    call: Call, request: api_pb2.VolumeListRequest
) -> api_pb2.VolumeListResponse:
    """List a page of an environment's volumes, newest first."""
    environment, rows = objects.page(
        call, KIND, request.environment_name, request.pagination
    )
    return api_pb2.VolumeListResponse(
        environment_name=environment,
        items=[
            api_pb2.VolumeListItem(
                label=row["name"],
                volume_id=row["id"],
                created_at=row["created_at"],
                metadata=describe(row),
            )
            for row in rows
        ],
    )


@rpc("VolumeRename")
def rename(call: Call, request: api_pb2.VolumeRenameRequest) -> Empty:
    """Give a volume another name; its id and content stay."""
    row = call.object(KIND.name, request.volume_id, Need.WRITE)
    if row["name"] is None:
        msg = f"Volume '{row['id']}' is ephemeral and has no name to change."
        raise conflict(msg)
    name = check_object_name(request.name, KIND.title)
    try:
        call.store.run("UPDATE objects SET name=? WHERE id=?", name, row["id"])
    except sqlite3.IntegrityError:
        msg = f"Volume '{name}' already exists: choose another name."
        raise already_exists(msg) from None
    return Empty()


@rpc("VolumeDelete")
def volume_delete(call: Call, request: api_pb2.VolumeDeleteRequest) -> Empty:
    """Delete a volume with its content."""
    objects.delete(call, KIND, request.volume_id)
    return Empty()


@rpc("VolumeHeartbeat")
def volume_heartbeat(call: Call, request: api_pb2.VolumeHeartbeatRequest) -> Empty:
    """Keep an ephemeral volume."""
    objects.heartbeat(call, KIND, request.volume_id)
    return Empty()


def describe(row: sqlite3.Row) -> api_pb2.VolumeMetadata:
    """Return what the client keeps of a volume."""
    return api_pb2.VolumeMetadata(
        version=row["number"],
        name=row["name"] or "",
        creation_info=objects.creation_info(row),
    )
