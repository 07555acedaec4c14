"""The host of all Prefect servers: one process that imports Prefect, and forks.

Importing Prefect takes most of a server's boot time and memory. Here it happens once;
each workspace's server is a fork that gets its own settings, database and password, and
then runs Prefect's own application under uvicorn just as `prefect server start` does.

The front speaks with the host in lines of JSON, on the host's stdin and stdout:

```
→ {"do": "start", "id": …, "home": …, "database": …, "password": …, "ui_url": …}
→ {"do": "stop", "id": …}
→ {"do": "migrate", "id": …, "home": …, "database": …}
← {"id": …, "event": "bound", "port": …}   the socket exists
← {"id": …, "event": "ready"}                        it answers
← {"id": …, "event": "ended", "code": …}
```
The host ends, with all its servers, when its stdin does: nothing outlives the front. A
server ends when its host does, by watching a pipe that only the host holds open.
"""

from __future__ import annotations

import gc
import json
import os
import selectors
import signal
import socket
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from localcloud.prefect import server

GRACE_SECONDS = 8  # uvicorn closes sockets and services in less than three


class Host:
    """The forking side: turns orders into processes, and reports on them."""

    def __init__(self, answers: int) -> None:
        self._answers = answers
        self._children: dict[int, str] = {}
        self._deadlines: dict[int, float] = {}
        # Children hold the reading end; it reports our end, however that comes.
        self._life_reader, self._life_writer = os.pipe()

    def obey(self, order: dict[str, Any]) -> None:
        """Carry out one order of the front."""
        if order["do"] == "stop":
            self._stop(order["id"])
            return
        pid = os.fork()
        if pid == 0:
            self._be_child(order)
        self._children[pid] = order["id"]

    def reap(self) -> None:
        """Report the children that ended; force those that ignored a stop."""
        for pid, deadline in list(self._deadlines.items()):
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)  # ours, and not waited for yet
                del self._deadlines[pid]
        while self._children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            self._deadlines.pop(pid, None)
            code = os.waitstatus_to_exitcode(status)
            tell(self._answers, id=self._children.pop(pid), event="ended", code=code)

    def close(self) -> None:
        """Stop all servers and wait for them."""
        for name in set(self._children.values()):
            self._stop(name)
        while self._children:
            self.reap()
            time.sleep(0.02)

    def _stop(self, name: str) -> None:
        for pid, child in self._children.items():
            if child == name and pid not in self._deadlines:
                os.kill(pid, signal.SIGTERM)
                self._deadlines[pid] = time.monotonic() + GRACE_SECONDS

    def _be_child(self, order: dict[str, Any]) -> None:
        """Become the process that an order asks for; never return."""
        code = 1
        try:
            os.close(self._life_writer)
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            _log_to(Path(order["home"]) / "server.log")
            threading.Thread(
                target=_end_with, args=(self._life_reader,), daemon=True
            ).start()
            if order["do"] == "migrate":
                server.migrate(order)
            else:
                self._serve(order)
            code = 0
        except BaseException:  # noqa: BLE001 - a fork must not run its parent's code
            sys.excepthook(*sys.exc_info())
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _serve(self, order: dict[str, Any]) -> None:
        # Named as TCP, or asyncio leaves Nagle's algorithm on: 40 ms an answer.
        listener = socket.socket(proto=socket.IPPROTO_TCP)
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        name = order["id"]
        tell(self._answers, id=name, event="bound", port=port)
        server.serve(
            order, listener, lambda: tell(self._answers, id=name, event="ready")
        )


def tell(answers: int, **message: object) -> None:
    """Write one message; short enough that the pipe keeps it whole."""
    with suppress(BrokenPipeError):  # the front is gone, and so are we, soon
        os.write(answers, json.dumps(message).encode() + b"\n")


def _log_to(path: Path) -> None:
    """Send all output to a file; the front's pipes are not for us."""
    path.parent.mkdir(parents=True, exist_ok=True)
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for descriptor in (1, 2):
        os.dup2(log, descriptor)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)


def _end_with(life: int) -> None:
    """End this process when the host has ended."""
    os.read(life, 1)
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """Obey the front until it closes our stdin."""
    answers = os.dup(1)
    os.dup2(2, 1)  # whatever libraries print must not reach the front
    # Only the children's ends matter to the loop below, and it must not block.
    wake_reader, wake_writer = os.pipe()
    for descriptor in (wake_reader, wake_writer):
        os.set_blocking(descriptor, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake_writer)
    server.prepare()
    # The supervisor signals the whole group; from now on the front decides when
    # servers stop. Until here there is nothing to lose.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.collect()
    gc.freeze()  # keeps the collector from touching, and so copying, shared pages
    host = Host(answers)
    tell(answers, id="", event="ready")
    selector = selectors.DefaultSelector()
    selector.register(0, selectors.EVENT_READ)
    selector.register(wake_reader, selectors.EVENT_READ)
    pending = b""
    while True:
        ready = {key.fd for key, _ in selector.select(timeout=1)}
        if wake_reader in ready:
            os.read(wake_reader, 4096)
        if 0 in ready:
            if not (received := os.read(0, 65536)):
                host.close()
                return
            *lines, pending = (pending + received).split(b"\n")
            for line in lines:
                host.obey(json.loads(line))
        host.reap()


if __name__ == "__main__":
    main()
