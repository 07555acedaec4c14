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

import secrets
import string
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from tests.support.server_process import ServerProcess

REGION = "us-east-1"
_UPPER = string.ascii_uppercase + "234567"


class LocalS3(ServerProcess):
    """One server process, on ports that it keeps over `kill` and `up`."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "s3.log")
        self.state_dir = folder / "s3"
        self.key_id = "AKIA" + "".join(secrets.choice(_UPPER) for _ in range(16))
        self.secret = secrets.token_hex(20)
        self.url = ""
        self.https_url = ""
        self.ca_bundle = ""

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
        addresses = self.launch(
            *("-m", "localcloud.s3", "--state-dir", str(self.state_dir)),
            *("--port", ports[0], "--tls-port", ports[1]),
            LOCALCLOUD_S3_ACCESS_KEY_ID=self.key_id,
            LOCALCLOUD_S3_SECRET_ACCESS_KEY=self.secret,
        )
        self.url, self.https_url = addresses["api"], addresses["https"]
        self.ca_bundle = addresses["ca_bundle"]

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
