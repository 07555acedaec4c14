"""A Modal volume."""

from __future__ import annotations

from tests.contract.sample import Object, Properties, Sample, World


def _inputs(_: World, name: str) -> Properties:
    return {"name": name, "version": 2, "force_destroy": True}


def _drift(world: World, live: Object) -> set[str]:
    renamed = {"volume_id": live.id, "name": f"{live.inputs['name']}-theirs"}
    world.call("rpc", "VolumeRename", renamed)
    return {"name"}


def _remove(world: World, live: Object) -> None:
    world.call("rpc", "VolumeDelete", {"volume_id": live.id})


def _exists(world: World, live: Object) -> int:
    listed = world.call("rpc", "VolumeList", world.place).get("items", [])
    return [item["label"] for item in listed].count(live.inputs["name"])


_NOTHING_ELSE = "all that can differ, its version, can never be changed"

SAMPLE = Sample(
    token="modal:Volume",
    inputs=_inputs,
    mutable={"name": {"name": "renamed"}, "force_destroy": {"force_destroy": False}},
    unset=("force_destroy",),
    immutable={"version": 1},
    invalid={
        "environment_name": {"environment_name": ""},
        "name": {"name": "not allowed"},
        "version": {"version": 3},
    },
    drift=_drift,
    remove=_remove,
    exists=_exists,
    different={"version": 1},
    without={"test_adopt_takes_a_different_object_over": _NOTHING_ELSE},
)
