"""The front's end of the host: start it, give it orders, hear what became of them."""

import asyncio
import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

Message = dict[str, Any]


class Host:
    """The process that forks Prefect servers (see `host.py`), as the front sees it.

    Args:
        home: Prefect's own folder for the host itself.
        hear: Called with each message about a server.
        lost: Called when the host ends without having been asked to.
    """

    def __init__(
        self, home: Path, hear: Callable[[Message], None], lost: Callable[[], None]
    ) -> None:
        self._home = home
        self._hear = hear
        self._lost = lost
        self._process: asyncio.subprocess.Process | None = None
        self._listening: asyncio.Task[None] | None = None
        self._closing = False
        self.started = asyncio.Event()

    async def open(self) -> None:
        """Start the process; it takes seconds until `started`."""
        environment = {k: v for k, v in os.environ.items() if "PREFECT" not in k}
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "localcloud.prefect.host",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=environment | {"PREFECT_HOME": str(self._home)},
        )
        self._listening = asyncio.create_task(self._listen(self._process))

    def order(self, do: str, name: str, **details: object) -> None:
        """Tell the host to do something with the server of this name."""
        if self._process is not None and self._process.stdin is not None:
            line = json.dumps({"do": do, "id": name, **details})
            self._process.stdin.write(line.encode() + b"\n")

    async def close(self) -> None:
        """End the host with all its servers."""
        self._closing = True
        if self._process is None or self._process.stdin is None:
            return
        self._process.stdin.close()
        if not self.started.is_set():  # it is still importing, and listens to nothing
            with suppress(ProcessLookupError):
                self._process.terminate()
        await self._process.wait()

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        """Pass on what the host reports, until it ends."""
        if process.stdout is not None:
            while line := await process.stdout.readline():
                message = json.loads(line)
                if message["id"] == "":
                    self.started.set()
                else:
                    self._hear(message)
        if not self._closing:
            self._lost()
