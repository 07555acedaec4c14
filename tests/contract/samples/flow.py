"""A Prefect flow."""

from __future__ import annotations

from tests.contract.sample import Object, Properties, Sample, World


def _inputs(_: World, name: str) -> Properties:
    return {
        "name": name,
        "tags": ["b", "a"],
        "labels": '{"big":9007199254740993,"float":1.0,"on":true,"team":"data"}',
        "force_destroy": True,
    }


def _drift(world: World, live: Object) -> set[str]:
    world.call("PATCH", f"/flows/{live.id}", {"tags": ["c"]})
    return {"tags"}


def _remove(world: World, live: Object) -> None:
    world.call("DELETE", f"/flows/{live.id}")


def _exists(world: World, live: Object) -> int:
    body = {"flows": {"name": {"any_": [live.inputs["name"]]}}}
    return len(world.call("POST", "/flows/filter", body))


SAMPLE = Sample(
    token="prefect:Flow",
    inputs=_inputs,
    mutable={"tags": {"tags": ["z"]}, "force_destroy": {"force_destroy": False}},
    unset=("tags", "force_destroy"),
    immutable={"name": "renamed", "labels": '{"team":"platform"}'},
    invalid={
        "name": {"name": "not/allowed"},
        "labels": {"labels": '{"nested":{}}'},
        "tags[0]": {"tags": [1]},
    },
    drift=_drift,
    remove=_remove,
    exists=_exists,
    different={"tags": ["other"]},
)
