"""The traps of work queues: priorities that shift, and a queue nobody made."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from components.prefect import client, work_queue
from components.prefect.work_queue import UNTOUCHED, WorkQueueKind
from tests.support.prefect_api import connected
from tests.support.servicer import CallError

if TYPE_CHECKING:
    from tests.contract.conftest import PrefectWorld, Worlds
    from tests.contract.sample import Properties
    from tests.support.localcloud import LocalCloud
    from tests.support.servicer import Object, Servicer

POOL = "prefect:WorkPool"
QUEUE = "prefect:WorkQueue"
# As many as the SDK's servicer has workers: an `up` writes four at a time.
AT_ONCE = 4


@pytest.fixture
def world(worlds: Worlds) -> PrefectWorld:
    return worlds.of(QUEUE)


@pytest.fixture
def pool(world: PrefectWorld, unique: str) -> str:
    """Return the name of a fresh pool."""
    world.make(POOL, {"name": unique, "type": "process"})
    return unique


def _queue(world: PrefectWorld, pool: str, name: str, **rest: object) -> Properties:
    return {**world.place, "work_pool_name": pool, "name": name, **rest}


def _made(world: PrefectWorld, pool: str, given: dict[str, int]) -> list[Object]:
    wanted = [_queue(world, pool, name, priority=p) for name, p in given.items()]
    with ThreadPoolExecutor(AT_ONCE) as engine:
        return list(engine.map(lambda w: world.servicer.create(QUEUE, w), wanted))


def _changed(
    run: Servicer, queues: list[Object], given: dict[str, int]
) -> list[Object]:
    def change(queue: Object) -> Object:
        priority = given[queue.inputs["name"]]
        return run.update(queue, {**queue.inputs, "priority": priority})

    with ThreadPoolExecutor(AT_ONCE) as engine:
        return list(engine.map(change, queues))


def _stored(world: PrefectWorld, pool: str) -> dict[str, int]:
    queues = world.call("POST", f"/work_pools/{pool}/queues/filter", {})
    return {queue["name"]: queue["priority"] for queue in queues}


def test_queues_made_at_once_get_the_priorities_they_were_given(
    world: PrefectWorld, pool: str
) -> None:
    """Four in any order, where the default queue is in the way: no diff remains."""
    given = {"d": 4, "b": 2, "a": 1, "c": 3}
    queues = _made(world, pool, given)
    assert _stored(world, pool) == {**given, "default": 5}
    for queue in queues:
        live = world.servicer.read(queue)
        assert live is not None
        assert live.inputs == queue.inputs


@pytest.mark.parametrize(
    "then",
    [
        {"a": 2, "b": 1, "c": 3, "d": 4},
        {"a": 2, "b": 3, "c": 4, "d": 1},
        {"a": 4, "b": 3, "c": 2, "d": 1},
        {"a": 3, "b": 5, "c": 7, "d": 6},
    ],
    ids=["swap", "rotate", "reverse", "spread"],
)
def test_priorities_change_places_in_one_update(
    world: PrefectWorld, pool: str, then: dict[str, int]
) -> None:
    """Each update would push the others on; all the same, one `up` is enough."""
    queues = _made(world, pool, {"a": 1, "b": 2, "c": 3, "d": 4})
    updated = _changed(world.another, queues, then)
    stored = _stored(world, pool)
    assert {name: stored[name] for name in then} == then
    assert len(set(stored.values())) == len(stored)
    for queue in updated:
        live = world.another.read(queue)
        assert live is not None
        assert live.inputs == queue.inputs


def test_a_queue_without_a_priority_is_nobodys_drift(
    world: PrefectWorld, pool: str
) -> None:
    """The server chose, others moved it, the program never said anything: no diff."""
    free = world.servicer.create(QUEUE, _queue(world, pool, "free"))
    assert _stored(world, pool) == {"default": 1, "free": 2}
    _made(world, pool, {"first": 1, "second": 2})
    live = world.servicer.read(free)
    assert live is not None
    assert live.inputs == free.inputs
    stored = _stored(world, pool)
    assert (stored["first"], stored["second"]) == (1, 2)


def test_two_queues_cannot_be_given_one_priority(
    world: PrefectWorld, pool: str
) -> None:
    """They would push each other aside for ever: the update says which two."""
    world.servicer.create(QUEUE, _queue(world, pool, "first", priority=3))
    with pytest.raises(CallError) as refused:
        world.servicer.create(QUEUE, _queue(world, pool, "second", priority=3))
    assert "queue 'first' of the same pool has priority 3 too" in str(refused.value)
    assert _stored(world, pool) == {"default": 1, "first": 3}


def test_a_queue_that_is_there_already_is_not_moved(
    world: PrefectWorld, pool: str
) -> None:
    """A run that does not know of it yet finds it as the crashed one left it."""
    world.another.read(_made(world, pool, {"first": 2})[0])
    left = world.servicer.create(QUEUE, _queue(world, pool, "queue", priority=1))
    again = world.another.create(QUEUE, left.inputs)
    assert again.id == left.id
    assert _stored(world, pool) == {"queue": 1, "first": 2, "default": 3}


def test_the_default_queue_is_taken_over_without_a_word(
    world: PrefectWorld, pool: str
) -> None:
    """The pool made it, and nobody touched it: it becomes what the program says."""
    born = world.call("GET", f"/work_pools/{pool}/queues/default")
    wanted = _queue(world, pool, "default", concurrency_limit=2, is_paused=True)
    made = world.servicer.create(QUEUE, wanted)
    assert made.id == born["id"]
    live = world.servicer.read(made)
    assert live is not None
    assert live.inputs == made.inputs
    assert world.call("GET", f"/work_pools/{pool}/queues/default")["is_paused"]


def test_the_default_queue_is_reset_and_not_deleted(
    world: PrefectWorld, pool: str
) -> None:
    """The server answers its deletion with a 500; what we set does not outlive us."""
    wanted = _queue(world, pool, "default", concurrency_limit=2, description="ours")
    made = world.servicer.create(QUEUE, wanted)
    renamed = world.servicer.update(made, {**made.inputs, "name": "main"})
    world.servicer.delete(renamed)
    left = world.call("GET", f"/work_queues/{made.id}")
    assert UNTOUCHED.items() <= left.items()


def test_a_default_queue_that_somebody_set_up_needs_to_be_adopted(
    world: PrefectWorld, pool: str
) -> None:
    """What a person changed is not overwritten because of its name."""
    born = world.call("GET", f"/work_pools/{pool}/queues/default")
    by_hand = {"concurrency_limit": 9}
    world.call("PATCH", f"/work_queues/{born['id']}", by_hand)
    wanted = _queue(world, pool, "default", concurrency_limit=2)
    with pytest.raises(CallError, match="differs in concurrency_limit"):
        world.servicer.create(QUEUE, wanted)
    adopted = world.servicer.create(QUEUE, {**wanted, "adopt": True})
    assert adopted.id == born["id"]
    live = world.servicer.read(adopted)
    assert live is not None
    assert live.inputs["concurrency_limit"] == 2


def test_a_queue_is_gone_with_its_pool(world: PrefectWorld, pool: str) -> None:
    """Deleting the pool takes its queues along, and that is no error."""
    made = world.servicer.create(QUEUE, _queue(world, pool, "queue"))
    world.call("DELETE", f"/work_pools/{pool}")
    assert world.servicer.read(made) is None
    world.servicer.delete(made)


def test_a_queue_without_a_pool_says_so(world: PrefectWorld, unique: str) -> None:
    """The error names the pool, and what to do first."""
    with pytest.raises(CallError) as refused:
        world.servicer.create(QUEUE, _queue(world, unique, "queue"))
    assert f'Work pool "{unique}" not found' in str(refused.value)
    assert "ake the work pool first" in str(refused.value)


def test_more_queues_than_a_page_are_all_found(
    world: PrefectWorld,
    pool: str,
    local_cloud: LocalCloud,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The list of all queues has no certain order, so pages of it could miss some."""
    _made(world, pool, {"a": 1, "b": 2, "c": 3})
    monkeypatch.setattr(client, "PAGE", 3)
    monkeypatch.setattr(work_queue, "PAGE", 3)
    with connected(local_cloud, world.place["workspace_id"]) as api:
        found = list(WorkQueueKind().list(api))
    assert {q["name"] for q in found if q["work_pool_name"] == pool} == {
        "a",
        "b",
        "c",
        "default",
    }
    assert len({queue["id"] for queue in found}) == len(found)
