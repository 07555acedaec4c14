"""The language host's process."""

from __future__ import annotations

import argparse
import logging
import os
import select
import signal
import stat
import sys
from concurrent import futures
from importlib import metadata
from pathlib import Path

import grpc  # type: ignore[import-untyped]  # grpc ships none
from pulumi.runtime.proto import language_pb2_grpc

from .limits import MESSAGE_OPTIONS
from .service import LanguageHost

# Every running program and plugin holds one thread for as long as it runs; threads are
# made only when they are needed.
_MAX_CALLS = 1000


def main(executor: Path) -> int:
    """Serve until the engine interrupts or goes away; print the port first.

    Args:
        executor: the script that runs a program.
    """
    parser = argparse.ArgumentParser("pulumi-language-python", allow_abbrev=False)
    parser.add_argument("--version", action="store_true")
    parser.add_argument("--tracing", default="")
    parser.add_argument("engine", nargs="?", default="")
    # The CLI passes on its logging flags too, which mean nothing here.
    given, _ = parser.parse_known_args()
    version = metadata.version("pulumi")
    if given.version:
        print(version)
        return 0

    interrupts = _interrupts()
    host = LanguageHost(given.engine, executor, version, given.tracing)
    logging.basicConfig(level=logging.ERROR)
    server = grpc.server(
        futures.ThreadPoolExecutor(_MAX_CALLS), options=MESSAGE_OPTIONS
    )
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)

    _wait_for_end(interrupts)
    host.children.stop_all()
    server.stop(grace=1).wait()
    return 0


def _interrupts() -> int:
    """Return a descriptor that can be read when a signal asks for the end.

    Python runs a signal's handler in the main thread only, and a main thread that
    waits for a lock misses a signal that the kernel has given to another thread.
    """
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: None)
    signal.set_wakeup_fd(writer)
    return reader


def _wait_for_end(interrupts: int) -> None:
    """Wait until the engine interrupts, or has died, be it by SIGKILL.

    The engine holds the other end of a plugin's stdin for as long as it lives. Started
    by hand, the host has another stdin, which says nothing.
    """
    sources = [interrupts]
    stdin = sys.stdin.fileno()
    if stat.S_ISFIFO(os.fstat(stdin).st_mode):
        sources.append(stdin)
    while True:
        ready, _, _ = select.select(sources, [], [])
        if interrupts in ready or not os.read(stdin, 1 << 12):
            return
