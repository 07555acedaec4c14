"""A Modal queue."""

from __future__ import annotations

from tests.contract.sample import Object, Properties, Sample, World


def _inputs(_: World, name: str) -> Properties:
    return {"name": name, "force_destroy": True}


def _drift(_world: World, _live: Object) -> set[str]:
    return set()


def _remove(world: World, live: Object) -> None:
    world.call("rpc", "QueueDelete", {"queue_id": live.id})


def _exists(world: World, live: Object) -> int:
    listed = world.call("rpc", "QueueList", world.place).get("queues", [])
    return [item["name"] for item in listed].count(live.inputs["name"])


_ONLY_A_NAME = "a queue is a name and nothing else"

SAMPLE = Sample(
    token="modal:Queue",
    inputs=_inputs,
    mutable={"force_destroy": {"force_destroy": False}},
    unset=("force_destroy",),
    immutable={"name": "renamed"},
    invalid={
        "environment_name": {"environment_name": ""},
        "name": {"name": "ap-0123456789abcdefABCDEF"},
    },
    drift=_drift,
    remove=_remove,
    exists=_exists,
    different={"force_destroy": False},
    without={"test_a_different_object_is_refused_and_left_alone": _ONLY_A_NAME},
)
