"""The Prefect servers of all workspaces: started on demand, stopped when idle.

The first request to a workspace copies the migrated template, has the host fork a
server, waits until it answers, and adds the block types that Prefect Cloud has beyond
the packaged ones. A server that ends by itself is started again by the next request.
"""

import asyncio
import base64
import logging
import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx

from localcloud.prefect.account.store import Row, Store
from localcloud.prefect.hosting import Host, Message
from localcloud.prefect.provision import provision

log = logging.getLogger(__name__)

DATABASE = "prefect.db"
TEMPLATE = "template"
START_SECONDS = 90
SETTLE_SECONDS = 3
IDLE_CHECK_SECONDS = 10


class ServerUnavailableError(Exception):
    """A workspace's server could not be started."""


@dataclass
class Server:
    """One workspace's server."""

    workspace: str
    password: str
    port: int = 0
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    # SQLite knows one writer: ours wait here in line, not inside the server.
    writing: asyncio.Lock = field(default_factory=asyncio.Lock)
    # More at a time would not be faster, and could wait too long for its connection.
    reading: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(8))
    stopping: bool = False
    users: int = 0
    last_used: float = field(default_factory=time.monotonic)

    @property
    def address(self) -> str:
        """The server's host and port, for URLs."""
        return f"127.0.0.1:{self.port}"

    @property
    def authorization(self) -> str:
        """The header with which the front, and nobody else, is let in."""
        return "Basic " + base64.b64encode(self.password.encode()).decode()

    @property
    def is_up(self) -> bool:
        """Whether it answers, as far as is known."""
        return self.ready.is_set() and not self.stopping and not self.ended.is_set()

    async def until_known(self) -> None:
        """Wait until it answers or has ended, or has had its time to."""
        waiting = {
            asyncio.create_task(event.wait()) for event in (self.ready, self.ended)
        }
        _, pending = await asyncio.wait(
            waiting, timeout=START_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        for task in pending:
            task.cancel()

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Keep the server from being stopped as idle."""
        self.users += 1
        try:
            yield
        finally:
            self.users -= 1
            self.last_used = time.monotonic()


class Servers:
    """All servers, and the host that forks them.

    Args:
        store: The account's state, which knows the workspaces.
        root: The folder for workspaces' data.
        ui_base: The address of the UI.
        idle_seconds: After how long without a request a server is stopped.
    """

    def __init__(
        self, store: Store, root: Path, ui_base: str, idle_seconds: float
    ) -> None:
        self._store = store
        self._root = root
        self._ui_base = ui_base
        self._idle_seconds = idle_seconds
        self._servers: dict[str, Server] = {}
        self._starting: dict[str, asyncio.Lock] = {}
        self._host = Host(root / "host", self._hear, self._lost)
        self._prepared = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.client = httpx.AsyncClient(
            timeout=httpx.Timeout(120, connect=5),
            limits=httpx.Limits(max_connections=None, keepalive_expiry=30),
            trust_env=False,
        )

    async def open(self) -> None:
        """Start the host; what it needs seconds for happens behind our back."""
        self._sweep()
        await self._host.open()
        self._tasks = [
            asyncio.create_task(self._prepare()),
            asyncio.create_task(self._stop_idle()),
        ]

    async def close(self) -> None:
        """Stop all servers and the host."""
        for task in self._tasks:
            task.cancel()
        await self.client.aclose()
        await self._host.close()

    async def ensure(self, workspace: Row) -> Server:
        """Return the workspace's server, started and waited for if need be.

        Raises:
            ServerUnavailableError: It does not start.
        """
        name = workspace["id"]
        server = self._servers.get(name)
        if server is not None and server.is_up:
            return server
        async with self._starting.setdefault(name, asyncio.Lock()):
            server = self._servers.get(name)
            if server is None or not server.is_up:
                server = await self._start(workspace)
            return server

    async def ask(self, workspace: Row, method: str, path: str, **body: Any) -> Any:
        """Ask a workspace's server in the front's own name.

        Returns:
            The JSON of the answer; None when the object does not exist.
        """
        server = await self.ensure(workspace)
        with server.in_use():
            answer = await self.client.request(
                method,
                f"http://{server.address}/api{path}",
                json=body or None,
                headers={"Authorization": server.authorization},
            )
        if answer.status_code in {404, 422}:  # 422: the id is not even an id
            return None
        return answer.raise_for_status().json()

    async def settle(self, server: Server) -> None:
        """Wait until it is known whether a server that is out of reach has ended."""
        with suppress(TimeoutError):
            await asyncio.wait_for(server.ended.wait(), SETTLE_SECONDS)

    async def delete(self, workspace_id: str) -> None:
        """Stop a workspace's server and delete its data."""
        async with self._starting.setdefault(workspace_id, asyncio.Lock()):
            await self._stop(workspace_id)
            shutil.rmtree(self._home(workspace_id), ignore_errors=True)
        self._starting.pop(workspace_id, None)

    @property
    def _template(self) -> Path:
        shared = os.environ.get("LOCALCLOUD_TEMPLATES")  # tests share what costs time
        folder = Path(shared) if shared else self._root / "templates"
        return folder / f"prefect-{version('prefect')}.db"

    def _home(self, workspace_id: str) -> Path:
        return self._root / "workspaces" / workspace_id

    def _sweep(self) -> None:
        """Delete data of workspaces that a killed front had just deleted."""
        for home in (self._root / "workspaces").glob("*"):
            if self._store.find("workspaces", id=home.name) is None:
                shutil.rmtree(home, ignore_errors=True)

    async def _start(self, workspace: Row) -> Server:
        name = workspace["id"]
        try:
            await asyncio.wait_for(self._prepared.wait(), START_SECONDS)
        except TimeoutError:
            raise ServerUnavailableError("Prefect's host does not start.") from None
        if self._store.find("workspaces", id=name) is None:
            raise ServerUnavailableError("The workspace was deleted just now.")
        database = await self._database(name)
        server = self._servers[name] = Server(name, workspace["password"])
        ui_url = f"{self._ui_base}/account/{workspace['account_id']}/workspace/{name}"
        self._host.order(
            "start",
            name,
            home=str(database.parent),
            database=str(database),
            password=server.password,
            ui_url=ui_url,
        )
        await server.until_known()
        if not server.is_up:
            await self._stop(name)
            raise ServerUnavailableError(
                f"The server of workspace {workspace['handle']} does not start; "
                f"{database.with_name('server.log')} says why."
            )
        if not workspace["provisioned"]:
            await self._provision(server, workspace)
        return server

    async def _database(self, name: str) -> Path:
        """Return a workspace's database, copied from the template if it has none."""
        database = self._home(name) / DATABASE
        if not database.exists():
            database.parent.mkdir(parents=True, exist_ok=True)
            partial = database.with_suffix(".new")
            await asyncio.to_thread(shutil.copyfile, self._template, partial)
            partial.replace(database)
        return database

    async def _provision(self, server: Server, workspace: Row) -> None:
        try:
            await provision(self.client, server.address, server.authorization)
        except httpx.HTTPError as error:
            raise ServerUnavailableError(
                f"The server of workspace {workspace['handle']} did not take its "
                f"block types: {error}"
            ) from None
        self._store.update("workspaces", workspace["id"], provisioned=1)

    async def _stop(self, name: str) -> None:
        server = self._servers.get(name)
        if server is not None and not server.ended.is_set():
            server.stopping = True
            self._host.order("stop", name)
            await server.ended.wait()
        self._servers.pop(name, None)

    async def _stop_idle(self) -> None:
        while True:
            await asyncio.sleep(min(IDLE_CHECK_SECONDS, self._idle_seconds))
            for name, server in list(self._servers.items()):
                idle = time.monotonic() - server.last_used
                if server.is_up and not server.users and idle > self._idle_seconds:
                    async with self._starting.setdefault(name, asyncio.Lock()):
                        if not server.users:
                            log.info("stopping the idle server of workspace %s", name)
                            await self._stop(name)

    async def _prepare(self) -> None:
        """Wait for the host, and make the template if this Prefect has none yet."""
        await self._host.started.wait()
        if not self._template.exists():
            self._template.parent.mkdir(parents=True, exist_ok=True)
            making = self._servers[TEMPLATE] = Server(TEMPLATE, "")
            home = str(self._root / "host")
            database = str(self._template)
            self._host.order("migrate", TEMPLATE, home=home, database=database)
            await making.ended.wait()
            if not self._template.exists():
                log.error("Prefect made no database; %s/server.log says why", home)
                return
        self._prepared.set()

    def _hear(self, message: Message) -> None:
        """Take in what the host reports of a server."""
        server = self._servers.get(message["id"])
        if server is None:
            return
        if message["event"] == "bound":
            server.port = message["port"]
        elif message["event"] == "ready":
            server.ready.set()
        else:
            if message["code"] and not server.stopping:
                log.warning(
                    "server of %s ended with %s", message["id"], message["code"]
                )
            server.ended.set()

    def _lost(self) -> None:
        """End this process, which is no use without a host; it is started again."""
        log.error("the host of the Prefect servers has ended, and so do we")
        for server in self._servers.values():
            server.ended.set()
        os.kill(os.getpid(), signal.SIGTERM)
