"""Small files for version 1 volumes, with fewer calls than the SDK makes.

The SDK asks of every file by itself whether Modal has its content already, and hashes
it anew. Here one call asks of a thousand, as a deployment does for its mounts, so that
most files cost one call and those that Modal knows cost none.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from google.protobuf.message import Message

# From here on the SDK puts contents past the protocol, by HTTP.
LARGE: Final = 4 * 1024 * 1024
# As many as the SDK puts at once.
_AT_ONCE: Final = 20
_ASKED_AT_ONCE: Final = 1000
# No call here takes as long: one that does has lost its connection.
_ANSWER_SECONDS: Final = 60.0


class SmallFile(NamedTuple):
    """A file to be put.

    Attributes:
        path: Where in the volume.
        local: Where it is.
        mode: Its permissions there.
        sha256: Of its content.
    """

    path: str
    local: Path
    mode: int
    sha256: str


async def put_small_files(
    client: Any, volume_id: str, files: Collection[SmallFile]
) -> None:
    """Put files, all or none of them, over those that are there.

    Args:
        client: The SDK's; this is to run in its event loop.
        volume_id: A volume of version 1.
        files: Each below `LARGE`.

    Raises:
        TimeoutError: Modal did not take a file's content in time.
    """
    from modal_proto import api_pb2  # noqa: PLC0415  # as in Transport

    await _put_contents(client, {file.sha256: file.local for file in files})
    named = [
        api_pb2.MountFile(filename=f.path, sha256_hex=f.sha256, mode=f.mode)
        for f in files
    ]
    request = api_pb2.VolumePutFilesRequest(volume_id=volume_id, files=named)
    await _call(client, "VolumePutFiles", request)


async def _put_contents(client: Any, contents: Mapping[str, Path]) -> None:
    """Put the contents that Modal does not have, by their hashes."""
    from modal_proto import api_pb2  # noqa: PLC0415  # as in Transport

    hashes = sorted(contents)
    missing: list[str] = []
    for first in range(0, len(hashes), _ASKED_AT_ONCE):
        asked = api_pb2.MountBatchedCheckExistenceRequest(
            sha256_hex_hashes=hashes[first : first + _ASKED_AT_ONCE]
        )
        told = await _call(client, "MountBatchedCheckExistence", asked)
        missing += told.missing_sha256_hex_hashes
    slots = asyncio.Semaphore(_AT_ONCE)

    async def put(sha256: str) -> None:
        async with slots, asyncio.timeout(_ANSWER_SECONDS):
            # In the loop itself: a thread for it costs more than so little takes.
            data = contents[sha256].read_bytes()
            content = api_pb2.MountPutFileRequest(sha256_hex=sha256, data=data)
            # As the SDK does: the answer may be that it has not arrived yet.
            while not (await _call(client, "MountPutFile", content)).exists:
                pass

    puts = [asyncio.create_task(put(sha256)) for sha256 in missing]
    try:
        await asyncio.gather(*puts)
    finally:  # after a failure nothing more is begun
        for one in puts:
            one.cancel()


async def _call(client: Any, rpc: str, request: Message) -> Any:
    from modal._utils.grpc_utils import Retry  # noqa: PLC0415  # as in Transport

    method = getattr(client._stub, rpc)  # noqa: SLF001  # `stub` warns that it is internal
    return await method(request, retry=Retry(attempt_timeout=_ANSWER_SECONDS))
