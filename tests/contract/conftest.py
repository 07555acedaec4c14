"""The worlds in which the kinds live: real services on loopback."""

from __future__ import annotations

import contextlib
import os
import uuid
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from components.kernel.registry import kind_of
from tests.support.proxy import Call, Proxy
from tests.support.servicer import Object, Servicer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.contract.sample import Properties


class PrefectWorld:
    """A workspace of a real server, seen through a recording proxy."""

    def __init__(self, url: str, proxy: Proxy, place: Properties, key: str) -> None:
        env = {"PREFECT_API_URL": url.replace(_origin(url), proxy.url)}
        self.servicer = Servicer(env)
        self.another = Servicer(env)
        self.place = place
        self.canary = "canary-" + uuid.uuid4().hex
        self._proxy = proxy
        self._direct = httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=60
        )
        self._parents: list[Object] = []
        self._suffix = ""

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Call the service behind flowground's back."""
        answer = self._direct.request(method, path, json=body)
        assert answer.is_success, (method, path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    def make(self, token: str, inputs: Properties) -> Object:
        """Create a parent that the object under test needs."""
        made = self.servicer.create(token, {**self.place, **inputs})
        self._parents.append(made)
        return made

    def named(self, change: Properties) -> Properties:
        """Make a changed name one that no other test uses."""
        if "name" not in change:
            return change
        return {**change, "name": f"{change['name']}-{uuid.uuid4().hex[:8]}"}

    def recording(self) -> contextlib.AbstractContextManager[list[Call]]:
        """Yield the calls made inside the block."""
        return self._proxy.recording()

    def lose_one_answer(self, of: Callable[[Call], bool]) -> None:
        """Drop the answer to the next such call, after the service has acted."""
        self._proxy.lose_one_answer(of)

    def close(self) -> list[str]:
        """End both provider processes and return what they wrote to stderr."""
        self._direct.close()
        return [self.servicer.close(), self.another.close()]


class Worlds:
    """A world for each service, started when a kind of it is first tested."""

    def __init__(self) -> None:
        self._open = contextlib.ExitStack()
        self._worlds: dict[str, PrefectWorld] = {}

    def of(self, token: str) -> PrefectWorld:
        """Return the world of a kind."""
        service = kind_of(token).token.partition(":")[0]
        if service not in self._worlds:
            self._worlds[service] = self._prefect()
        return self._worlds[service]

    def _prefect(self) -> PrefectWorld:
        url = os.environ["FLOWGROUND_TEST_PREFECT_API_URL"]
        proxy = self._open.enter_context(Proxy(_origin(url)))
        return PrefectWorld(url, proxy, {}, "none")

    def close(self) -> None:
        """End all; what a provider wrote to stderr must hold no secret."""
        for world in self._worlds.values():
            for written in world.close():
                assert world.canary not in written
        self._open.close()


@pytest.fixture(scope="session")
def worlds() -> Iterator[Worlds]:
    """Return the worlds of this test process."""
    opened = Worlds()
    yield opened
    opened.close()


@pytest.fixture
def unique() -> str:
    """Return a name that no other test uses."""
    return "t-" + uuid.uuid4().hex[:12]


def _origin(url: str) -> str:
    return "/".join(url.split("/")[:3])
