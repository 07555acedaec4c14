"""The process: HTTP and HTTPS on loopback, one state directory, a clean end."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import ssl
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import ThreadedWSGIServer

from localcloud.certificate import Certificate
from localcloud.s3.application import Application

if TYPE_CHECKING:
    from localcloud.s3.root import RootKey

HOST = "127.0.0.1"
IDLE_SECONDS = 120


class Handler(MotoRequestHandler):
    """One connection of a client, kept open between requests."""

    protocol_version = "HTTP/1.1"
    # Head and body are written apart: the second would wait 40 ms for the client's
    # delayed acknowledgement.
    disable_nagle_algorithm = True
    timeout = IDLE_SECONDS

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log the path without its query: that of a presigned URL is a credential."""
        status = getattr(code, "value", code)
        path = self.path.partition("?")[0]
        self.log("info", "%s %s %s", self.command, path, status)


class Listener(ThreadedWSGIServer):
    """A port, with a thread for each connection; werkzeug ends the process if taken."""

    def __init__(
        self, port: int, application: Application, tls: ssl.SSLContext | None = None
    ) -> None:
        super().__init__(HOST, port, application, Handler)
        self.ssl_context = tls

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Shake hands in the connection's own thread: a slow client delays no other."""
        if self.ssl_context is None:
            super().finish_request(request, client_address)
            return
        request.settimeout(IDLE_SECONDS)
        try:
            encrypted = self.ssl_context.wrap_socket(request, server_side=True)
        except OSError:  # no handshake: a probe, or a client that does not trust us
            return
        with encrypted:
            super().finish_request(encrypted, client_address)


def serve(ports: tuple[int, int], state_dir: Path, root: RootKey) -> None:
    """Serve HTTP and HTTPS, on their ports, until SIGTERM or SIGINT.

    When requests are accepted, one JSON line with the addresses is printed, which is
    also in `addresses.json` of the state directory.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    # Secret keys and objects are kept in it: they are their owner's alone.
    os.umask(0o077)
    state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(state_dir):
        application = Application(state_dir, root)
        certificate = Certificate(state_dir)
        plain = Listener(ports[0], application)
        encrypted = Listener(ports[1], application, certificate.context())
        threading.Thread(target=encrypted.serve_forever, daemon=True).start()
        _announce(state_dir, plain, encrypted, certificate)
        try:
            plain.serve_forever()
        finally:
            application.close()


def _end(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def _announce(
    state_dir: Path,
    plain: Listener,
    encrypted: Listener,
    certificate: Certificate,
) -> None:
    addresses = {
        "api": f"http://{HOST}:{plain.port}",
        "https": f"https://{HOST}:{encrypted.port}",
        "ca_bundle": str(certificate.bundle),
        "pid": os.getpid(),
    }
    text = json.dumps(addresses)
    draft = state_dir / "addresses.json.new"
    draft.write_text(text + "\n", encoding="utf-8")
    draft.replace(state_dir / "addresses.json")
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


@contextmanager
def _alone(state_dir: Path) -> Iterator[None]:
    """Hold the state directory: two servers would each keep half of what is written."""
    with (state_dir / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SystemExit(
                f"{state_dir} is in use by another local S3: stop that one, or give "
                "another --state-dir."
            ) from None
        yield
