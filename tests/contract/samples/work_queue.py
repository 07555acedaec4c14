"""A Prefect work queue, in a pool of its own."""

from __future__ import annotations

from tests.contract.sample import Object, Properties, Sample, World


def _inputs(world: World, name: str) -> Properties:
    pool = world.make("prefect:WorkPool", {"name": f"{name} pool", "type": "process"})
    return {
        "work_pool_name": pool.inputs["name"],
        "name": f"{name} #1?",
        "description": "for tests",
        "is_paused": True,
        "concurrency_limit": 3,
        "priority": 1,
    }


def _drift(world: World, live: Object) -> set[str]:
    body = {
        "description": "changed",
        "is_paused": False,
        "concurrency_limit": None,
        "priority": 8,
    }
    world.call("PATCH", f"/work_queues/{live.id}", body)
    return set(body)


def _remove(world: World, live: Object) -> None:
    world.call("DELETE", f"/work_queues/{live.id}")


def _exists(world: World, live: Object) -> int:
    body = {"work_queues": {"name": {"any_": [live.inputs["name"]]}}}
    return len(world.call("POST", "/work_queues/filter", body))


SAMPLE = Sample(
    token="prefect:WorkQueue",
    inputs=_inputs,
    mutable={
        "name": {"name": "renamed"},
        "description": {"description": "changed"},
        "no description": {"description": ""},
        "resumed": {"is_paused": False},
        "limit": {"concurrency_limit": 0},
        "priority": {"priority": 7},
        "priority of the default queue": {"priority": 2},
    },
    unset=("description", "is_paused", "concurrency_limit", "priority"),
    immutable={"work_pool_name": "another"},
    invalid={
        "work_pool_name": {"work_pool_name": "a/b"},
        "name": {"name": "50%"},
        "description": {"description": 1},
        "is_paused": {"is_paused": "maybe"},
        "concurrency_limit": {"concurrency_limit": 2**31},
        "priority": {"priority": 0},
    },
    drift=_drift,
    remove=_remove,
    exists=_exists,
    different={"concurrency_limit": 7, "priority": 3},
)
