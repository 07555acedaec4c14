"""The language host's process."""

from __future__ import annotations

import argparse
import os
import signal
import stat
import sys
import threading
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

    done = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: done.set())
    host = LanguageHost(given.engine, executor, version, given.tracing)
    server = grpc.server(
        futures.ThreadPoolExecutor(_MAX_CALLS), options=MESSAGE_OPTIONS
    )
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    _watch_engine(done)

    done.wait()
    host.children.stop_all()
    server.stop(grace=1).wait()
    return 0


def _watch_engine(done: threading.Event) -> None:
    """Set `done` when the engine has died, be it by SIGKILL.

    The engine holds the other end of a plugin's stdin for as long as it lives. Started
    by hand, the host has another stdin, which says nothing.
    """
    if not stat.S_ISFIFO(os.fstat(sys.stdin.fileno()).st_mode):
        return

    def watch() -> None:
        while os.read(sys.stdin.fileno(), 1 << 12):
            pass
        done.set()

    threading.Thread(target=watch, daemon=True).start()
