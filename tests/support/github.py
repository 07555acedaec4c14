"""A local GitHub for tests: a process of its own, and its admin routes as methods.

from tests.support.github import LocalGithub

with LocalGithub.start(tmp_path) as github:
project = github.project()      # an organization, its owner, a repository
with project.http() as http:    # httpx, logged in as the owner
http.get(f"/repos/{project.repo}/environments")
assert github.violations() == []
"""

from __future__ import annotations

import secrets
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from nacl.encoding import Base64Encoder
from nacl.public import PublicKey, SealedBox

from tests.support.server_process import ServerProcess

START_SECONDS = 60
USER_AGENT = "flowground-tests"
# Only plain HTTP is spoken; httpx would else load all certificates for each client.
_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class LocalGithub(ServerProcess):
    """One server process and what only its administrator can do."""

    def __init__(self, folder: Path, *options: str) -> None:
        super().__init__(folder / "github.log")
        self.state_dir = folder / "github"
        self.admin_token = secrets.token_hex(16)
        self._options = options
        self.url = ""

    @classmethod
    @contextmanager
    def start(cls, folder: Path, *options: str) -> Iterator[LocalGithub]:
        """Serve from a folder, until the context ends."""
        server = cls(folder, *options)
        try:
            server.up()
            yield server
        finally:
            server.stop()

    def up(self) -> None:
        """Start the process, on the state that is there, and wait for its address."""
        addresses = self.launch(
            *("-m", "localcloud.github", "--port", "0"),
            *("--state-dir", str(self.state_dir), *self._options),
            LOCALCLOUD_GITHUB_TOKEN=self.admin_token,
        )
        self.url = addresses["api"]

    def http(self, token: str | None) -> httpx.Client:
        """A plain HTTP client with a token, or with none."""
        headers = {"User-Agent": USER_AGENT}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return httpx.Client(
            base_url=self.url, headers=headers, trust_env=False, verify=_NO_TLS
        )

    def admin(self, method: str, route: str, /, **given: Any) -> Any:
        """Call a route under `/_local`; anything but success is an error."""
        with self.http(self.admin_token) as http:
            if method == "GET":
                answer = http.get(f"/_local/{route}", params=given)
            else:
                answer = http.request(method, f"/_local/{route}", json=given)
        assert answer.is_success, f"{route}: {answer.status_code} {answer.text}"
        return answer.json()

    def project(self, *, private: bool = True) -> Project:
        """A new organization with an owner and one repository."""
        name = f"p{secrets.token_hex(4)}"
        owner = self.admin("POST", "users", login=f"{name}-owner")["login"]
        self.admin("POST", "organizations", login=name, owner=owner)
        repository = self.admin(
            "POST", "repositories", owner=name, name="flows", private=private
        )
        return Project(
            github=self,
            organization=name,
            owner=owner,
            repo=repository["full_name"],
            repo_id=repository["id"],
            token=self.token(owner),
        )

    def token(self, user: str, **limits: Any) -> str:
        """A new token of the user; `permissions` and `repositories` limit it."""
        return str(self.admin("POST", "tokens", user=user, **limits)["token"])

    def secrets(self, **collection: str) -> dict[str, str]:
        """What a collection's secrets say, opened with the server's key."""
        opened: dict[str, str] = self.admin("GET", "secrets", **collection)
        return opened

    def advance_clock(self, seconds: int) -> None:
        """Move the server's time forward, so that time stamps differ."""
        self.admin("POST", "clock", advance_seconds=seconds)

    def requests(self, since: int = 0) -> list[dict[str, Any]]:
        """The requests after the one of that number: method, path and status."""
        listed: list[dict[str, Any]] = self.admin("GET", "requests", since=since)[
            "requests"
        ]
        return listed

    def mark(self) -> int:
        """The number of the latest request, for `requests(since=…)`."""
        return max((entry["number"] for entry in self.requests()), default=0)

    def violations(self) -> list[dict[str, Any]]:
        """The answers that broke GitHub's description; there should be none."""
        found: list[dict[str, Any]] = self.admin("GET", "violations")["violations"]
        return found


@dataclass(frozen=True)
class Project:
    """An organization, its owner with a token, and a repository `owner/name`."""

    github: LocalGithub
    organization: str
    owner: str
    repo: str
    repo_id: int
    token: str

    def http(self, token: str | None = None) -> httpx.Client:
        """A plain HTTP client, logged in as the owner unless a token is given."""
        return self.github.http(token or self.token)

    def member(self, role: str = "member", **limits: Any) -> tuple[str, str]:
        """A new member of the organization: login and token."""
        login = f"u{secrets.token_hex(4)}"
        self.github.admin("POST", "users", login=login)
        self.github.admin(
            "POST", "memberships", organization=self.organization, user=login, role=role
        )
        return login, self.github.token(login, **limits)


def seal(http: httpx.Client, collection: str, value: str) -> dict[str, str]:
    """A secret's body: the value sealed to the collection's public key."""
    key = http.get(f"{collection}/public-key").json()
    box = SealedBox(PublicKey(key["key"].encode(), Base64Encoder))
    sealed = box.encrypt(value.encode(), Base64Encoder).decode()
    return {"encrypted_value": sealed, "key_id": key["key_id"]}


def put_secret(
    http: httpx.Client, collection: str, name: str, value: str, **more: Any
) -> httpx.Response:
    """Create or replace a secret of a collection, e.g. `/repos/o/r/actions/secrets`."""
    body = {**seal(http, collection, value), **more}
    return http.put(f"{collection}/{name}", json=body)


def wait_until(holds: Any, seconds: float = 20) -> None:
    """Wait for a condition, at most that long."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"still not so after {seconds} s"
        time.sleep(0.02)
