"""The files of volumes, seen and changed behind flowground's back."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from modal_proto import api_pb2

from tests.support.modal_raw import call

if TYPE_CHECKING:
    from tests.support.modal_world import ModalWorld


def listed(world: ModalWorld, volume_id: str) -> dict[str, int]:
    """Return the files of a version 1 volume and their sizes."""
    request = api_pb2.VolumeListFilesRequest(
        volume_id=volume_id, path="/", recursive=True
    )
    return {
        entry.path: entry.size
        for part in call(world.plane, "VolumeListFiles", request)
        for entry in part.entries
        if entry.type == api_pb2.FileEntry.FILE
    }


def put(world: ModalWorld, volume_id: str, path: str, text: str) -> None:
    """Write a file of a version 1 volume."""
    data = text.encode()
    sha256 = hashlib.sha256(data).hexdigest()
    content = {"sha256_hex": sha256, "data": base64.b64encode(data).decode()}
    world.call("rpc", "MountPutFile", content)
    named = {"filename": path, "sha256_hex": sha256}
    world.call("rpc", "VolumePutFiles", {"volume_id": volume_id, "files": [named]})


def remove(world: ModalWorld, volume_id: str, path: str) -> None:
    """Remove a file or a folder of a version 1 volume."""
    body = {"volume_id": volume_id, "path": path, "recursive": True}
    world.call("rpc", "VolumeRemoveFile", body)
