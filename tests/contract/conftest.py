"""The worlds in which the kinds live: real services on loopback."""

from __future__ import annotations

import contextlib
import uuid
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pytest

from components.kernel.registry import kind_of
from tests.support.github_world import GithubWorld, github_worlds
from tests.support.localcloud import (
    LocalCloud,
    local_cloud,
    shared,
    shared_root,
)
from tests.support.modal_world import ModalWorld, modal_worlds
from tests.support.proxy import Proxy
from tests.support.s3_world import S3World, s3_world
from tests.support.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.world import Properties

__all__ = ["local_cloud"]

# What is set by these bears on every user of the account, other tests among them.
ACCOUNT_WIDE = {"prefect:AccountSettings", "prefect:IpAllowlist"}
# Of which arguments each one says that an object lives in something.
PLACES = {"workspace_id", "environment_name"}


class PrefectWorld(World):
    """A workspace or an account of a real local cloud, seen through a proxy."""

    def __init__(
        self, cloud: LocalCloud, url: str, proxy: Proxy, place: Properties
    ) -> None:
        env = {k: v for k, v in cloud.env.items() if k != "PREFECT_API_URL"}
        env["PREFECT_CLOUD_API_URL"] = cloud.cloud_api_url.replace(
            origin(cloud.cloud_api_url), proxy.url
        )
        super().__init__(env, proxy, place)
        self._direct = cloud.client(base_url=url)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Call the service behind flowground's back."""
        answer = self._direct.request(method, path, json=body)
        assert answer.is_success, (method, path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    def close(self) -> list[str]:
        """End both provider processes and return what they wrote to stderr."""
        self._direct.close()
        return super().close()


class Worlds:
    """The places that kinds live in, made when a kind of that place is first tested."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._open = contextlib.ExitStack()
        self._worlds: dict[tuple[str, bool, bool], World] = {}

    def of(self, token: str) -> World:
        """Return the world of a kind."""
        service = token.partition(":")[0]
        if service == "github":
            return self._github(token)
        if service == "s3":
            return self._s3
        placed = kind_of(token).args.model_fields.keys() & PLACES
        apart = token in ACCOUNT_WIDE
        world = (service, bool(placed), apart)
        if world not in self._worlds:
            self._worlds[world] = (
                self._modal(bool(placed))
                if service == "modal"
                else self._prefect(in_workspace=bool(placed), apart=apart)
            )
        return self._worlds[world]

    @cached_property
    def _cloud(self) -> LocalCloud:
        return self._open.enter_context(shared(self._root))

    @cached_property
    def _modal(self) -> Callable[[bool], ModalWorld]:
        return self._open.enter_context(modal_worlds(self._root / uuid.uuid4().hex))

    @cached_property
    def _github(self) -> Callable[[str], GithubWorld]:
        return self._open.enter_context(github_worlds(self._root / uuid.uuid4().hex))

    @cached_property
    def _s3(self) -> S3World:
        return self._open.enter_context(s3_world(self._root / uuid.uuid4().hex))

    @cached_property
    def _cloud_apart(self) -> LocalCloud:
        return self._open.enter_context(LocalCloud.start(self._root / uuid.uuid4().hex))

    def _prefect(self, *, in_workspace: bool, apart: bool) -> PrefectWorld:
        cloud = self._cloud_apart if apart else self._cloud
        proxy = self._open.enter_context(Proxy(origin(cloud.cloud_api_url)))
        if not in_workspace:
            return PrefectWorld(cloud, cloud.account_url, proxy, {})
        workspace = self._open.enter_context(cloud.workspace())
        place = {"workspace_id": workspace.id}
        return PrefectWorld(cloud, workspace.api_url, proxy, place)

    def close(self) -> None:
        """End all; what a provider wrote to stderr must hold no secret."""
        for world in self._worlds.values():
            for written in world.close():
                assert world.canary not in written
        self._open.close()


@pytest.fixture(scope="session")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worlds]:
    """Return the worlds of this test process."""
    opened = Worlds(shared_root(tmp_path_factory))
    yield opened
    opened.close()


@pytest.fixture
def unique() -> str:
    """Return a name that no other test uses."""
    return "t-" + uuid.uuid4().hex[:12]


def origin(url: str) -> str:
    return "/".join(url.split("/")[:3])
