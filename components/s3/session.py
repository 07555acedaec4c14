"""One credential's clients, made once each and shared by all threads."""

from __future__ import annotations

import ipaddress
import os
import socket
import threading
from contextlib import suppress
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.request import getproxies

from components.kernel import ConfigurationError
from components.kernel.endpoint import host_of
from components.kernel.lasting import lasting

from .errors import unreachable

if TYPE_CHECKING:
    from components.kernel import Config

# Throttling is answered by slower and slower repetition, lost connections too.
TRIES: Final = 5
CONNECT_SECONDS: Final = 5.0
# No call of a kind takes as long: one that does has lost its connection.
ANSWER_SECONDS: Final = 60.0
# Four workers of the provider, each reading a bucket's parts side by side, and
# uploads of many small files.
CONNECTIONS: Final = 64


class Account(NamedTuple):
    """Where AWS is, and who asks; None for what AWS's own ways shall find."""

    region: str | None = None
    endpoint_url: str | None = None
    key_id: str | None = None
    secret: str | None = None
    token: str | None = None
    profile: str | None = None

    @classmethod
    def of(cls, config: Config) -> Account:
        """Read the settings; a credential of the environment leaves no room for one.

        Raises:
            ConfigurationError: There is half a credential.
        """
        env = os.environ.get
        key_id, secret = env("AWS_ACCESS_KEY_ID"), env("AWS_SECRET_ACCESS_KEY")
        token, profile = env("AWS_SESSION_TOKEN"), env("AWS_PROFILE")
        if not (key_id or secret or profile):
            key_id = config.get("awsAccessKeyId")
            secret = config.get("awsSecretAccessKey")
            token = config.get("awsSessionToken")
            profile = config.get("awsProfile")
        if bool(key_id) != bool(secret):
            raise ConfigurationError(
                "half an AWS credential is configured; set both AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY"
            )
        return cls(
            env("AWS_REGION") or env("AWS_DEFAULT_REGION") or config.get("awsRegion"),
            env("AWS_ENDPOINT_URL") or config.get("awsEndpointUrl"),
            key_id or None,
            secret or None,
            token or None if key_id else None,
            None if key_id else profile or None,
        )


class Session:
    """One credential's clients, a service each; opened by the first call."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self._lock = threading.Lock()
        self._session: Any = None
        self._clients: dict[tuple[str, str | None, bool], Any] = {}
        self._there: set[str] = set()

    def client(self, service: str, region: str | None, *, once: bool) -> Any:
        """Return the client of a service.

        Raises:
            ServiceError: Nothing listens where the settings say.
        """
        key = (service, region or self.account.region, once)
        with self._lock:  # neither sessions nor the making of clients are for threads
            if key not in self._clients:
                with lasting():
                    self._clients[key] = self._open(*key)
            return self._clients[key]

    def _open(self, service: str, region: str | None, once: bool) -> Any:  # of `key`
        # Half a second of imports, which only a process that really calls must pay.
        import boto3  # noqa: PLC0415
        from botocore.config import Config as Settings  # noqa: PLC0415

        account = self.account
        if self._session is None:
            self._session = boto3.Session(
                aws_access_key_id=account.key_id,
                aws_secret_access_key=account.secret,
                aws_session_token=account.token,
                profile_name=account.profile,
                region_name=account.region,
            )
        url = (
            os.environ.get(f"AWS_ENDPOINT_URL_{service.upper()}")
            or account.endpoint_url
        )
        settings = Settings(
            # A whole one: boto3 would make its own anew, twice for every call, which is
            # a seventh of what a call costs.
            user_agent=f"flowground Boto3/{boto3.__version__}",
            retries={
                "mode": "standard",
                "total_max_attempts": 1 if once else TRIES,
            },
            connect_timeout=CONNECT_SECONDS,
            read_timeout=ANSWER_SECONDS,
            max_pool_connections=CONNECTIONS,
        )
        if url is not None:
            host, port = host_of(url, "AWS_ENDPOINT_URL", "https://s3.example.com")
            if _loopback(host):  # no proxy reaches this machine's own
                settings = settings.merge(Settings(proxies={}))
            if _loopback(host) or not getproxies().keys() & {"http", "https", "all"}:
                self._probe(url, host, port)
        client = self._session.client(
            service, region_name=region, endpoint_url=url, config=settings
        )
        client.meta.events.register("before-sign.s3.PutObject", _send_what_is_read)
        return client

    def _probe(self, url: str, host: str, port: int) -> None:
        """See that somebody listens: boto3's retries take half a minute to find out."""
        if url not in self._there:
            try:
                socket.create_connection((host, port), CONNECT_SECONDS).close()
            except OSError:
                raise unreachable(url) from None
            self._there.add(url)


def _send_what_is_read(request: Any, **_: Any) -> None:
    """Send what is in memory without asking first whether it may be sent.

    boto3 asks for every body, which has each small file take two ways instead of one.
    """
    if isinstance(request.data, BytesIO):
        del request.headers["Expect"]


def _loopback(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"
