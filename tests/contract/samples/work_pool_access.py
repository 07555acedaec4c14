"""A work pool's access list."""

from __future__ import annotations

from tests.contract.sample import Object, Properties, Sample, World
from tests.support.access_lists import drift, exists, invalid, mutable, remove, somebody


def _inputs(world: World, name: str) -> Properties:
    pool = world.make("prefect:WorkPool", {"name": name, "type": "process"})
    return {
        "work_pool_name": pool.inputs["name"],
        **somebody(world, name),
        "run_actor_ids": ["*"],
    }


def _path(live: Object) -> str:
    return f"/work_pools/{live.inputs['work_pool_name']}"


SAMPLE = Sample(
    token="prefect:WorkPoolAccess",
    inputs=_inputs,
    mutable={**mutable(), "run": {"run_actor_ids": []}},
    unset=("manage_team_ids", "run_actor_ids", "view_actor_ids"),
    immutable={"work_pool_name": "another"},
    invalid={**invalid(), "work_pool_name": {"work_pool_name": ""}},
    drift=lambda world, live: drift(world, live, _path(live)),
    remove=lambda world, live: remove(world, _path(live)),
    exists=lambda world, live: exists(world, _path(live)),
    different={"view_actor_ids": []},
)
