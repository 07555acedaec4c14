"""A Prefect server as Prefect starts it, alone and on a database of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import httpx

from tests.support.checkout import PYTHON, ROOT
from tests.support.localcloud import clean_environment

if TYPE_CHECKING:
    from collections.abc import Iterator

BOOT_SECONDS: Final = 240
PREFECT: Final = str(Path(PYTHON).with_name("prefect"))
# Nothing leaves the machine; what the server does is Prefect's own.
_QUIET: Final = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_LOGGING_LEVEL": "ERROR",
    "PREFECT_LOGGING_TO_API_ENABLED": "false",
}


def environment(folder: Path) -> dict[str, str]:
    """Return the variables that a Prefect process of this benchmark runs with."""
    return clean_environment() | _QUIET | {"PREFECT_HOME": str(folder / "prefect")}


@contextlib.contextmanager
def running_server(folder: Path) -> Iterator[str]:
    """Run a server until the context ends, and yield its API's address."""
    home = folder / "server"
    home.mkdir(parents=True)
    migrated = next((ROOT / ".flowground/templates").glob("prefect-*.db"), None)
    if migrated is not None:  # an empty database, which takes long to make
        shutil.copy(migrated, home / "prefect.db")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (home / "server.log").open("wb") as log:
        # What `prefect server start` runs, without the process around it.
        process = subprocess.Popen(
            [
                *(PYTHON, "-m", "uvicorn", "--app-dir", str(home), "--factory"),
                *("prefect.server.api.server:create_app", "--log-level", "error"),
                *("--host", "127.0.0.1", "--port", str(port)),
                *("--timeout-keep-alive", "5"),
            ],
            env=environment(folder)
            | {"PREFECT_HOME": str(home), "PREFECT__SERVER_FINAL": "1"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        url = f"http://127.0.0.1:{port}/api"
        _wait(process, url, home / "server.log")
        yield url
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, 9)
            process.wait()


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + BOOT_SECONDS
    with httpx.Client(trust_env=False) as client:
        while True:
            with contextlib.suppress(httpx.HTTPError):
                if client.get(f"{url}/health").is_success:
                    return
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"no Prefect server:\n{log.read_text()[-3000:]}")
            time.sleep(0.1)
