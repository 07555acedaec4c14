"""The process: HTTP and HTTPS on loopback, one state directory, a clean end."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from pathlib import Path
from types import FrameType

import uvicorn

from localcloud.certificate import Certificate
from localcloud.github import tls
from localcloud.github.application import Application
from localcloud.github.limits import Limits
from localcloud.holding import HOST, alone, listening


def serve(
    ports: tuple[int, int],
    state_dir: Path,
    token: str,
    limits: Limits,
    repository: str | None,
) -> None:
    """Serve HTTP and HTTPS, on their ports, until SIGTERM or SIGINT.

    When requests are accepted, one JSON line with the addresses is printed, which is
    also in `addresses.json` of the state directory.
    """
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, _end)
    # Private keys are kept in it: those that secrets are sealed to.
    state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (
        alone(state_dir, "local GitHub"),
        listening(ports[0]) as listener,
        listening(ports[1]) as encrypted,
    ):
        host = f"{HOST}:{listener.getsockname()[1]}"
        application = Application(state_dir, host, token, limits, repository)
        try:
            _server(application, state_dir, encrypted).run(sockets=[listener])
        finally:
            application.db.close()


def _end(_signal: int, _frame: FrameType | None) -> None:
    """End with success; uvicorn raises the signal again when it has shut down."""
    raise SystemExit(0)


def _server(
    application: Application, state_dir: Path, encrypted: socket.socket
) -> uvicorn.Server:
    config = uvicorn.Config(
        application,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=5,
    )
    web = f"http://{application.host}"
    certificate = Certificate(state_dir)
    context = certificate.context()
    addresses = {
        "api": web,
        "web": web,
        "https": f"https://{HOST}:{encrypted.getsockname()[1]}",
        "ca_bundle": str(certificate.bundle),
        "pid": os.getpid(),
    }
    name, _, port = application.host.partition(":")

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            await tls.serve(encrypted, context, (name, int(port)))
            text = json.dumps(addresses)
            draft = state_dir / "addresses.json.new"
            draft.write_text(text + "\n", encoding="utf-8")
            draft.replace(state_dir / "addresses.json")
            sys.stdout.write(text + "\n")
            sys.stdout.flush()

    return Server(config)
