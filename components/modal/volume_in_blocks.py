"""Files for version 2 volumes, in blocks that are named by their hashes.

The SDK goes through threads, hashes and progress reports for each block; here the few
kilobytes that most blocks have are read and sent in the event loop itself. What is
named to Modal is what the plan has, and what is sent is what was named.
"""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from components.kernel import ServiceError

from .volume_uploads import ANSWER_SECONDS, call, side_by_side

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from .volume_uploads import Upload

# What every block of a file has, except for the last one.
_BLOCK: Final = 8 * 1024 * 1024
# Pauses of half a second, one, two, four, and then five: as long as a store asks for
# when it is too much for it.
_TRIES: Final = 8
_FIRST_PAUSE_SECONDS: Final = 0.5
_LONGEST_PAUSE_SECONDS: Final = 5.0
_REFUSED: Final = 400
_FAILED: Final = 500
# What another try may have another answer to.
_BUSY: Final = frozenset({408, 429})


class _Block(NamedTuple):
    """A part of a file, without the zeros that it may end with.

    Attributes:
        upload: The file.
        start: Where it begins.
        size: In bytes.
        sha256: Of its content.
    """

    upload: Upload
    start: int
    size: int
    sha256: bytes


async def put_in_blocks(
    client: Any, volume_id: str, uploads: Collection[Upload]
) -> None:
    """Put files, all or none of them, over those that are there.

    Args:
        client: The SDK's.
        volume_id: A volume of version 2.
        uploads: Of any size.

    Raises:
        RefusedError: A file is not what it was.
        ServiceError: Modal did not take a block.
        TimeoutError: It did not do so in time.
    """
    blocks = await asyncio.to_thread(lambda: [_blocks(one) for one in uploads])
    proofs: dict[bytes, bytes] = {}
    missing = await _name(client, volume_id, uploads, blocks, proofs)
    if not missing:
        return

    async def put(block: _Block) -> None:
        data = await block.upload.read(block.start, block.size, block.sha256)
        proofs[block.sha256] = await _send(missing[block], data)

    await side_by_side(put, missing, lambda block: block.size)
    if await _name(client, volume_id, uploads, blocks, proofs):
        raise ServiceError("Modal does not have blocks that it has taken; run again")


async def _name(
    client: Any,
    volume_id: str,
    uploads: Collection[Upload],
    blocks: Collection[list[_Block]],
    proofs: Mapping[bytes, bytes],
) -> dict[_Block, str]:
    """Say which blocks files have; return those missing, and where each is to go.

    Args:
        client: The SDK's.
        volume_id: The volume.
        uploads: The files.
        blocks: Those of each file.
        proofs: What was answered to the blocks that were sent.
    """
    from modal_proto import api_pb2  # noqa: PLC0415  # as in Transport

    file_of = api_pb2.VolumePutFiles2Request.File
    block_of = api_pb2.VolumePutFiles2Request.Block
    request = api_pb2.VolumePutFiles2Request(
        volume_id=volume_id,
        files=[
            file_of(
                path=one.path,
                size=one.file.size,
                mode=one.mode,
                blocks=[
                    block_of(
                        contents_sha256=block.sha256,
                        put_response=proofs.get(block.sha256),
                    )
                    for block in its
                ],
            )
            for one, its in zip(uploads, blocks, strict=True)
        ],
    )
    answer = await call(client, "VolumePutFiles2", request)
    of_files = list(blocks)
    # The same block of several files is sent once.
    by_hash = {
        (block := of_files[one.file_index][one.block_index]).sha256: (
            block,
            one.put_url,
        )
        for one in answer.missing_blocks
    }
    return dict(by_hash.values())


def _blocks(upload: Upload) -> list[_Block]:
    """Return the blocks of a file.

    Raises:
        RefusedError: It is not what it was.
    """
    found: list[_Block] = []
    whole = hashlib.sha256()
    try:
        with upload.local.open("rb") as opened:
            for start in range(0, upload.file.size, _BLOCK):
                data = opened.read(_BLOCK)
                whole.update(data)
                kept = data.rstrip(b"\0")
                sha256 = hashlib.sha256(kept).digest()
                found.append(_Block(upload, start, len(kept), sha256))
    except OSError:
        raise upload.changed() from None
    if whole.hexdigest() != upload.file.sha256:
        raise upload.changed()
    return found


async def _send(url: str, data: bytes) -> bytes:
    """Put a block; return the proof that it was taken."""
    from aiohttp import ClientError  # noqa: PLC0415  # a tenth of a second of imports
    from modal._utils.async_utils import retry  # noqa: PLC0415  # as in Transport
    from modal._utils.http_utils import ClientSessionRegistry  # noqa: PLC0415  # as above

    @retry(
        n_attempts=_TRIES,
        base_delay=_FIRST_PAUSE_SECONDS,
        max_delay=_LONGEST_PAUSE_SECONDS,
        attempt_timeout=ANSWER_SECONDS,
    )
    async def attempt() -> bytes | ServiceError:
        session = ClientSessionRegistry.get_session()  # type: ignore[no-untyped-call]  # the SDK's
        async with session.put(url, data=data) as answer:
            if answer.status < _REFUSED:
                proof: bytes = await answer.read()
                return proof
            refusal = ServiceError(
                f"Modal's store does not take a block ({answer.status} "
                f"{answer.reason}); run again, and see https://status.modal.com "
                "if it stays so"
            )
            if answer.status >= _FAILED or answer.status in _BUSY:
                raise refusal
            return refusal

    try:
        answered = await attempt()
    except ClientError as error:
        raise ConnectionError(str(error)) from error
    if isinstance(answered, ServiceError):
        raise answered
    return answered
