"""A deployment's access list."""

from __future__ import annotations

from tests.contract.sample import Object, Properties, Sample, World
from tests.support.access_lists import drift, exists, invalid, mutable, remove, somebody

SOME_ID = "00000000-0000-4000-8000-000000000000"


def _inputs(world: World, name: str) -> Properties:
    flow = world.make("prefect:Flow", {"name": name})
    deployment = world.make("prefect:Deployment", {"flow_id": flow.id, "name": name})
    return {
        "deployment_id": deployment.id,
        **somebody(world, name),
        "run_actor_ids": ["*"],
    }


def _path(live: Object) -> str:
    return f"/deployments/{live.inputs['deployment_id']}"


SAMPLE = Sample(
    token="prefect:DeploymentAccess",
    inputs=_inputs,
    mutable={**mutable(), "run": {"run_actor_ids": []}},
    unset=("manage_team_ids", "run_actor_ids", "view_actor_ids"),
    immutable={"deployment_id": SOME_ID},
    invalid={**invalid(), "deployment_id": {"deployment_id": "something"}},
    drift=lambda world, live: drift(world, live, _path(live)),
    remove=lambda world, live: remove(world, _path(live)),
    exists=lambda world, live: exists(world, _path(live)),
    different={"view_actor_ids": []},
)
