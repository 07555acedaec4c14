"""The Prefect servers of all workspaces: started on demand, stopped when idle.

The first request to a workspace copies the migrated template, has the host fork a
server, waits until it answers, and adds the block types that Prefect Cloud has beyond
the packaged ones. A server that ends by itself is started again by the next request.
"""

import asyncio
import base64
import json
import logging
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx

from localcloud.prefect.account.store import Row, Store
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
    pid: int = 0
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
    """All servers, and the host that forks them."""

    def __init__(
        self, store: Store, root: Path, ui_base: str, idle_seconds: float
    ) -> None:
        self._store = store
        self._root = root
        self._ui_base = ui_base
        self._idle_seconds = idle_seconds
        self._servers: dict[str, Server] = {}
        self._starting: dict[str, asyncio.Lock] = {}
        self._host: asyncio.subprocess.Process | None = None
        self._host_started = asyncio.Event()
        self._prepared = asyncio.Event()
        self._closing = False
        self._tasks: list[asyncio.Task[None]] = []
        self.client = httpx.AsyncClient(
            timeout=httpx.Timeout(120, connect=5),
            limits=httpx.Limits(max_connections=None, keepalive_expiry=30),
            trust_env=False,
        )

    async def open(self) -> None:
        """Start the host; what it needs seconds for happens behind our back."""
        environment = {k: v for k, v in os.environ.items() if "PREFECT" not in k}
        self._sweep()
        self._host = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "localcloud.prefect.host",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=environment | {"PREFECT_HOME": str(self._root / "host")},
        )
        self._tasks = [
            asyncio.create_task(self._listen(self._host)),
            asyncio.create_task(self._prepare()),
            asyncio.create_task(self._stop_idle()),
        ]

    async def _prepare(self) -> None:
        """Wait for the host, and make the template if this Prefect has none yet."""
        await self._host_started.wait()
        if not self._template.exists():
            self._template.parent.mkdir(parents=True, exist_ok=True)
            making = self._servers[TEMPLATE] = Server(TEMPLATE, "")
            home = str(self._root / "host")
            self._order("migrate", making, home=home, database=str(self._template))
            await making.ended.wait()
            if not self._template.exists():
                log.error("Prefect made no database; %s/server.log says why", home)
                return
        self._prepared.set()

    async def close(self) -> None:
        """Stop all servers and the host."""
        self._closing = True
        for task in self._tasks:
            task.cancel()
        await self.client.aclose()
        if self._host is not None and self._host.stdin is not None:
            self._host.stdin.close()
            if not self._host_started.is_set():  # it is still importing
                with suppress(ProcessLookupError):
                    self._host.terminate()
            await self._host.wait()

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
        home = self._home(name)
        database = home / DATABASE
        if not database.exists():
            home.mkdir(parents=True, exist_ok=True)
            partial = database.with_suffix(".new")
            await asyncio.to_thread(shutil.copyfile, self._template, partial)
            partial.replace(database)
        server = self._servers[name] = Server(name, workspace["password"])
        ui_url = f"{self._ui_base}/account/{workspace['account_id']}/workspace/{name}"
        self._order(
            "start",
            server,
            home=str(home),
            database=str(database),
            password=server.password,
            ui_url=ui_url,
        )
        waiting = {
            asyncio.create_task(event.wait()) for event in (server.ready, server.ended)
        }
        _, pending = await asyncio.wait(
            waiting, timeout=START_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        for task in pending:
            task.cancel()
        if not server.is_up:
            await self._stop(name)
            raise ServerUnavailableError(
                f"The server of workspace {workspace['handle']} does not start; "
                f"{home / 'server.log'} says why."
            )
        if not workspace["provisioned"]:
            try:
                await provision(self.client, server.address, server.authorization)
            except httpx.HTTPError as error:
                raise ServerUnavailableError(
                    f"The server of workspace {workspace['handle']} did not take its "
                    f"block types: {error}"
                ) from None
            self._store.update("workspaces", name, provisioned=1)
        return server

    async def _stop(self, name: str) -> None:
        server = self._servers.get(name)
        if server is not None and not server.ended.is_set():
            server.stopping = True
            self._order("stop", server)
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

    def _order(self, do: str, server: Server, **details: object) -> None:
        if self._host is None or self._host.stdin is None:
            raise ServerUnavailableError("The host of the Prefect servers is not up.")
        line = json.dumps({"do": do, "id": server.workspace, **details})
        self._host.stdin.write(line.encode() + b"\n")

    async def _listen(self, host: asyncio.subprocess.Process) -> None:
        """Take in what the host reports; without a host this process is of no use."""
        if host.stdout is not None:
            while line := await host.stdout.readline():
                self._take_in(json.loads(line))
        for server in self._servers.values():
            server.ended.set()
        if not self._closing:
            log.error("the host of the Prefect servers has ended, and so do we")
            os.kill(os.getpid(), signal.SIGTERM)  # the supervisor starts us again

    def _take_in(self, message: dict[str, Any]) -> None:
        if message["id"] == "":
            self._host_started.set()
            return
        server = self._servers.get(message["id"])
        if server is None:
            return
        if message["event"] == "bound":
            server.port, server.pid = message["port"], message["pid"]
        elif message["event"] == "ready":
            server.ready.set()
        else:
            if message["code"]:
                log.warning(
                    "server of %s ended with %s", message["id"], message["code"]
                )
            server.ended.set()
