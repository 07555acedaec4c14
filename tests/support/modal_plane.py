"""Start local Modal control planes for tests, and talk to them as a user would."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

# Before `modal` is imported: neither a developer's own profile nor a proxy may be used.
os.environ["MODAL_CONFIG_PATH"] = os.devnull
os.environ["MODAL_DISABLE_API_PROXY"] = "1"

import modal
from modal_proto import api_pb2

from tests.support.checkout import PYTHON, ROOT

TOKEN_ID = "ak-local"
TOKEN_SECRET = "as-canary-bootstrap"
START_DEADLINE = 60.0
# The server names itself in a warning on every reply.
IGNORE_LOCAL_WARNING = "ignore:This is a local Modal control plane"


@dataclass
class RunningPlane:
    """A control plane process and where it listens."""

    process: subprocess.Popen[str]
    state_dir: Path
    grpc_url: str
    http_url: str
    s3_port: int = 0
    """Where the control plane expects an S3, if a test starts one."""

    def client(
        self, token_id: str = TOKEN_ID, token_secret: str = TOKEN_SECRET
    ) -> modal.Client:
        """Return an unopened client for this plane: use it in a `with` statement."""
        credentials = (token_id, token_secret)
        return modal.Client(self.grpc_url, api_pb2.CLIENT_TYPE_CLIENT, credentials)

    def env(self, **more: str) -> dict[str, str]:
        """Return the environment variables that point a process to this plane."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("MODAL_")}
        return inherited | {
            "MODAL_SERVER_URL": self.grpc_url,
            "MODAL_TOKEN_ID": TOKEN_ID,
            "MODAL_TOKEN_SECRET": TOKEN_SECRET,
            "MODAL_CONFIG_PATH": str(self.state_dir / "unused.toml"),
            "MODAL_DISABLE_API_PROXY": "1",
            "NO_COLOR": "1",
            "COLUMNS": "200",
            **more,
        }

    def cli(
        self,
        *arguments: str,
        env: Mapping[str, str] | None = None,
        python: str = sys.executable,
        check: bool = True,
    ) -> subprocess.CompletedProcess[str]:
        """Run the `modal` CLI to its end."""
        done = subprocess.run(
            [python, "-m", "modal", *arguments],
            env=dict(env or self.env()),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if check and done.returncode:
            msg = f"modal {' '.join(arguments)}: {done.stdout}\n{done.stderr}"
            raise AssertionError(msg)
        return done

    def admin(self, *arguments: str) -> dict[str, str]:
        """Run `python -m localcloud.modal.admin`, and return what it tells."""
        done = subprocess.run(
            [
                PYTHON,
                "-m",
                "localcloud.modal.admin",
                f"--state-dir={self.state_dir}",
                *arguments,
            ],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=START_DEADLINE,
            check=True,
        )
        told: dict[str, str] = json.loads(done.stdout)
        return told

    def kill(self) -> None:
        """End the process as a power cut would."""
        self.process.kill()
        self.process.wait(timeout=30)

    def stop(self) -> int:
        """Ask the process to end, and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)


def start(
    state_dir: Path, *arguments: str, env: Mapping[str, str] | None = None
) -> RunningPlane:
    """Start a control plane on free ports and return it once it is ready."""
    state_dir.mkdir(parents=True, exist_ok=True)
    with (state_dir.parent / f"{state_dir.name}.log").open("a") as log:
        process = subprocess.Popen(
            [
                PYTHON,
                "-m",
                "localcloud.modal",
                f"--token-id={TOKEN_ID}",
                f"--token-secret={TOKEN_SECRET}",
                f"--state-dir={state_dir}",
                *arguments,
            ],
            cwd=ROOT,
            env={**os.environ, **(env or {})},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    assert process.stdout is not None
    watchdog = threading.Timer(START_DEADLINE, process.kill)
    watchdog.start()
    line = process.stdout.readline()
    watchdog.cancel()
    process.stdout.close()
    if not line:
        process.kill()
        process.wait(timeout=30)
        raise AssertionError(Path(log.name).read_text())
    addresses = json.loads(line)
    return RunningPlane(
        process, state_dir, addresses["grpc_url"], addresses["http_url"]
    )


@contextmanager
def running_plane(
    state_dir: Path, *arguments: str, env: Mapping[str, str] | None = None
) -> Iterator[RunningPlane]:
    """Run a control plane for the length of a `with` statement."""
    plane = start(state_dir, *arguments, env=env)
    try:
        yield plane
    finally:
        if plane.process.poll() is None:
            plane.stop()
