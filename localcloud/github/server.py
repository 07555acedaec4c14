"""The process: HTTP and HTTPS on loopback, one state directory, a clean end."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import uvicorn

from localcloud.certificate import Certificate
from localcloud.github import tls
from localcloud.github.application import Application
from localcloud.github.limits import Limits

HOST = "127.0.0.1"


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
        _alone(state_dir),
        _listening(ports[0]) as listener,
        _listening(ports[1]) as encrypted,
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


@contextmanager
def _alone(state_dir: Path) -> Iterator[None]:
    """Hold the state directory; a second server on it would corrupt nothing but lie."""
    with (state_dir / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SystemExit(
                f"{state_dir} is in use by another local GitHub: stop that one, or "
                "give another --state-dir."
            ) from None
        yield


@contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    # With the protocol named, asyncio switches Nagle's algorithm off; without, every
    # answer with a body waits 40 ms for the client's delayed acknowledgement.
    with socket.socket(
        socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP
    ) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError as error:
            raise SystemExit(
                f"Port {port} can't be had ({error.strerror}): give another --port, "
                "or 0 for a free one."
            ) from None
        listener.listen(128)
        yield listener
