"""The executor: runs the hosted pools of all workspaces until its stdin ends."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from localcloud.prefect.account.store import Store
from localcloud.prefect.push.pools import Workspaces
from localcloud.prefect.servers import DATABASE

if TYPE_CHECKING:
    from localcloud.prefect.push.dispatcher import Dispatcher

LOOK_SECONDS = 1

log = logging.getLogger(__name__)


class Executor:
    """One dispatcher for each workspace that has a hosted pool.

    Args:
        state_dir: Where accounts and workspaces live.
        address: The front's address.
    """

    def __init__(self, state_dir: Path, address: str) -> None:
        self._folder = state_dir / "push"
        self._address = address
        self._store = Store(state_dir / "account.db")
        self._workspaces = Workspaces(state_dir / "workspaces", DATABASE)
        self._serving: dict[str, tuple[Dispatcher, asyncio.Task[None]]] = {}

    async def run(self) -> None:
        """Follow the workspaces until cancelled."""
        # Keys of an executor that was killed; no other one runs.
        for row in self._store.all("run_keys"):
            self._store.delete("run_keys", row["id"])
        try:
            while True:
                wanted = await asyncio.to_thread(self._workspaces.with_hosted_pools)
                busy = {n for n, (each, _) in self._serving.items() if each.is_busy}
                await self._follow(wanted | busy)
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            await self._follow(set())
            self._store.close()

    async def _follow(self, wanted: set[str]) -> None:
        for name, (_, task) in list(self._serving.items()):
            gone = self._store.find("workspaces", id=name) is None
            if gone or name not in wanted or task.done():
                del self._serving[name]
                task.cancel()
                (ended,) = await asyncio.gather(task, return_exceptions=True)
                if isinstance(ended, Exception):
                    log.error("workspace %s: %r", name, ended)
        for name in wanted - self._serving.keys():
            if workspace := self._store.find("workspaces", id=name):
                folder = self._folder / name
                dispatcher = _dispatcher(self._store, workspace, self._address, folder)
                task = asyncio.create_task(dispatcher.serve())
                self._serving[name] = dispatcher, task


def _dispatcher(*arguments: object) -> Dispatcher:
    # Prefect reads its settings when it is first imported: not before `main` set them.
    from localcloud.prefect.push import dispatcher  # noqa: PLC0415  as above

    return dispatcher.Dispatcher(*arguments)  # type: ignore[arg-type]  # passed on


async def serve(executor: Executor) -> None:
    """Run until the front closes our stdin, or a signal comes."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_reader(sys.stdin.fileno(), stop.set)
    running = asyncio.create_task(executor.run())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m localcloud.prefect.push")
    parser.add_argument("--state-dir", type=Path, required=True)
    parser.add_argument("--address", required=True, help="where the front is")
    args = parser.parse_args()
    logging.basicConfig(level="INFO", format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("httpx").setLevel("WARNING")
    home = args.state_dir / "push-home"
    home.mkdir(parents=True, exist_ok=True)
    os.environ |= {
        "PREFECT_HOME": str(home),
        "PREFECT_CLOUD_API_URL": f"{args.address}/api",
        "PREFECT_LOGGING_TO_API_ENABLED": "false",
        "PREFECT_LOGGING_LEVEL": "WARNING",
    }
    asyncio.run(serve(Executor(args.state_dir, args.address)))


if __name__ == "__main__":
    main()
