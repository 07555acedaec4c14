"""A run's process, with all that it starts: a group of its own, ended as one."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

from localcloud.processes import group_exists

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

GRACE_SECONDS = 5
POLL_SECONDS = 0.05


class RunProcess:
    """A process in a group of its own, so that ending it leaves nothing behind."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(
        cls,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        log: Path,
    ) -> RunProcess:
        """Start it; what it prints goes to a file.

        Raises:
            OSError: There is no such program.
        """
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *arguments,
                env=dict(environment),
                cwd=folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        return cls(process)

    @property
    def pid(self) -> int:
        """Its process id, which is its group's too."""
        return self._process.pid

    async def wait(self, seconds: float | None) -> int | None:
        """Wait for its end and return its code; None if it had to be ended.

        It does not outlive the waiting, however that ends.
        """
        try:
            return await asyncio.wait_for(self._process.wait(), seconds)
        except TimeoutError:
            return None
        finally:
            await self.end()

    async def end(self) -> None:
        """End it and all that it started: ask first, then force."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)
            for _ in range(int(GRACE_SECONDS / POLL_SECONDS)):
                if not group_exists(self.pid):
                    await self._process.wait()
                    return
                await asyncio.sleep(POLL_SECONDS)
