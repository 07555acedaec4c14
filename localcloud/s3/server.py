"""The process: HTTP and HTTPS on loopback, one state directory, a clean end."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn

from localcloud.certificate import Certificate
from localcloud.holding import HOST, alone, listening
from localcloud.s3.application import Application

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from localcloud.s3.root import RootKey


def serve(ports: tuple[int, int], state_dir: Path, root: RootKey) -> None:
    """Serve HTTP and HTTPS, on their ports, until SIGTERM or SIGINT.

    When requests are accepted, one JSON line with the addresses is printed, which is
    also in `addresses.json` of the state directory.
    """
    # Secret keys and objects are kept in it: they are their owner's alone.
    os.umask(0o077)
    state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (
        alone(state_dir, "local S3"),
        listening(ports[0]) as plain,
        listening(ports[1]) as encrypted,
    ):
        application = Application(state_dir, root)
        try:
            asyncio.run(_run(application, state_dir, plain, encrypted))
        finally:
            application.close()


class Server(uvicorn.Server):
    """One of two servers in a process: signals are for both, so neither takes them."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and let it be known."""
        await super().startup(sockets)
        self.is_up.set()

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]  # uvicorn's is a generator
        """Leave the signals alone."""
        return nullcontext()


async def _run(
    application: Application,
    state_dir: Path,
    plain: socket.socket,
    encrypted: socket.socket,
) -> None:
    certificate = Certificate(state_dir)
    context = certificate.context()
    servers = [Server(_config(application)), Server(_config(application))]
    servers[1].config.load()
    servers[1].config.ssl = context
    loop = asyncio.get_running_loop()

    def end() -> None:
        for server in servers:
            server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    running = [
        asyncio.create_task(server.serve(sockets=[listener]))
        for server, listener in zip(servers, (plain, encrypted), strict=True)
    ]
    for server in servers:
        await server.is_up.wait()
    _announce(
        state_dir,
        api=f"http://{HOST}:{plain.getsockname()[1]}",
        https=f"https://{HOST}:{encrypted.getsockname()[1]}",
        ca_bundle=str(certificate.bundle),
        pid=os.getpid(),
    )
    await asyncio.gather(*running)


def _config(application: Application) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_keep_alive=60,
        timeout_graceful_shutdown=1,
    )


def _announce(state_dir: Path, **addresses: str | int) -> None:
    text = json.dumps(addresses)
    draft = state_dir / "addresses.json.new"
    draft.write_text(text + "\n", encoding="utf-8")
    draft.replace(state_dir / "addresses.json")
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
