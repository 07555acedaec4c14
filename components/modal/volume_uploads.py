"""Files on their way into a volume, with less work than the SDK makes of it.

All of this runs in the SDK's event loop, over the SDK's own connections.
"""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from components.kernel import RefusedError
from components.kernel.folder import File

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from pathlib import Path

    from google.protobuf.message import Message

T = TypeVar("T")

# As many as the SDK puts at once for mounts; of those that are larger than a mebibyte,
# so few that never more than 128 MiB are in memory.
_AT_ONCE: Final = 64
_LARGE_AT_ONCE: Final = 8
_MEBIBYTE: Final = 1024 * 1024
# Nothing here takes as long: what does has lost its connection.
ANSWER_SECONDS: Final = 60.0


class Upload(NamedTuple):
    """A file to be put into a volume.

    Attributes:
        path: Where in the volume.
        local: Where it is.
        file: What it is.
    """

    path: str
    local: Path
    file: File

    @property
    def mode(self) -> int:
        """Return its permissions there, whatever the umask was here."""
        return 0o755 if self.file.executable else 0o644

    def changed(self) -> RefusedError:
        """Say that it is no longer what it was."""
        return RefusedError(
            f"'{self.path}' was changed while it was put; run again to put it as it is"
        )

    async def read(self, start: int, size: int, sha256: bytes) -> bytes:
        """Read a part of it.

        Raises:
            RefusedError: It is no longer what it was.
        """

        def read() -> bytes:
            try:
                with self.local.open("rb") as opened:
                    opened.seek(start)
                    data = opened.read(size)
            except OSError:
                raise self.changed() from None
            if hashlib.sha256(data).digest() != sha256:
                raise self.changed()
            return data

        # In the loop itself, where a thread for it costs more than so little takes.
        return read() if size <= _MEBIBYTE else await asyncio.to_thread(read)


async def side_by_side(
    work: Callable[[T], Awaitable[None]],
    items: Iterable[T],
    size_of: Callable[[T], int],
) -> None:
    """Do something for each item, of large ones for fewer at once."""
    slots, large_slots = asyncio.Semaphore(_AT_ONCE), asyncio.Semaphore(_LARGE_AT_ONCE)

    async def one(item: T) -> None:
        async with large_slots if size_of(item) > _MEBIBYTE else slots:
            await work(item)

    tasks = [asyncio.create_task(one(item)) for item in items]
    try:
        await asyncio.gather(*tasks)
    finally:  # after a failure nothing more is begun
        for task in tasks:
            task.cancel()


async def call(client: Any, rpc: str, request: Message) -> Any:
    """Make one call of the protocol in the SDK's event loop."""
    from modal._utils.grpc_utils import Retry  # noqa: PLC0415  # as in Transport

    method = getattr(client._stub, rpc)  # noqa: SLF001  # `stub` warns that it is internal
    return await method(request, retry=Retry(attempt_timeout=ANSWER_SECONDS))
