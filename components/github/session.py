"""One credential's way to GitHub, on PyGithub's requester; shared by all threads.

PyGithub brings GitHub's authentication (a token, or an App's JSON web tokens and their
renewal), proxies and connections. Rate limits, redirects and errors are ours.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import threading
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlsplit

from components.kernel import (
    AccessError,
    AlreadyExistsError,
    ConfigurationError,
    NotFoundError,
    ServiceError,
    Wire,
)

from .pacing import WRITE_GAP_SECONDS, Pace, advised_wait

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from github.Auth import Auth
    from github.Requester import Requester

TIMEOUT_SECONDS: Final = 30
# Of answers that never came and of 5xx: names are unique and PUTs replace, so
# whatever is sent twice is made once.
RETRIES: Final = 5
# `Sat, 21 Nov 2026 14:07:38 GMT`
DATE_LENGTH: Final = 29
# PyGithub follows some of these for reads, and takes the others for success.
_MOVED: Final = frozenset({301, 302, 307, 308})
# How often one request is sent into a rate limit before its error is told.
LIMITED_TRIES: Final = 5


class Answer(NamedTuple):
    """What GitHub answered, and when by its clock."""

    body: Any
    at: datetime | None


class Credential(NamedTuple):
    """Where the API is, and who asks."""

    url: str
    token: str | None
    app_id: str | None = None
    installation_id: str | None = None
    private_key: str | None = None

    @property
    def loopback(self) -> bool:
        """Tell whether the API runs on this machine, where nobody asks for pauses."""
        host = urlsplit(self.url).hostname or ""
        with contextlib.suppress(ValueError):
            return ipaddress.ip_address(host).is_loopback
        return host == "localhost"


class Session:
    """One credential's connections, a thread each: PyGithub's are for one."""

    def __init__(self, credential: Credential) -> None:
        self._credential = credential
        self._of_thread = threading.local()
        self._pace = Pace(0.0 if credential.loopback else WRITE_GAP_SECONDS)

    def request(self, method: str, path: str, body: Any = None) -> Answer:
        """Send a request, as often and as late as GitHub's limits want it.

        Raises:
            NotFoundError: GitHub says 404, whatever that means.
            ServiceError: It refuses, or does not answer.
        """
        for tries_left in reversed(range(LIMITED_TRIES)):
            try:
                return self._send(method, path, body)
            except _LimitedError as limited:
                if not tries_left:
                    raise limited.error from None
                self._pace.hold(limited.wait)
        raise AssertionError  # the last try returns or raises

    def _send(self, method: str, path: str, body: Any) -> Answer:
        import requests  # noqa: PLC0415  # previews need none of it
        from github import GithubException  # noqa: PLC0415

        try:
            with self._pace.turn(writes=method != "GET"):
                status, headers, text = self._requester.requestJson(
                    method, path, input=body
                )
        except GithubException as error:  # of an App's token, which is asked for first
            headers = {k.lower(): str(v) for k, v in (error.headers or {}).items()}
            refused = _refusal(error.status, headers, error.data)
            raise _tokenless(refused, self._credential) from None
        except requests.RequestException as error:
            raise ServiceError(
                f"GitHub's API at {self._credential.url} cannot be reached "
                f"({type(error).__name__}); check GITHUB_API_URL and the network"
            ) from None
        answer = _decoded(text)
        if status >= 400 or status in _MOVED:
            raise _refusal(status, headers, answer)
        return Answer(answer, _date(headers.get("date", "")))

    @property
    def _requester(self) -> Requester:
        known: Requester | None = getattr(self._of_thread, "requester", None)
        if known is None:
            known = self._of_thread.requester = _requester(self._credential)
        return known


class _LimitedError(Exception):
    """A rate limit was hit; nothing was carried out."""

    def __init__(self, error: ServiceError, wait: float) -> None:
        super().__init__()
        self.error = error
        self.wait = wait


def _refusal(
    status: int, headers: Mapping[str, str], body: Any
) -> ServiceError | _LimitedError:
    told, message = _told(status, headers, body)
    wait = advised_wait(status, headers, message, time.time())
    return told if wait is None else _LimitedError(told, wait)


def _tokenless(
    refused: ServiceError | _LimitedError, credential: Credential
) -> ServiceError | _LimitedError:
    """Say what is wrong with an App that is given no token, not with what it asked."""
    if not isinstance(refused, AccessError | NotFoundError):
        return refused
    return AccessError(
        f"GitHub gives the App {credential.app_id} no token for its installation "
        f"{credential.installation_id} (status {refused.status}); check GITHUB_APP_ID, "
        f"GITHUB_APP_PRIVATE_KEY and GITHUB_APP_INSTALLATION_ID",
        status=refused.status,
    )


def _decoded(text: str) -> Any:
    with contextlib.suppress(ValueError):
        return json.loads(text)
    return None  # a 204, or the page of some proxy


def _requester(credential: Credential) -> Requester:
    # Half a second of imports, which only a process that really calls must pay.
    from github import Github  # noqa: PLC0415
    from urllib3 import Retry  # noqa: PLC0415

    retry = Retry(
        total=RETRIES,
        allowed_methods=None,
        status_forcelist=range(500, 600),
        backoff_factor=0.1,
        raise_on_status=False,
        respect_retry_after_header=False,
    )
    return Github(
        auth=_auth(credential),
        base_url=credential.url,
        timeout=TIMEOUT_SECONDS,
        user_agent="flowground",
        retry=retry,
        seconds_between_requests=None,
        seconds_between_writes=None,
        lazy=True,
    ).requester


def _auth(credential: Credential) -> Auth:
    from github import Auth  # noqa: PLC0415  # previews need neither
    from jwt import PyJWTError  # noqa: PLC0415

    if credential.token:
        return Auth.Token(credential.token)
    app = Auth.AppAuth(credential.app_id or "", credential.private_key or "")
    try:
        app.create_jwt()
    except (PyJWTError, ValueError):
        raise ConfigurationError(
            "GITHUB_APP_PRIVATE_KEY is not a private key in PEM; give the whole text "
            "of the .pem file that GitHub made for the App"
        ) from None
    return Auth.AppInstallationAuth(app, int(credential.installation_id or 0))


def _date(header: str) -> datetime | None:
    # A proxy on the way may have put its own beside it.
    with contextlib.suppress(ValueError):
        at = parsedate_to_datetime(header[:DATE_LENGTH])
        return at if at.tzinfo else None
    return None


def _told(
    status: int, headers: Mapping[str, str], body: Any
) -> tuple[ServiceError, str]:
    """Turn an error answer into ours, keeping only what explains it."""
    reason = _reason(body if isinstance(body, dict) else {})
    said = f"GitHub says {status}" + (f": {reason}" if reason else "")
    match status:
        case 401:
            told: ServiceError = AccessError(
                f"{said}; set GITHUB_TOKEN to a token that is valid and not expired",
                status=status,
            )
        case 403:
            needed = headers.get("x-accepted-github-permissions")
            way_out = f"the permission {needed}" if needed else "a role that allows it"
            told = AccessError(f"{said}; give the credential {way_out}", status=status)
        case 404:
            told = NotFoundError(said, status=status)
        case 301 | 302 | 307 | 308:
            told = ServiceError(
                f"{said}: the repository has another name now; give it here too",
                status=status,
            )
        case 409:
            told = AlreadyExistsError(said, status=status)
        case _:
            told = ServiceError(said, status=status)
    return told, reason


def _reason(body: Wire) -> str:
    told = [str(body.get("message") or "").strip()]
    errors = body.get("errors")
    for fault in errors if isinstance(errors, list) else [errors]:
        if isinstance(fault, dict):
            told.append(str(fault.get("message") or fault.get("code") or ""))
        elif isinstance(fault, str):
            told.append(fault)
    return "; ".join(" ".join(part.split()) for part in told if part)
