"""A Prefect global concurrency limit."""

from __future__ import annotations

from tests.contract.sample import Object, Properties, Sample, World


def _inputs(_: World, name: str) -> Properties:
    return {
        "name": f"{name} #1?",
        "limit": 3,
        "active": False,
        "slot_decay_per_second": 0.25,
    }


def _drift(world: World, live: Object) -> set[str]:
    body = {"limit": 4, "active": True, "slot_decay_per_second": 0}
    world.call("PATCH", f"/v2/concurrency_limits/{live.id}", body)
    return set(body)


def _remove(world: World, live: Object) -> None:
    world.call("DELETE", f"/v2/concurrency_limits/{live.id}")


def _exists(world: World, live: Object) -> int:
    found = world.call("POST", "/v2/concurrency_limits/filter", {"limit": 200})
    return [limit["name"] for limit in found].count(live.inputs["name"])


SAMPLE = Sample(
    token="prefect:GlobalConcurrencyLimit",
    inputs=_inputs,
    mutable={
        "name": {"name": "renamed"},
        "limit": {"limit": 0},
        "active": {"active": True},
        "decay": {"slot_decay_per_second": 1.5},
        "no decay": {"slot_decay_per_second": 0},
    },
    unset=("active", "slot_decay_per_second"),
    invalid={
        "name": {"name": "tag:reserved"},
        "limit": {"limit": -1},
        "active": {"active": "maybe"},
        "slot_decay_per_second": {"slot_decay_per_second": -0.5},
    },
    drift=_drift,
    remove=_remove,
    exists=_exists,
    different={"limit": 7},
)
