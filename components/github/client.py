"""The connection to GitHub: one per place and credential, shared by all threads.

It stands on PyGithub's requester (`session`). Three things are ours: pacing and rate
limits, which all threads share (`pacing`); the meaning of a 404 (`missing`); and errors
that never echo what was sent.

Settings, each from the environment first and from the stack's config second:

- GITHUB_API_URL, `githubApiUrl`: the API of a GitHub Enterprise; GitHub's own if
  not given.
- GITHUB_TOKEN, `githubToken`: a token. Or else an App:
- GITHUB_APP_ID, `githubAppId`: its id or client id,
- GITHUB_APP_INSTALLATION_ID, `githubAppInstallationId`: where it is installed,
- GITHUB_APP_PRIVATE_KEY, `githubAppPrivateKey`: its key, in PEM.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from components.kernel import (
    ConfigurationError,
    NotFoundError,
    ServiceError,
    Wire,
)
from components.kernel.endpoint import host_of, secret_text, setting

from .missing import judge
from .place import Place
from .session import Answer, Credential, Session

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    url = setting(config, "GITHUB_API_URL", "githubApiUrl") or API_URL
    host_of(url, "GITHUB_API_URL", API_URL)
    url = url.rstrip("/")
    if token := setting(config, "GITHUB_TOKEN", "githubToken"):
        return Credential(url, token)
    app = Credential(
        url,
        None,
        setting(config, "GITHUB_APP_ID", "githubAppId"),
        setting(config, "GITHUB_APP_INSTALLATION_ID", "githubAppInstallationId"),
        secret_text(config, "GITHUB_APP_PRIVATE_KEY", "githubAppPrivateKey"),
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


def part(name: object) -> str:
    """Quote a name as one part of a path; environments may have slashes."""
    return quote(str(name), safe="")
