"""Small files for version 1 volumes, by their hashes.

The SDK asks of every file by itself whether Modal has its content already, and hashes
it anew. Here one call asks of a thousand, as a deployment does for its mounts, so that
most files cost one call and those that Modal knows cost none.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from .volume_uploads import ANSWER_SECONDS, call, side_by_side

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from .volume_uploads import Upload

# From here on the SDK puts contents past the protocol, by HTTP.
LARGE: Final = 4 * 1024 * 1024
_ASKED_AT_ONCE: Final = 1000


async def put_by_hash(client: Any, volume_id: str, uploads: Collection[Upload]) -> None:
    """Put files, all or none of them, over those that are there.

    Args:
        client: The SDK's.
        volume_id: A volume of version 1.
        uploads: Each below `LARGE`.

    Raises:
        RefusedError: A file is not what it was.
        TimeoutError: Modal did not take a file's content in time.
    """
    from modal_proto import api_pb2  # noqa: PLC0415  # as in Transport

    missing = await _missing(client, {one.file.sha256: one for one in uploads})

    async def put(one: Upload) -> None:
        data = await one.read(0, one.file.size, bytes.fromhex(one.file.sha256))
        content = api_pb2.MountPutFileRequest(sha256_hex=one.file.sha256, data=data)
        async with asyncio.timeout(ANSWER_SECONDS):
            # As the SDK does: the answer may be that it has not arrived yet.
            while not (await call(client, "MountPutFile", content)).exists:
                pass

    await side_by_side(put, missing, lambda one: one.file.size)
    named = [
        api_pb2.MountFile(filename=one.path, sha256_hex=one.file.sha256, mode=one.mode)
        for one in uploads
    ]
    request = api_pb2.VolumePutFilesRequest(volume_id=volume_id, files=named)
    await call(client, "VolumePutFiles", request)


async def _missing(client: Any, contents: Mapping[str, Upload]) -> list[Upload]:
    """Return the files whose contents, by their hashes, Modal does not have."""
    from modal_proto import api_pb2  # noqa: PLC0415  # as in Transport

    hashes = sorted(contents)
    missing: list[Upload] = []
    for first in range(0, len(hashes), _ASKED_AT_ONCE):
        asked = api_pb2.MountBatchedCheckExistenceRequest(
            sha256_hex_hashes=hashes[first : first + _ASKED_AT_ONCE]
        )
        told = await call(client, "MountBatchedCheckExistence", asked)
        missing += [contents[sha256] for sha256 in told.missing_sha256_hex_hashes]
    return missing
