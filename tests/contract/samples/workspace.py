"""A Prefect Cloud workspace."""

from __future__ import annotations

from tests.contract.sample import Object, Properties, Sample, World


def _inputs(_: World, name: str) -> Properties:
    return {"handle": name, "name": "A workspace", "description": "for tests"}


def _drift(world: World, live: Object) -> set[str]:
    body = {"name": "Changed", "description": ""}
    world.call("PATCH", f"/workspaces/{live.id}", body)
    return {"name", "description"}


def _remove(world: World, live: Object) -> None:
    world.call("DELETE", f"/workspaces/{live.id}")


def _exists(world: World, live: Object) -> int:
    body = {"workspaces": {"handle": {"any_": [live.inputs["handle"]]}}}
    return len(world.call("POST", "/workspaces/filter", body))


SAMPLE = Sample(
    token="prefect:Workspace",
    inputs=_inputs,
    mutable={
        "name": {"name": "Another name"},
        "description": {"description": "changed"},
        "force_destroy": {"force_destroy": True},
    },
    unset=("description",),
    invalid={
        "handle": {"handle": "Not A Handle"},
        "name": {"name": ""},
        "force_destroy": {"force_destroy": "maybe"},
    },
    drift=_drift,
    remove=_remove,
    exists=_exists,
    different={"description": "somebody else's"},
)
