"""The processes that the host has started, none of which outlives it."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import threading
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# The engine kills a host's whole process group five seconds after the interrupt.
GRACE_SECONDS = 4.0

Stream = Literal["stdout", "stderr"]


class Children:
    """Start processes, and end each one softly, then hard."""

    def __init__(self) -> None:
        self._live: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def running(
        self,
        command: Sequence[str],
        context: Any,
        *,
        env: Mapping[str, str],
        cwd: str | None = None,
        piped: bool = False,
    ) -> Iterator[subprocess.Popen[bytes]]:
        """Run a process, which ends with the block or with the call that it serves.

        It stays in the host's process group, which is what the engine signals.

        Args:
            command: program and arguments.
            context: the call's grpc context.
            env: all of its environment variables.
            cwd: where it starts; the host's own folder if None.
            piped: give its output to `output`; otherwise it goes to the host's stdout
                and stderr, which the engine shows line by line.
        """
        target = subprocess.PIPE if piped else None
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=target,
            stderr=target,
        )
        with self._lock:
            self._live.add(process)
        try:
            if not context.add_callback(lambda: self.stop(process)):
                self.stop(process)
            yield process
        finally:
            self.stop(process)
            process.wait()
            with self._lock:
                self._live.discard(process)

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        """Interrupt the process, and kill it when that has not ended it in time."""
        if process.poll() is not None:
            return
        process.send_signal(signal.SIGINT)
        timer = threading.Timer(GRACE_SECONDS, process.kill)
        timer.daemon = True
        timer.start()

    def stop_all(self) -> None:
        """Stop every process, and return when the last has ended."""
        with self._lock:
            live = list(self._live)
        for process in live:
            self.stop(process)
        for process in live:
            process.wait()


def output(process: subprocess.Popen[bytes]) -> Iterator[tuple[Stream, bytes]]:
    """Yield what a piped process writes, as it writes it, until both pipes close."""
    chunks: queue.SimpleQueue[tuple[Stream, bytes]] = queue.SimpleQueue()

    def pump(name: Stream, descriptor: int) -> None:
        while chunk := os.read(descriptor, 1 << 16):
            chunks.put((name, chunk))
        chunks.put((name, b""))

    pipes: list[tuple[Stream, int]] = []
    if process.stdout:
        pipes.append(("stdout", process.stdout.fileno()))
    if process.stderr:
        pipes.append(("stderr", process.stderr.fileno()))
    for name, descriptor in pipes:
        threading.Thread(target=pump, args=(name, descriptor), daemon=True).start()
    open_pipes = len(pipes)
    while open_pipes:
        name, chunk = chunks.get()
        if chunk:
            yield name, chunk
        else:
            open_pipes -= 1
