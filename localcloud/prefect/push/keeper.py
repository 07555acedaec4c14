"""The front's part: keep one executor running for as long as there is a hosted pool."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from contextlib import suppress
from pathlib import Path

from localcloud.prefect.push.pools import Workspaces
from localcloud.prefect.servers import DATABASE

log = logging.getLogger(__name__)

LOOK_SECONDS = 1
RESTART_SECONDS = 5
STOP_SECONDS = 10


class Keeper:
    """Starts the executor when the first push or managed pool appears.

    Args:
        state_dir: Where accounts and workspaces live.
        address: The front's own address.
    """

    def __init__(self, state_dir: Path, address: str) -> None:
        self._state_dir = state_dir
        self._address = address
        self._workspaces = Workspaces(state_dir / "workspaces", DATABASE)
        self._executor: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Begin to look."""
        self._task = asyncio.create_task(self._keep())

    async def close(self) -> None:
        """Stop looking, and the executor with the runs that it runs."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        executor = self._executor
        if executor is None or executor.returncode is not None:
            return
        if executor.stdin is not None:
            executor.stdin.close()  # which it takes as the order to end
        try:
            await asyncio.wait_for(executor.wait(), STOP_SECONDS)
        except TimeoutError:
            with suppress(ProcessLookupError):
                executor.kill()
            await executor.wait()

    async def _keep(self) -> None:
        # Databases say nothing when they change: they have to be looked at.
        look = self._workspaces.with_hosted_pools
        while not await asyncio.to_thread(look):  # noqa: ASYNC110  as above
            await asyncio.sleep(LOOK_SECONDS)
        while True:
            log.info("starting the executor of push and managed work pools")
            self._executor = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "localcloud.prefect.push"),
                *("--state-dir", str(self._state_dir), "--address", self._address),
                stdin=asyncio.subprocess.PIPE,
                env={k: v for k, v in os.environ.items() if "PREFECT" not in k},
            )
            code = await self._executor.wait()
            log.error("the executor of push and managed pools ended with %s", code)
            await asyncio.sleep(RESTART_SECONDS)
