"""The connection to Prefect: one per API URL and key, shared by all threads.

It stands on `prefect-client`'s own synchronous client, so that authentication, custom
headers, TLS settings and CSRF stay Prefect's. Two things are ours, in the transport
below it: short first retries (the client's own begin at two seconds), and never a
silent second POST of something that may already have been made.

Settings, each from the environment first and from the stack's config second (refresh
and destroy would otherwise use the config of the last update):

- PREFECT_CLOUD_API_URL, `prefectCloudApiUrl`: the root of the account API.
- PREFECT_CLOUD_ACCOUNT_ID, `prefectAccountId`: the account.
- PREFECT_API_URL, `prefectApiUrl`: a server, or one of the account's workspaces.
- PREFECT_API_KEY, `prefectApiKey`: Prefect Cloud's bearer key.
- PREFECT_API_AUTH_STRING, `prefectApiAuthString`: a self-hosted server's password.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
import threading
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote, urlsplit

from components.kernel import (
    AccessError,
    AlreadyExistsError,
    ConfigurationError,
    NotFoundError,
    ServiceError,
    Wire,
)
from components.kernel.endpoint import host_of, secret_text, setting
from components.kernel.lasting import lasting

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    import httpx
    from prefect.client.orchestration import SyncPrefectClient

    from components.kernel import Config

SETTINGS: Final = (
    "prefectCloudApiUrl",
    "prefectAccountId",
    "prefectApiUrl",
    "prefectApiKey",
    "prefectApiAuthString",
)
CLOUD_API_URL: Final = "https://api.prefect.cloud/api"

# The server's default and largest page (PREFECT_SERVER_API_DEFAULT_LIMIT).
PAGE: Final = 200
_IN_ACCOUNT: Final = re.compile(r"/accounts/(?P<account>[0-9a-f-]{36})")


class Endpoint(NamedTuple):
    """Where the API is, and who asks."""

    url: str
    api_key: str | None
    auth_string: str | None

    @property
    def loopback(self) -> bool:
        """Tell whether the API runs on this machine, and so likely on SQLite."""
        host = urlsplit(self.url).hostname or ""
        with contextlib.suppress(ValueError):
            return ipaddress.ip_address(host).is_loopback
        return host == "localhost"


class PrefectApi:
    """One workspace, one account, or one self-hosted server.

    Attributes:
        workspace_id: The workspace, where it is one of an account's.
    """

    def __init__(self, endpoint: Endpoint, workspace_id: UUID | None = None) -> None:
        self._endpoint = endpoint
        self.workspace_id = workspace_id
        self._entering = threading.Lock()
        # SQLite has one writer: parallel writes get 503s and back-off, not speed.
        self._writing: contextlib.AbstractContextManager[Any] = (
            threading.Lock() if endpoint.loopback else contextlib.nullcontext()
        )

    @property
    def scope(self) -> str:
        """Return the URL, which tells a workspace from all others."""
        return self._endpoint.url

    @property
    def account(self) -> PrefectApi:
        """Return the API of the account that this workspace is in."""
        url = self._endpoint.url.partition("/workspaces/")[0]
        return _connection(self._endpoint._replace(url=url))

    @property
    def account_id(self) -> str:
        """Return the id of the account that this is, or is in."""
        return self.account.scope.rpartition("/accounts/")[2]

    @property
    def cloud(self) -> PrefectApi:
        """Return the API of the whole Prefect Cloud that this account is in."""
        url = self._endpoint.url.partition("/accounts/")[0]
        return _connection(self._endpoint._replace(url=url))

    def get(self, path: str) -> Any:
        """Read one object.

        Raises:
            NotFoundError: There is none.
        """
        return self._request("GET", path)

    def post(self, path: str, body: Any = None, *, repeatable: bool = True) -> Any:
        """Create, or call.

        Args:
            path: Below the API's URL, with its parts quoted.
            body: The JSON body.
            repeatable: Whether the server refuses or merges a second such request.
                If it would make a second object, an unanswered request is not sent
                again but raises LostAnswerError.
        """
        return self._request("POST", path, body, repeatable=repeatable)

    def patch(self, path: str, body: Wire) -> None:
        """Change the given fields; an empty body is not sent."""
        if body:
            self._request("PATCH", path, body)

    def put(self, path: str, body: Any) -> Any:
        """Replace the whole object."""
        return self._request("PUT", path, body)

    def delete(self, path: str) -> None:
        """Delete the object.

        Raises:
            NotFoundError: There is none.
        """
        self._request("DELETE", path)

    def pages(self, path: str, body: Wire | None = None) -> Iterator[Wire]:
        """Yield every result of a `…/filter` call, a full page at a time."""
        offset = 0
        while True:
            asked = {**(body or {}), "limit": PAGE, "offset": offset}
            page = self._request("POST", path, asked, writes=False)
            yield from page
            if len(page) < PAGE:
                return
            offset += PAGE

    def count(self, path: str) -> int:
        """Return the answer of a `…/count` call."""
        return int(self._request("POST", path, {}, writes=False))

    def _request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        repeatable: bool = True,
        writes: bool | None = None,
    ) -> Any:
        import httpx  # noqa: PLC0415  # a quarter of a second that previews need not pay

        writes = method != "GET" if writes is None else writes
        given = {} if body is None else {"json": body}
        extensions = {"repeatable": repeatable}
        try:
            with self._writing if writes else contextlib.nullcontext():
                answer = self._client.request(
                    method,  # type: ignore[arg-type]  # one of its literals
                    path,  # type: ignore[arg-type]  # the routes it has no method for
                    **given,
                    extensions=extensions,
                )
        except httpx.HTTPStatusError as error:
            raise _told(error.response) from None
        except httpx.HTTPError as error:
            raise ServiceError(
                f"Prefect's API at {self._endpoint.url} cannot be reached "
                f"({type(error).__name__}); check PREFECT_API_URL and the network"
            ) from None
        return answer.json() if answer.content else None

    @property
    def _client(self) -> SyncPrefectClient:
        with self._entering:
            return self._entered

    @cached_property
    def _entered(self) -> SyncPrefectClient:
        # A second of imports, which only a process that really calls must pay.
        with lasting():
            from prefect.client.orchestration import SyncPrefectClient  # noqa: PLC0415

            from .transport import prepare  # noqa: PLC0415

        client = SyncPrefectClient(
            self._endpoint.url,
            api_key=self._endpoint.api_key,
            auth_string=self._endpoint.auth_string,
        ).__enter__()
        prepare(client)
        return client


def _told(response: httpx.Response) -> ServiceError:
    """Turn an error answer into ours, keeping only what explains it.

    A 422 body echoes the whole request, secrets and all, and so do the `input`s of
    its details: neither is ever read.
    """
    status = response.status_code
    try:
        body = response.json()
    except ValueError:
        body = {}
    reason = _reason(body if isinstance(body, dict) else {})
    said = f"Prefect says {status}" + (f": {reason}" if reason else "")
    match status:
        case 401:
            return AccessError(
                f"{said}; set PREFECT_API_KEY to a key that is valid and not expired",
                status=status,
            )
        case 403:
            return AccessError(
                f"{said}; give the API key's owner a role that allows it",
                status=status,
            )
        case 404:
            return NotFoundError(said, status=status)
        case 409:
            return AlreadyExistsError(said, status=status)
        case _:
            return ServiceError(said, status=status)


def _reason(body: Wire) -> str:
    detail = body.get("detail") or body.get("exception_detail")
    if isinstance(detail, list):
        faults = [fault for fault in detail if isinstance(fault, dict)]
        told = [
            f"{'.'.join(str(step) for step in fault.get('loc', ()))}: "
            f"{str(fault.get('msg', 'invalid')).removeprefix('Value error, ')}"
            for fault in _meant(faults)
        ]
        if told:
            return "; ".join(told)
    return str(detail or body.get("exception_message") or body.get("message") or "")


def _meant(faults: list[Wire]) -> list[Wire]:
    """Leave out the alternatives of a union that were not meant, by their `type`.

    An automation's action has 17, and each of the other 16 tells its own faults.
    """
    others = [
        fault["loc"][:-1]
        for fault in faults
        if fault.get("type") == "literal_error" and fault["loc"][-1:] == ["type"]
    ]
    return [
        fault
        for fault in faults
        if not any(fault.get("loc", [])[: len(other)] == other for other in others)
    ] or faults[:1]


_connections: dict[Endpoint, PrefectApi] = {}
_connecting = threading.Lock()


def _connection(endpoint: Endpoint, workspace_id: UUID | None = None) -> PrefectApi:
    with _connecting:
        if endpoint not in _connections:
            _connections[endpoint] = PrefectApi(endpoint, workspace_id)
        return _connections[endpoint]


def connect_workspace(config: Config, workspace_id: UUID | None) -> PrefectApi:
    """Return the API of a workspace, or of the server at PREFECT_API_URL.

    Args:
        config: The stack's settings for Prefect.
        workspace_id: A workspace of the account; None for what PREFECT_API_URL names.

    Raises:
        ConfigurationError: The settings do not say where that is.
    """
    if workspace_id is not None:
        endpoint = _in_account(config, f"/workspaces/{workspace_id}")
        return _connection(endpoint, workspace_id)
    url = setting(config, "PREFECT_API_URL", "prefectApiUrl")
    if not url:
        raise ConfigurationError(
            "no Prefect API is configured; set PREFECT_API_URL, or name a workspace"
        )
    host_of(url, "PREFECT_API_URL", "http://127.0.0.1:4200/api")
    return _connection(_endpoint(config, url))


def connect_account(config: Config) -> PrefectApi:
    """Return the API of the account.

    Raises:
        ConfigurationError: The settings do not say which account.
    """
    return _connection(_in_account(config, ""))


def _in_account(config: Config, path: str) -> Endpoint:
    root = setting(config, "PREFECT_CLOUD_API_URL", "prefectCloudApiUrl")
    root = root or CLOUD_API_URL
    host_of(root, "PREFECT_CLOUD_API_URL", CLOUD_API_URL)
    account = setting(config, "PREFECT_CLOUD_ACCOUNT_ID", "prefectAccountId")
    if not account:
        url = setting(config, "PREFECT_API_URL", "prefectApiUrl") or ""
        named = _IN_ACCOUNT.search(url)
        account = named["account"] if named else None
    if not account:
        raise ConfigurationError(
            "no Prefect account is configured; set PREFECT_CLOUD_ACCOUNT_ID, "
            "or the stack's prefectAccountId"
        )
    return _endpoint(config, f"{root}/accounts/{account}{path}")


def _endpoint(config: Config, url: str) -> Endpoint:
    return Endpoint(
        url.rstrip("/"),
        setting(config, "PREFECT_API_KEY", "prefectApiKey"),
        secret_text(config, "PREFECT_API_AUTH_STRING", "prefectApiAuthString"),
    )


def part(name: object) -> str:
    """Quote a name as one part of a path; the client does not."""
    return quote(str(name), safe="")
