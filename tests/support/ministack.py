"""A second emulator of AWS for tests: ministack, a process of its own on loopback."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from tests.support.checkout import environment
from tests.support.modal_s3 import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

START_SECONDS = 60


@contextlib.contextmanager
def ministack(folder: Path) -> Iterator[tuple[dict[str, str], Path]]:
    """Run it; yield the variables that point clients to it, and its log."""
    python = environment("ministack") / "bin/python"
    port, log = free_port(), folder / "ministack.log"
    with log.open("wb") as written:
        process = subprocess.Popen(
            [python, "-m", "ministack"],
            cwd=folder,
            # By default it listens on every interface, lets everybody in, offers SFTP
            # and starts Docker.
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(folder),
                "TMPDIR": str(folder),
                "BIND_HOST": "127.0.0.1",
                "GATEWAY_PORT": str(port),
                "DOCKER_HOST": "unix:///nonexistent",
                "SFTP_ENABLED": "0",
                "IOT_MTLS_ENABLED": "0",
                "SERVICES": "s3,iam,sts,kms",
                "AUTH": "true",
            },
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=written,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(process, url, log)
        env = {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "secret-of-ministack",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        yield env, log
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        with contextlib.suppress(httpx.TransportError):
            httpx.get(f"{url}/_ministack/health", timeout=5, trust_env=False)
            return
        time.sleep(0.05)
    raise AssertionError(log.read_text())
