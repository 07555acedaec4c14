"""The connection to GitHub: one per place and credential, shared by all threads.

It stands on PyGithub's requester, which brings GitHub's authentication (a token, or
an App's JSON web tokens and their renewal), proxies and connections. Three things are
ours: pacing and rate limits, which all threads share (`pacing`); the meaning of a 404
(`missing`); and errors that never echo what was sent.

Settings, each from the environment first and from the stack's config second:

- GITHUB_API_URL, `githubApiUrl`: the API of a GitHub Enterprise; GitHub's own if
  not given.
- GITHUB_TOKEN, `githubToken`: a token. Or else an App:
- GITHUB_APP_ID, `githubAppId`: its id or client id,
- GITHUB_APP_INSTALLATION_ID, `githubAppInstallationId`: where it is installed,
- GITHUB_APP_PRIVATE_KEY, `githubAppPrivateKey`: its key, in PEM.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import os
import threading
import time
from email.utils import parsedate_to_datetime
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

from .missing import judge
from .pacing import WRITE_GAP_SECONDS, Pace, advised_wait
from .place import Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from github.Auth import Auth
    from github.Requester import Requester

    from components.kernel import Config

SETTINGS: Final = (
    "githubApiUrl",
    "githubToken",
    "githubAppId",
    "githubAppInstallationId",
    "githubAppPrivateKey",
)
API_URL: Final = "https://api.github.com"
# GitHub's largest page of nearly everything.
PAGE: Final = 100
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
            raise _refusal(error.status, headers, error.data) from None
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


def _decoded(text: str) -> Any:
    with contextlib.suppress(ValueError):
        return json.loads(text)
    return None  # a 204, or the page of some proxy


class GithubApi:
    """One repository, environment or organization, as one credential sees it.

    Attributes:
        place: Which.
    """

    def __init__(self, session: Session, url: str, place: Place) -> None:
        self._session = session
        self._url = url
        self.place = place

    @property
    def scope(self) -> tuple[str, Place]:
        """Return what tells this place from all others."""
        return self._url, self.place

    def get(self, path: str) -> Any:
        """Read one object.

        Raises:
            NotFoundError: There is none.
            AccessError: There may be one, but it is not for this credential to see.
        """
        return self._request("GET", path)

    def look(self, path: str) -> Answer | None:
        """Read one object; None for a 404, whatever it means."""
        try:
            return self._session.request("GET", path)
        except NotFoundError:
            return None

    def post(self, path: str, body: Wire) -> Any:
        """Create."""
        return self._request("POST", path, body)

    def put(self, path: str, body: Wire) -> Any:
        """Create or replace."""
        return self._request("PUT", path, body)

    def patch(self, path: str, body: Wire) -> None:
        """Change the given fields; an empty body is not sent."""
        if body:
            self._request("PATCH", path, body)

    def delete(self, path: str) -> None:
        """Delete the object.

        Raises:
            NotFoundError: There is none.
        """
        self._request("DELETE", path)

    def pages(self, path: str, key: str, size: int = PAGE) -> Iterator[Wire]:
        """Yield every object of a collection.

        Args:
            path: The collection.
            key: What its answer has them under.
            size: The largest page that it gives.

        Raises:
            ServiceError: Not all were listed: whatever was not may still be there.
        """
        seen = 0
        while True:
            page = self.get(f"{path}?per_page={size}&page={seen // size + 1}")
            yield from page[key]
            seen += len(page[key])
            if len(page[key]) < size:
                break
        if seen < page["total_count"]:
            raise ServiceError(
                f"GitHub listed {seen} of {page['total_count']} {key}; run again, or "
                f"give the {self.place} its new name if it was renamed"
            )

    def _request(self, method: str, path: str, body: Wire | None = None) -> Any:
        try:
            return self._session.request(method, path, body).body
        except NotFoundError as error:
            raise judge(self, method, path, error) from None


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
    from github import Auth  # noqa: PLC0415
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


_sessions: dict[Credential, Session] = {}
_apis: dict[tuple[Credential, Place], GithubApi] = {}
_connecting = threading.Lock()


def connect(config: Config, place: Place) -> GithubApi:
    """Return the API of a place.

    Args:
        config: The stack's settings for GitHub.
        place: A repository, an environment or an organization.

    Raises:
        ConfigurationError: The settings do not say who asks.
    """
    credential = _credential(config)
    with _connecting:
        if credential not in _sessions:
            _sessions[credential] = Session(credential)
        key = (credential, place)
        if key not in _apis:
            _apis[key] = GithubApi(_sessions[credential], credential.url, place)
        return _apis[key]


def _credential(config: Config) -> Credential:
    url = _setting(config, "GITHUB_API_URL", "githubApiUrl") or API_URL
    if urlsplit(url).scheme not in {"http", "https"}:
        raise ConfigurationError(
            f"GITHUB_API_URL is '{url}'; give a URL such as {API_URL}"
        )
    url = url.rstrip("/")
    if token := _setting(config, "GITHUB_TOKEN", "githubToken"):
        return Credential(url, token)
    app = Credential(
        url,
        None,
        _setting(config, "GITHUB_APP_ID", "githubAppId"),
        _setting(config, "GITHUB_APP_INSTALLATION_ID", "githubAppInstallationId"),
        _setting(config, "GITHUB_APP_PRIVATE_KEY", "githubAppPrivateKey"),
    )
    if not (app.app_id and app.installation_id and app.private_key):
        raise ConfigurationError(
            "no GitHub credential is configured; set GITHUB_TOKEN, or GITHUB_APP_ID, "
            "GITHUB_APP_INSTALLATION_ID and GITHUB_APP_PRIVATE_KEY"
        )
    if not app.installation_id.isdecimal():
        raise ConfigurationError(
            "GITHUB_APP_INSTALLATION_ID is not a number; it is the last part of the "
            "installation's URL on GitHub"
        )
    return app


def _setting(config: Config, variable: str, key: str) -> str | None:
    return os.environ.get(variable) or config.get(key)


def part(name: object) -> str:
    """Quote a name as one part of a path; environments may have slashes."""
    return quote(str(name), safe="")
