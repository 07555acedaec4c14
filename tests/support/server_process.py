"""A local service for tests, as a process that says on its first line where it is."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

from tests.support.checkout import PYTHON, ROOT

if TYPE_CHECKING:
    from pathlib import Path

STOP_SECONDS = 20


class ServerProcess:
    """One process, which can be ended and started again.

    Args:
        log: What it writes to stderr.
    """

    def __init__(self, log: Path) -> None:
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None

    def launch(self, *arguments: str, **env: str) -> dict[str, Any]:
        """Start the local cloud's Python, and return the addresses that it prints."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [PYTHON, *arguments],
                cwd=ROOT,
                env={**os.environ, **env},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"{arguments} did not start: {self.log.read_text()}"
        addresses: dict[str, Any] = json.loads(line)
        return addresses

    @property
    def pid(self) -> int:
        """The process id."""
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """End the process as a power cut would."""
        self._end("kill")

    def stop(self) -> int:
        """Ask the process to end, and return its exit status."""
        return self._end("terminate")

    def _end(self, how: str) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        getattr(process, how)()
        try:
            return process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()
        finally:
            assert process.stdout is not None
            process.stdout.close()
