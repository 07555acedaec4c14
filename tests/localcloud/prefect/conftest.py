"""One running cloud for all these tests; objects of their own for each."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx
import pytest

from tests.support.localcloud import LocalCloud, Workspace, local_cloud

__all__ = ["local_cloud"]


@dataclass(frozen=True)
class Bot:
    """A service account and a client that shows its key."""

    id: str
    name: str
    key: str
    client: httpx.Client


MakeBot = Callable[..., Bot]


@pytest.fixture
def api(local_cloud: LocalCloud) -> Iterator[httpx.Client]:
    with local_cloud.client() as client:
        yield client


@pytest.fixture(scope="session")
def workspace(local_cloud: LocalCloud) -> Iterator[Workspace]:
    """A workspace for tests that leave nothing of importance behind."""
    with local_cloud.workspace() as made:
        yield made


@pytest.fixture
def role_ids(api: httpx.Client) -> dict[str, str]:
    listed = api.post("/workspace_roles/filter", json={})
    return {role["name"]: role["id"] for role in listed.json()}


@pytest.fixture
def make_bot(
    local_cloud: LocalCloud, api: httpx.Client, role_ids: dict[str, str]
) -> Iterator[MakeBot]:
    """Make service accounts, with a role in a workspace if asked; delete them after."""
    made: list[Bot] = []

    def make(workspace: Workspace | None = None, role: str = "", **columns) -> Bot:
        name = f"bot-{uuid.uuid4().hex[:8]}"
        answer = api.post("/bots/", json={"name": name, **columns})
        assert answer.status_code == 201, answer.text
        key = answer.json()["api_key"]["key"]
        bot = Bot(answer.json()["id"], name, key, local_cloud.client(key))
        made.append(bot)
        if workspace is not None:
            grant = {"bot_id": bot.id, "workspace_role_id": role_ids[role]}
            url = f"/workspaces/{workspace.id}/bot_access/"
            assert api.post(url, json=[grant]).status_code == 200
        return bot

    yield make
    for bot in made:
        bot.client.close()
        api.delete(f"/bots/{bot.id}")
