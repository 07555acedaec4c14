"""A Prefect variable."""

from __future__ import annotations

from tests.contract.sample import Object, Properties, Sample, World


def _inputs(_: World, name: str) -> Properties:
    return {
        "name": name,
        "value": '{"big":9007199254740993,"empty":{},"list":[],"none":null}',
        "tags": ["b", "a"],
    }


def _drift(world: World, live: Object) -> set[str]:
    body = {"value": {"none": None}, "tags": ["c"]}
    world.call("PATCH", f"/variables/{live.id}", body)
    return {"value", "tags"}


def _remove(world: World, live: Object) -> None:
    world.call("DELETE", f"/variables/{live.id}")


def _exists(world: World, live: Object) -> int:
    name = live.inputs["name"]
    body = {"variables": {"name": {"any_": [name]}}}
    return len(world.call("POST", "/variables/filter", body))


SAMPLE = Sample(
    token="prefect:Variable",
    inputs=_inputs,
    mutable={
        "value": {"value": "1"},
        "value's type": {"value": "true"},
        "value to null": {"value": "null"},
        "tags": {"tags": ["z"]},
        "name": {"name": "renamed"},
    },
    unset=("tags",),
    invalid={
        "name": {"name": "Not Allowed"},
        "value": {"value": '"' + "x" * 5000 + '"'},
        "tags[0]": {"tags": [1]},
    },
    drift=_drift,
    remove=_remove,
    exists=_exists,
    different={"value": "2"},
)
