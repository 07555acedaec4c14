"""How files come into version 1 volumes: whole, by hash, in one atomic batch.

Every file's content is put first (`mount_files.py`, shared with mounts); then one
`VolumePutFiles` names them all.
"""

from __future__ import annotations

from google.protobuf.empty_pb2 import Empty
from modal_proto import api_pb2

from localcloud.modal.access import Need
from localcloud.modal.call import Call
from localcloud.modal.errors import conflict, exhausted
from localcloud.modal.registry import rpc
from localcloud.modal.volume_files import tree
from localcloud.modal.volume_tree import Extent, NewFile

# https://modal.com/docs/guide/volumes: a version 1 volume has at most this many inodes.
MAX_INODES = 500_000


@rpc("VolumePutFiles")
def put_files(call: Call, request: api_pb2.VolumePutFilesRequest) -> Empty:
    """Put all files or none; their content was uploaded before."""
    files = tree(call, request.volume_id, Need.WRITE)
    for file in request.files:
        sha256 = bytes.fromhex(file.sha256_hex)
        size = call.plane.content.known(call.store, call.who.workspace_id, sha256)
        if size is None:
            msg = f"The content of '{file.filename}' was not uploaded."
            raise conflict(msg)
        mode = file.mode if file.HasField("mode") else None
        extents = (Extent(sha256, size),) if size else ()
        files.put(
            NewFile(file.filename, extents, mode),
            overwrite=not request.disallow_overwrite_existing_files,
        )
    if files.count() > MAX_INODES:
        msg = (
            f"A version 1 volume has at most {MAX_INODES} files and directories: "
            "use a version 2 volume."
        )
        raise exhausted(msg)
    return Empty()
