"""A Modal secret."""

from __future__ import annotations

from tests.contract.sample import Object, Properties, Sample, World


def _inputs(world: World, name: str) -> Properties:
    values = {"TOKEN": world.canary, "EMPTY": ""}
    return {"name": name, "values": values, "rewrite": "1"}


def _drift(world: World, live: Object) -> set[str]:
    more = {"secret_id": live.outputs["secret_id"], "updates": [_NEW_KEY]}
    world.call("rpc", "SecretUpdate", more)
    return {"values"}


def _remove(world: World, live: Object) -> None:
    world.call("rpc", "SecretDelete", {"secret_id": live.outputs["secret_id"]})


def _exists(world: World, live: Object) -> int:
    listed = world.call("rpc", "SecretList", world.place).get("items", [])
    return [item["label"] for item in listed].count(live.inputs["name"])


_NEW_KEY = {"key": "ADDED", "value": "by somebody"}

SAMPLE = Sample(
    token="modal:Secret",
    inputs=_inputs,
    mutable={
        "values": {"values": {"OTHER": "1"}},
        "rewrite": {"rewrite": "2"},
    },
    unset=("rewrite",),
    immutable={"name": "renamed"},
    invalid={
        "environment_name": {"environment_name": ""},
        "name": {"name": "not allowed"},
        "values.not allowed": {"values": {"not allowed": "x"}},
    },
    drift=_drift,
    remove=_remove,
    exists=_exists,
    different={"values": {"OTHER": "1"}},
    secret=frozenset({"values"}),
)
