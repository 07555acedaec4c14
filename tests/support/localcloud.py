"""A local cloud for tests: started as users start it, in a process of its own.

Most tests share one running cloud, and make a workspace each:

    from tests.support.localcloud import local_cloud  # in a conftest.py: a fixture

    def test_something(local_cloud):
        with local_cloud.workspace() as workspace:
            ...  # workspace.api_url, workspace.env; the key is local_cloud.api_key

Tests that stop or kill it start their own with `LocalCloud.start(tmp_path)`.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.checkout import PYTHON, ROOT

BOOT_SECONDS = 180
POLL_SECONDS = 0.05


def clean_environment() -> dict[str, str]:
    """Return this process's environment without any Prefect settings."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")}
    # What is the same for all tests is made once: a migrated, empty database.
    return {"LOCALCLOUD_TEMPLATES": str(ROOT / ".flowground/templates"), **kept}


@dataclass(frozen=True)
class Workspace:
    """A workspace of a local cloud, and how to reach it."""

    id: str
    handle: str
    api_url: str
    env: Mapping[str, str]


class LocalCloud:
    """A running local cloud."""

    def __init__(self, state_dir: Path) -> None:
        self.state_dir = state_dir
        self.process: subprocess.Popen[bytes] | None = None
        self.env: dict[str, str] = {}

    @classmethod
    @contextmanager
    def start(
        cls, folder: Path, services: Sequence[str] = ("prefect",), *arguments: str
    ) -> Iterator[LocalCloud]:
        """Run a cloud of one's own on free ports, until the context ends."""
        cloud = cls(folder / "localcloud")
        try:
            cloud.up(services, *arguments)
            yield cloud
        finally:
            cloud.stop()

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of the cloud's commands to its end."""
        return subprocess.run(
            [PYTHON, "-m", "localcloud", "--state-dir", self.state_dir, *arguments],
            cwd=ROOT,
            env=clean_environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=BOOT_SECONDS,
        )

    def up(self, services: Sequence[str] = ("prefect",), *arguments: str) -> None:
        """Start, or start again after `stop` or `kill`: on the same addresses."""
        self.state_dir.mkdir(parents=True, exist_ok=True)
        chosen = [word for name in services for word in ("--service", name)]
        command = [PYTHON, "-m", "localcloud", "--state-dir", str(self.state_dir), "up"]
        with (self.state_dir / "up.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--port", "*=0", *chosen, *arguments],
                cwd=ROOT,
                env=clean_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + BOOT_SECONDS
        while not self._is_ready():
            assert self.process.poll() is None, self._logs()
            assert time.monotonic() < deadline, self._logs()
            time.sleep(POLL_SECONDS)
        self.env = self._read_env()

    def stop(self) -> None:
        """Stop it as Ctrl-C does, and wait for the end."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(60)
            self.process = None

    def kill(self) -> None:
        """Kill the supervisor, so that it can do nothing more; services stay."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(60)
        self.process = None

    def run_record(self) -> dict[str, Any]:
        """Return what the supervisor wrote down about what is running."""
        path = self.state_dir / "run.json"
        return dict(json.loads(path.read_text())) if path.exists() else {}

    @property
    def cloud_api_url(self) -> str:
        """The account API's address."""
        return self.env["PREFECT_CLOUD_API_URL"]

    @property
    def api_url(self) -> str:
        """The default workspace's address."""
        return self.env["PREFECT_API_URL"]

    @property
    def account_id(self) -> str:
        """The account's id."""
        return self.env["PREFECT_CLOUD_ACCOUNT_ID"]

    @property
    def api_key(self) -> str:
        """The account owner's key."""
        return self.env["PREFECT_API_KEY"]

    @property
    def account_url(self) -> str:
        """The account's address in the account API."""
        return f"{self.cloud_api_url}/accounts/{self.account_id}"

    def client(self, api_key: str | None = None, base_url: str = "") -> httpx.Client:
        """Return a plain HTTP client with a key, on the account's address."""
        return httpx.Client(
            base_url=base_url or self.account_url,
            headers={"Authorization": f"Bearer {api_key or self.api_key}"},
            timeout=60,
            trust_env=False,
        )

    @contextmanager
    def workspace(self, handle: str = "") -> Iterator[Workspace]:
        """Make a workspace, and delete it when the context ends."""
        handle = handle or f"test-{uuid.uuid4().hex[:12]}"
        with self.client() as client:
            made = client.post("/workspaces/", json={"name": handle, "handle": handle})
            made.raise_for_status()
            workspace_id = made.json()["id"]
            url = f"{self.account_url}/workspaces/{workspace_id}"
            env = {**self.env, "PREFECT_API_URL": url}
            try:
                yield Workspace(workspace_id, handle, url, env)
            finally:
                client.delete(f"/workspaces/{workspace_id}")

    def _is_ready(self) -> bool:
        run = self.run_record()
        if self.process is None or not run or not run["supervisor"]:
            return False
        phases = {service["phase"] for service in run["services"].values()}
        return run["supervisor"]["pid"] == self.process.pid and phases == {"ready"}

    def _read_env(self) -> dict[str, str]:
        shown = self.command("env", "--format", "json")
        assert shown.returncode == 0, shown.stdout + shown.stderr
        return dict(json.loads(shown.stdout))

    def _logs(self) -> str:
        logs = [self.state_dir / "up.log", *(self.state_dir / "logs").glob("*.log")]
        return "\n".join(f"{log}:\n{log.read_text()[-5000:]}" for log in logs)


@contextmanager
def shared(root: Path, services: Sequence[str] = ("prefect",)) -> Iterator[LocalCloud]:
    """Share one cloud between all processes that name the same folder.

    The first to come starts it in the background, the last to go stops it; the count
    of users is in a file under a lock.
    """
    folder = root / "-".join(("cloud", *services))
    cloud = LocalCloud(folder)
    with _users(folder) as users:
        if not users:
            chosen = [word for name in services for word in ("--service", name)]
            started = cloud.command("up", "--detach", "--port", "*=0", *chosen)
            assert started.returncode == 0, started.stdout + started.stderr
        users.append(os.getpid())
    try:
        cloud.env = cloud._read_env()
        yield cloud
    finally:
        with _users(folder) as users:
            users.remove(os.getpid())
            if not users:
                cloud.command("down")


@contextmanager
def _users(folder: Path) -> Iterator[list[int]]:
    """Hold the list of the processes that use a cloud; dead ones do not count."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "users").open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        users = [pid for pid in json.loads(file.read() or "[]") if _lives(pid)]
        yield users
        file.seek(0)
        file.truncate()
        file.write(json.dumps(users))


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture(scope="session")
def local_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """Give all tests of the session, in all its workers, the same running cloud."""
    with shared(shared_root(tmp_path_factory)) as cloud:
        yield cloud


def shared_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that all workers of the session have in common."""
    root = tmp_path_factory.getbasetemp()
    return root.parent if "PYTEST_XDIST_WORKER" in os.environ else root
