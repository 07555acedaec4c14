"""What is done to the files of volumes of either version.

`VolumeGetFile2` serves both versions; the other methods exist twice with the same
fields, and here they do the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from google.protobuf.empty_pb2 import Empty
from modal_proto import api_pb2

from localcloud.modal import volumes
from localcloud.modal.access import Need
from localcloud.modal.block_uploads import BLOCK_SIZE
from localcloud.modal.call import Call
from localcloud.modal.registry import rpc
from localcloud.modal.volume_tree import Extent, Tree, unpack

ListRequest = api_pb2.VolumeListFilesRequest | api_pb2.VolumeListFiles2Request
RemoveRequest = api_pb2.VolumeRemoveFileRequest | api_pb2.VolumeRemoveFile2Request
CopyRequest = api_pb2.VolumeCopyFilesRequest | api_pb2.VolumeCopyFiles2Request
BATCH = 1000


def tree(call: Call, volume_id: str, need: Need) -> Tree:
    """Return the tree of a volume that the caller may read or change."""
    return Tree(call.store, call.object(volumes.KIND.name, volume_id, need)["id"])


@rpc("VolumeListFiles")
def list_files(
    call: Call, request: api_pb2.VolumeListFilesRequest
) -> Iterator[api_pb2.VolumeListFilesResponse]:
    """List a directory, a file, or everything below."""
    for entries in _batches(call, request):
        yield api_pb2.VolumeListFilesResponse(entries=entries)


@rpc("VolumeListFiles2")
def list_files_2(
    call: Call, request: api_pb2.VolumeListFiles2Request
) -> Iterator[api_pb2.VolumeListFiles2Response]:
    """List a directory, a file, or everything below."""
    for entries in _batches(call, request):
        yield api_pb2.VolumeListFiles2Response(entries=entries)


def _batches(call: Call, request: ListRequest) -> Iterator[list[api_pb2.FileEntry]]:
    listed = tree(call, request.volume_id, Need.READ).entries(
        request.path, recursive=request.recursive
    )
    if request.HasField("max_entries"):
        listed = listed[: request.max_entries]
    for first in range(0, len(listed), BATCH):
        yield [
            api_pb2.FileEntry(
                path=row["path"], type=row["type"], mtime=row["mtime"], size=row["size"]
            )
            for row in listed[first : first + BATCH]
        ]


@rpc("VolumeRemoveFile")
def remove_file(call: Call, request: api_pb2.VolumeRemoveFileRequest) -> Empty:
    """Remove a file, or a directory recursively."""
    return _remove(call, request)


@rpc("VolumeRemoveFile2")
def remove_file_2(call: Call, request: api_pb2.VolumeRemoveFile2Request) -> Empty:
    """Remove a file, or a directory recursively."""
    return _remove(call, request)


def _remove(call: Call, request: RemoveRequest) -> Empty:
    files = tree(call, request.volume_id, Need.WRITE)
    files.remove(request.path, recursive=request.recursive)
    return Empty()


@rpc("VolumeCopyFiles")
def copy_files(call: Call, request: api_pb2.VolumeCopyFilesRequest) -> Empty:
    """Copy files inside a volume."""
    return _copy(call, request)


@rpc("VolumeCopyFiles2")
def copy_files_2(call: Call, request: api_pb2.VolumeCopyFiles2Request) -> Empty:
    """Copy files and directories inside a volume."""
    return _copy(call, request)


def _copy(call: Call, request: CopyRequest) -> Empty:
    files = tree(call, request.volume_id, Need.WRITE)
    files.copy(request.src_paths, request.dst_path, recursive=request.recursive)
    return Empty()


@rpc("VolumeGetFile2")
def get_file_2(
    call: Call, request: api_pb2.VolumeGetFile2Request
) -> api_pb2.VolumeGetFile2Response:
    """Return a URL for every 8 MiB block of a file that the range touches."""
    row = tree(call, request.volume_id, Need.READ).file(request.path)
    start = min(request.start, row["size"])
    left = row["size"] - start
    length = min(request.len or left, left)
    make = call.plane.urls.make
    return api_pb2.VolumeGetFile2Response(
        get_urls=list(
            _urls(
                make,
                unpack(row["content"]),
                start,
                length,
                pad=not request.client_pads_blocks,
            )
        ),
        size=row["size"],
        start=start,
        len=length,
    )


def _urls(
    make: Callable[..., str],
    extents: list[Extent],
    start: int,
    length: int,
    *,
    pad: bool,
) -> Iterator[str]:
    """Cut the range at the borders of blocks; an extent is one block or a whole file.

    An extent that was stored without its trailing zeros is served without them to a
    client that pads, which those before 1.6 do not.
    """
    end = start + length
    at = 0
    for extent in extents:
        lower, upper = max(start, at), min(end, at + extent.length)
        while lower < upper:
            border = min(upper, (lower // BLOCK_SIZE + 1) * BLOCK_SIZE)
            yield make(
                "GET",
                f"/content/{extent.sha256.hex()}",
                offset=lower - at,
                length=border - lower,
                pad=int(pad),
            )
            lower = border
        at += extent.length
