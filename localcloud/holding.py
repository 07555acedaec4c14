"""What a service's process holds alone: its state folder, and its ports on loopback."""

from __future__ import annotations

import fcntl
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HOST = "127.0.0.1"


@contextmanager
def alone(state_dir: Path, service: str) -> Iterator[None]:
    """Hold the state folder: two servers would each keep half of what is written.

    Raises:
        SystemExit: Another process of the service holds it; the message says so.
    """
    with (state_dir / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SystemExit(
                f"{state_dir} is in use by another {service}: stop that one, or give "
                "another --state-dir."
            ) from None
        yield


@contextmanager
def listening(port: int) -> Iterator[socket.socket]:
    """Listen on a port of loopback; 0 takes a free one.

    Raises:
        SystemExit: The port cannot be had; the message says why.
    """
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
