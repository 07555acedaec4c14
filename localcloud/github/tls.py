"""HTTPS beside HTTP.

Prefect's `git_clone`, among others, shows credentials to HTTPS addresses only. What
comes here is decrypted and passed on to the plain port of the same process. Clients
trust the certificate by its `ca-bundle.pem` (git: `GIT_SSL_CAINFO`).
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket
    import ssl

CHUNK = 64 * 1024


async def serve(
    listener: socket.socket, context: ssl.SSLContext, plain: tuple[str, int]
) -> asyncio.Server:
    """Decrypt what comes to a bound socket, and pass it on to the plain address."""

    async def pass_on(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            upstream_reader, upstream_writer = await asyncio.open_connection(*plain)
        except OSError:
            writer.close()
            return
        await asyncio.gather(
            _copy(reader, upstream_writer), _copy(upstream_reader, writer)
        )

    return await asyncio.start_server(pass_on, sock=listener, ssl=context)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy one direction to its end, and close the other side's with it."""
    with suppress(OSError):
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
    with suppress(OSError):
        writer.close()
        await writer.wait_closed()
