"""A local S3 for tests: a process of its own, with its root key and its clients.

    from tests.support.s3_plane import LocalS3

    with LocalS3.start(tmp_path) as s3:
        s3.client("s3").create_bucket(Bucket="b")    # boto3, as root, over HTTPS
        s3.client("s3", key=("AKIA…", "secret"))     # … with another key
        s3.client("s3", tls=False)                   # … over plain HTTP
        subprocess.run(["aws", …], env={**os.environ, **s3.env})
        s3.kill(); s3.up()                           # same ports, same state

Buckets may refuse plain HTTP (`aws:SecureTransport`), so `env` names the HTTPS address
and `AWS_CA_BUNDLE`; `plain_env` is the same on plain HTTP.
"""

from __future__ import annotations

import json
import os
import secrets
import string
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from tests.support.checkout import PYTHON, ROOT

STOP_SECONDS = 20
REGION = "us-east-1"
_UPPER = string.ascii_uppercase + "234567"


class LocalS3:
    """One server process, on ports that it keeps over `kill` and `up`."""

    def __init__(self, folder: Path) -> None:
        self.state_dir = folder / "s3"
        self.log = folder / "s3.log"
        self.key_id = "AKIA" + "".join(secrets.choice(_UPPER) for _ in range(16))
        self.secret = secrets.token_hex(20)
        self.url = ""
        self.https_url = ""
        self.ca_bundle = ""
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    @contextmanager
    def start(cls, folder: Path) -> Iterator[LocalS3]:
        """Serve from a folder, until the context ends."""
        server = cls(folder)
        try:
            server.up()
            yield server
        finally:
            server.stop()

    def up(self) -> None:
        """Start the process, on the state that is there, and wait for its address."""
        ports = [url.rpartition(":")[2] or "0" for url in (self.url, self.https_url)]
        root = {
            "LOCALCLOUD_S3_ACCESS_KEY_ID": self.key_id,
            "LOCALCLOUD_S3_SECRET_ACCESS_KEY": self.secret,
        }
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(PYTHON, "-m", "localcloud.s3", "--port", ports[0]),
                    *("--tls-port", ports[1], "--state-dir", str(self.state_dir)),
                ],
                cwd=ROOT,
                env={**os.environ, **root},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"the local S3 did not start: {self.log.read_text()}"
        addresses = json.loads(line)
        self.url, self.https_url = addresses["api"], addresses["https"]
        self.ca_bundle = addresses["ca_bundle"]

    @property
    def pid(self) -> int:
        """The process id."""
        assert self._process is not None
        return self._process.pid

    @property
    def env(self) -> dict[str, str]:
        """The variables that clients read, as root, over HTTPS."""
        return {
            "AWS_ENDPOINT_URL": self.https_url,
            "AWS_CA_BUNDLE": self.ca_bundle,
            "AWS_ACCESS_KEY_ID": self.key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
        }

    @property
    def plain_env(self) -> dict[str, str]:
        """The same over plain HTTP."""
        kept = {k: v for k, v in self.env.items() if k != "AWS_CA_BUNDLE"}
        return {**kept, "AWS_ENDPOINT_URL": self.url}

    def client(
        self,
        service: str,
        key: tuple[str, ...] = (),
        *,
        tls: bool = True,
        config: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return an unmodified boto3 client.

        Args:
            service: `s3`, `iam`, `sts` or `kms`.
            key: Key id and secret, and a session's token; root's by default.
            tls: Whether to speak HTTPS.
            config: Further settings of `botocore.config.Config`.
        """
        key_id, secret, token = (*(key or (self.key_id, self.secret)), None)[:3]
        settings = {"retries": {"total_max_attempts": 1}, **(config or {})}
        return boto3.session.Session().client(
            service,
            endpoint_url=self.https_url if tls else self.url,
            verify=self.ca_bundle if tls else None,
            region_name=REGION,
            aws_access_key_id=key_id,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=Config(**settings),
        )

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
