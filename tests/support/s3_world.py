"""An AWS account as the contract suite sees it, and the real server that plays it."""

from __future__ import annotations

import contextlib
import http.client
import ssl
import urllib.parse
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.support.proxy import Call, Proxy
from tests.support.s3_plane import LocalS3
from tests.support.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


class AwsCall(Call):
    """A call of S3, or of a service whose calls are all POSTs."""

    @property
    def writes(self) -> bool:
        """Tell whether it could change anything."""
        if self.path.startswith("/?Action="):
            return not self.path.removeprefix("/?Action=").startswith(("Get", "List"))
        return super().writes


class AwsProxy(Proxy):
    """A proxy on plain HTTP before a server that may want TLS."""

    def __init__(self, upstream: str, ca_bundle: str | None = None) -> None:
        self._trust = (
            ssl.create_default_context(cafile=ca_bundle) if ca_bundle else None
        )
        super().__init__(upstream)

    def connection(self) -> http.client.HTTPConnection:
        """Return a new connection to the upstream."""
        if self._trust is None:
            return super().connection()
        host, port = self._upstream.hostname or "", self._upstream.port
        return http.client.HTTPSConnection(host, port, timeout=60, context=self._trust)

    def call(self, method: str, path: str, body: bytes, status: int) -> Call:
        """Say what a request was; IAM and STS name it in the body."""
        if method == "POST" and path == "/":
            action = urllib.parse.parse_qs(body.decode(errors="replace"))["Action"][0]
            path = f"/?Action={action}"
        return AwsCall(method, path, status)


class S3World(World):
    """An account of a real server, seen through a proxy.

    Attributes:
        env: The variables that say where it is and who asks.
        plain_url: Where the server speaks HTTP without TLS.
    """

    plain_url: str

    def __init__(self, env: Mapping[str, str]) -> None:
        """Open the account.

        Args:
            env: The variables that point clients to the server.
        """
        self._direct = dict(env)
        proxy = AwsProxy(env["AWS_ENDPOINT_URL"], env.get("AWS_CA_BUNDLE"))
        super().__init__({**env, "AWS_ENDPOINT_URL": proxy.url}, proxy, {})

    def client(
        self, service: str, key: tuple[str, ...] = (), *, tls: bool = True
    ) -> Any:
        """Return boto3's client of a service, past the proxy.

        Args:
            service: `s3`, `iam`, `sts`…
            key: Key id and secret, and a session's token; the account's own if none.
            tls: Whether to speak HTTPS, where the server does.
        """
        own = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
        key_id, secret, token = (*(key or [self.env[k] for k in own]), None)[:3]
        return boto3.Session().client(
            service,
            endpoint_url=self._direct["AWS_ENDPOINT_URL"] if tls else self.plain_url,
            region_name=self._direct["AWS_REGION"],
            verify=self._direct.get("AWS_CA_BUNDLE") if tls else None,
            config=Config(retries={"total_max_attempts": 1}, proxies={}),
            aws_access_key_id=key_id,
            aws_secret_access_key=secret,
            aws_session_token=token,
        )

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Call AWS behind flowground's back; None for what is not there.

        Args:
            method: The service.
            path: boto3's name of the call.
            body: Its parameters.
        """
        try:
            return getattr(self.client(method), path)(**(body or {}))
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return None
            raise

    def close(self) -> list[str]:
        """End the providers and the proxy; return what the providers wrote."""
        written = super().close()
        self.proxy.close()
        return written


@contextlib.contextmanager
def account(env: Mapping[str, str], log: Path) -> Iterator[S3World]:
    """Open an account; at its end, nobody has written the canary anywhere.

    Args:
        env: The variables that point clients to the server.
        log: What the server writes.
    """
    world = S3World(env)
    try:
        yield world
    finally:
        written = world.close()
    for text in (*written, log.read_text(errors="replace")):
        assert world.canary not in text


@contextlib.contextmanager
def s3_world(folder: Path) -> Iterator[S3World]:
    """Run the local cloud's S3, and open its account."""
    folder.mkdir(parents=True)
    with LocalS3.start(folder) as server, account(server.env, server.log) as world:
        world.plain_url = server.url
        yield world
