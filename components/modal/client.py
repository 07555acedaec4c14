"""The connection to Modal: one per control plane and token, shared by all threads.

It stands on the `modal` SDK's own client, so that the protocol, its retries (under one
idempotency key, so that a repeated request acts once) and its headers stay Modal's; a
call of its CLI would cost 1.5 seconds. The protocol's calls are made directly, because
the SDK's objects hide ids, creation times and some calls that kinds need.

Settings, each from the environment first and from the stack's config second:

- MODAL_SERVER_URL, `modalServerUrl`: the control plane, or several with commas.
- MODAL_TOKEN_ID, `modalTokenId`, and MODAL_TOKEN_SECRET, `modalTokenSecret`.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from components.kernel import (
    AccessError,
    AlreadyExistsError,
    ConfigurationError,
    LostAnswerError,
    NotFoundError,
    ServiceError,
    Wire,
    redact,
)
from components.kernel.endpoint import setting
from components.kernel.lasting import lasting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from components.kernel import Config

    from .transport import Transport

SETTINGS: Final = ("modalServerUrl", "modalTokenId", "modalTokenSecret")
# The SDK's own default: the second is tried where the first cannot be reached.
SERVER_URL: Final = "https://api.modal.com,https://api.modal2.com"
# The largest page that lists of named objects give.
PAGE: Final = 100
# The SDK lists what is older than now, by a clock that may be behind the service's;
# what was made a moment ago must not be missing.
_AHEAD_SECONDS: Final = 24 * 60 * 60
# How to create what is refused where it exists already, or just look it up.
FAIL_IF_EXISTS: Final = "OBJECT_CREATION_TYPE_CREATE_FAIL_IF_EXISTS"
OVERWRITE: Final = "OBJECT_CREATION_TYPE_CREATE_OVERWRITE_IF_EXISTS"


class Endpoint(NamedTuple):
    """Where the control plane is, and who asks."""

    server_url: str
    token_id: str
    token_secret: str


class Connection:
    """A control plane as one token sees it; opened by the first call."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._opening = threading.Lock()

    @property
    def transport(self) -> Transport:
        """Return the SDK's client, opened once."""
        with self._opening:
            return self._opened

    @cached_property
    def _opened(self) -> Transport:
        # Nearly a second of imports, which only a process that really calls must pay.
        from .transport import Transport  # noqa: PLC0415

        with lasting():
            return Transport(self.endpoint)


class ModalApi:
    """A workspace, or one environment of it.

    Attributes:
        environment: The environment's name; empty for the workspace itself.
    """

    def __init__(self, connection: Connection, environment: str = "") -> None:
        self._connection = connection
        self.environment = environment

    @property
    def scope(self) -> tuple[str, str, str]:
        """Return what tells this place from others."""
        endpoint = self._connection.endpoint
        return endpoint.server_url, endpoint.token_id, self.environment

    def acting_as(self, token_id: str, token_secret: str) -> ModalApi:
        """Return the workspace of another token, at the same control plane."""
        endpoint = self._connection.endpoint
        return _opened(Endpoint(endpoint.server_url, token_id, token_secret))

    def call(self, rpc: str, **fields: Any) -> Wire:
        """Make one call of the protocol and return its answer, decoded.

        Args:
            rpc: Its name in `modal_proto`.
            **fields: The request's fields, messages as mappings, enums by name.

        Raises:
            NotFoundError: What it names is not there.
            AlreadyExistsError: What it would make is there.
            LostAnswerError: It was never answered.
        """
        with _Telling(self._connection.endpoint):
            return self._connection.transport.call(rpc, fields)

    def stream(self, rpc: str, **fields: Any) -> list[Wire]:
        """Make one call whose answer comes in parts, and return these."""
        with _Telling(self._connection.endpoint):
            return self._connection.transport.stream(rpc, fields)

    @contextmanager
    def sdk(self) -> Iterator[Any]:
        """Yield the SDK's client; its errors are told as ours inside the block."""
        with _Telling(self._connection.endpoint):
            yield self._connection.transport.client

    def pages(self, rpc: str, items: str, environment: str = "") -> Iterator[Wire]:
        """Yield the named objects of an environment, a full page at a time.

        Args:
            rpc: A list call.
            items: The answer's field that has the objects.
            environment: Its name, if it is another than this one.
        """
        before = time.time() + _AHEAD_SECONDS
        while True:
            page = self.call(
                rpc,
                environment_name=environment or self.environment,
                pagination={"max_objects": PAGE, "created_before": before},
            )[items]
            yield from page
            if len(page) < PAGE:
                return
            before = page[-1]["metadata"]["creation_info"]["created_at"]


class _Telling:
    """Turns the SDK's exceptions into ours, free of the token's secret."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    def __enter__(self) -> None:
        pass

    def __exit__(self, _type: object, error: BaseException | None, _tb: object) -> None:
        if isinstance(error, Exception) and not isinstance(error, ServiceError):
            raise self._told(error) from None

    def _told(self, error: Exception) -> Exception:
        import modal.exception as theirs  # noqa: PLC0415  # see Connection
        from grpclib.exceptions import StreamTerminatedError  # noqa: PLC0415

        if isinstance(error, theirs.ConnectionError):
            return unreachable(self._endpoint.server_url)
        if not isinstance(error, theirs.Error):
            # Timeouts are OSErrors too.
            if not isinstance(error, OSError | StreamTerminatedError):
                return error
            return LostAnswerError(
                f"Modal did not answer ({type(error).__name__}), and may have "
                "done it; run again to find out"
            )
        # Its first line: the SDK adds hints on its own commands below.
        reason = str(error).partition("\n")[0].rstrip(". ")
        said = redact(f"Modal says: {reason}", [self._endpoint.token_secret])
        ours: type[ServiceError] = ServiceError
        match error:
            case theirs.NotFoundError():
                ours = NotFoundError
            case theirs.AlreadyExistsError():
                ours = AlreadyExistsError
            case theirs.AuthError():
                ours = AccessError
                said += "; set MODAL_TOKEN_ID and MODAL_TOKEN_SECRET to a valid token"
            case theirs.PermissionDeniedError():
                ours = AccessError
                said += "; give the token's owner a role that allows it"
        return ours(said)


def unreachable(server_url: str) -> ServiceError:
    """Say that there is no control plane."""
    return ServiceError(
        f"Modal at {server_url} cannot be reached; "
        "check MODAL_SERVER_URL and the network"
    )


_connections: dict[Endpoint, Connection] = {}
_connecting = threading.Lock()


def connect(config: Config, environment: str = "") -> ModalApi:
    """Return the API of a workspace, or of one of its environments.

    Args:
        config: The stack's settings for Modal.
        environment: The environment's name.

    Raises:
        ConfigurationError: There is no token.
    """
    token_id = own_token_id(config)
    token_secret = setting(config, "MODAL_TOKEN_SECRET", "modalTokenSecret")
    if not token_id or not token_secret:
        raise ConfigurationError(
            "no Modal token is configured; set MODAL_TOKEN_ID and MODAL_TOKEN_SECRET"
        )
    return connect_as(config, token_id, token_secret, environment)


def connect_as(
    config: Config, token_id: str, token_secret: str, environment: str = ""
) -> ModalApi:
    """Return the API as a token sees it, whether or not it is the settings' own.

    Args:
        config: The stack's settings for Modal, which say where the control plane is.
        token_id: The token's id.
        token_secret: Its secret.
        environment: The environment's name.
    """
    url = setting(config, "MODAL_SERVER_URL", "modalServerUrl") or SERVER_URL
    return _opened(Endpoint(url, token_id, token_secret), environment)


def own_token_id(config: Config) -> str | None:
    """Return the id of the token that flowground itself works with."""
    return setting(config, "MODAL_TOKEN_ID", "modalTokenId")


def _opened(endpoint: Endpoint, environment: str = "") -> ModalApi:
    with _connecting:
        connection = _connections.setdefault(endpoint, Connection(endpoint))
    return ModalApi(connection, environment)
