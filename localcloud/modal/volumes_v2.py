"""How files come into version 2 volumes: in 8 MiB blocks, only those that are missing.

The client first says which blocks its files have, uploads those that the reply asks
for, and says it again with what the uploads returned; it gives up when blocks are
still missing then (`modal.volume._VolumeUploadContextManager2`).
"""

from __future__ import annotations

from modal_proto import api_pb2

from localcloud.modal.access import Need
from localcloud.modal.block_uploads import BLOCK_SIZE
from localcloud.modal.call import Call
from localcloud.modal.errors import already_exists, invalid
from localcloud.modal.registry import rpc
from localcloud.modal.volume_files import tree
from localcloud.modal.volume_tree import Extent, NewFile, Tree, clean

File = api_pb2.VolumePutFiles2Request.File
MissingBlock = api_pb2.VolumePutFiles2Response.MissingBlock


@rpc("VolumePutFiles2")
def put_files(
    call: Call, request: api_pb2.VolumePutFiles2Request
) -> api_pb2.VolumePutFiles2Response:
    """Put all files or none; say which blocks are missing for that."""
    files = tree(call, request.volume_id, Need.WRITE)
    overwrite = not request.disallow_overwrite_existing_files
    missing = []
    for index, file in enumerate(request.files):
        _check(files, file, overwrite=overwrite)
        missing += _missing(call, index, file)
    if not missing:
        for file in request.files:
            mode = file.mode if file.HasField("mode") else None
            files.put(NewFile(file.path, _extents(file), mode), overwrite=overwrite)
    return api_pb2.VolumePutFiles2Response(missing_blocks=missing)


def _check(files: Tree, file: File, *, overwrite: bool) -> None:
    if len(file.blocks) != -(-file.size // BLOCK_SIZE):
        msg = (
            f"'{file.path}' has {file.size} bytes, which is not what "
            f"{len(file.blocks)} blocks hold."
        )
        raise invalid(msg)
    if not overwrite and files.find(clean(file.path)):
        msg = f"{file.path}: already exists."
        raise already_exists(msg)


def _missing(call: Call, index: int, file: File) -> list[MissingBlock]:
    workspace = call.who.workspace_id
    return [
        MissingBlock(
            file_index=index,
            block_index=number,
            put_url=call.plane.urls.make(
                "PUT", f"/block/{workspace}/{block.contents_sha256.hex()}"
            ),
        )
        for number, block in enumerate(file.blocks)
        if call.plane.content.known(call.store, workspace, block.contents_sha256)
        is None
    ]


def _extents(file: File) -> tuple[Extent, ...]:
    return tuple(
        Extent(block.contents_sha256, min(BLOCK_SIZE, file.size - number * BLOCK_SIZE))
        for number, block in enumerate(file.blocks)
    )
