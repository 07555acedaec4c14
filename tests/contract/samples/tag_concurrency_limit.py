"""A Prefect tag concurrency limit."""

from __future__ import annotations

from tests.contract.sample import Object, Properties, Sample, World


def _inputs(_: World, name: str) -> Properties:
    return {"tag": f"{name} #1?", "concurrency_limit": 3}


def _drift(world: World, live: Object) -> set[str]:
    body = {"tag": live.inputs["tag"], "concurrency_limit": 4}
    world.call("POST", "/concurrency_limits/", body)
    return {"concurrency_limit"}


def _remove(world: World, live: Object) -> None:
    world.call("DELETE", f"/concurrency_limits/{live.id}")


def _exists(world: World, live: Object) -> int:
    found = world.call("POST", "/v2/concurrency_limits/filter", {"limit": 200})
    return [limit["name"] for limit in found].count(f"tag:{live.inputs['tag']}")


SAMPLE = Sample(
    token="prefect:TagConcurrencyLimit",
    inputs=_inputs,
    mutable={"limit": {"concurrency_limit": 0}},
    immutable={"tag": "another"},
    invalid={
        "tag": {"tag": "a/b"},
        "concurrency_limit": {"concurrency_limit": -1},
    },
    drift=_drift,
    remove=_remove,
    exists=_exists,
    different={"concurrency_limit": 7},
)
