"""The traps of concurrency limits: slots in use, one list for all, and an upsert."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from components.prefect import client
from components.prefect.global_concurrency_limit import GlobalConcurrencyLimitKind
from components.prefect.tag_concurrency_limit import TagConcurrencyLimitKind
from tests.support.prefect_api import connected
from tests.support.servicer import CallError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from components.prefect.client import PrefectApi
    from tests.contract.conftest import PrefectWorld, Worlds
    from tests.support.localcloud import LocalCloud

GLOBAL = "prefect:GlobalConcurrencyLimit"
TAG = "prefect:TagConcurrencyLimit"


@pytest.fixture
def world(worlds: Worlds) -> PrefectWorld:
    return worlds.of(GLOBAL)


@pytest.fixture
def api(
    world: PrefectWorld, local_cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PrefectApi]:
    """Return the workspace's API, whose pages hold two objects."""
    monkeypatch.setattr(client, "PAGE", 2)
    with connected(local_cloud, world.place["workspace_id"]) as api:
        yield api


def _take(world: PrefectWorld, name: str, slots: int) -> None:
    body = {"names": [name], "slots": slots, "mode": "concurrency"}
    world.call("POST", "/v2/concurrency_limits/increment", body)


def _in_use(world: PrefectWorld, id_: str) -> int:
    limit = world.call("GET", f"/v2/concurrency_limits/{id_}")
    assert isinstance(limit["active_slots"], int)
    return limit["active_slots"]


def test_slots_of_a_global_limit_stay_with_who_holds_them(
    world: PrefectWorld, unique: str
) -> None:
    """Slots in use are no drift, and a change of the limit does not free them."""
    made = world.make(GLOBAL, {"name": unique, "limit": 3})
    _take(world, unique, 2)
    live = world.servicer.read(made)
    assert live is not None
    assert live.inputs == made.inputs
    world.servicer.update(live, {**live.inputs, "limit": 5, "name": f"{unique}-new"})
    assert _in_use(world, made.id) == 2


def test_slots_of_a_tag_stay_with_who_holds_them(
    world: PrefectWorld, unique: str
) -> None:
    """The upsert changes how many there are, not who has them."""
    made = world.make(TAG, {"tag": unique, "concurrency_limit": 3})
    run = "6f9619ff-8b86-4011-b42d-00c04fc964ff"
    body = {"names": [unique], "task_run_id": run}
    world.call("POST", "/concurrency_limits/increment", body)
    updated = world.servicer.update(made, {**made.inputs, "concurrency_limit": 5})
    live = world.servicer.read(updated)
    assert live is not None
    assert live.inputs == updated.inputs
    held = world.call("GET", f"/concurrency_limits/{made.id}")
    assert held["active_slots"] == [run]
    assert _in_use(world, made.id) == 1


def test_a_tags_limit_made_since_the_list_call_is_not_overwritten(
    world: PrefectWorld, unique: str
) -> None:
    """POST would change the limit of somebody else, as if it had made it."""
    world.make(TAG, {"tag": f"{unique}-first", "concurrency_limit": 1})
    theirs = {"tag": unique, "concurrency_limit": 7}
    world.call("POST", "/concurrency_limits/", theirs)
    with pytest.raises(CallError, match="differs in concurrency_limit"):
        world.make(TAG, {"tag": unique, "concurrency_limit": 1})
    kept = world.call("GET", f"/concurrency_limits/tag/{unique}")
    assert kept["concurrency_limit"] == 7


def test_each_kind_sees_its_own_limits_only(
    world: PrefectWorld, unique: str, api: PrefectApi
) -> None:
    """Tag limits and those of deployments are in the global list, but are not ours."""
    world.make(TAG, {"tag": unique, "concurrency_limit": 1})
    world.make(GLOBAL, {"name": unique, "limit": 1})
    flow = world.call("POST", "/flows/", {"name": unique})
    body = {"name": unique, "flow_id": flow["id"], "concurrency_limit": 2}
    world.call("POST", "/deployments/", body)
    everything = world.call("POST", "/v2/concurrency_limits/filter", {"limit": 200})
    assert any(limit["name"].startswith("deployment:") for limit in everything)
    names = [limit["name"] for limit in GlobalConcurrencyLimitKind().list(api)]
    assert names.count(unique) == 1
    assert not [n for n in names if n.startswith(("tag:", "deployment:"))]


def test_tag_limits_are_found_behind_a_page_of_others(
    world: PrefectWorld, unique: str, api: PrefectApi
) -> None:
    """The server leaves others out of a page after it cut it: short is not the last."""
    for name in ("!a", "!b", "!c"):
        world.make(GLOBAL, {"name": f"{name} {unique}", "limit": 1})
    for tag in ("a", "b", "c"):
        world.make(TAG, {"tag": f"{unique} {tag}", "concurrency_limit": 1})
    kind = TagConcurrencyLimitKind()
    found = [kind.parse(api, wire) for wire in kind.list(api)]
    ours = sorted(state.tag for state in found if state.tag.startswith(unique))
    assert ours == [f"{unique} {tag}" for tag in ("a", "b", "c")]
