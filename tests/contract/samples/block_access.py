"""A block's access list."""

from __future__ import annotations

from tests.contract.sample import Object, Properties, Sample, World
from tests.support.access_lists import drift, exists, invalid, mutable, remove, somebody

SOME_ID = "00000000-0000-4000-8000-000000000000"


def _inputs(world: World, name: str) -> Properties:
    block = {"type_slug": "secret", "name": name, "secrets": {"value": '"s"'}}
    made = world.make("prefect:Block", block)
    return {"block_id": made.id, **somebody(world, name)}


def _path(live: Object) -> str:
    return f"/block_documents/{live.inputs['block_id']}"


SAMPLE = Sample(
    token="prefect:BlockAccess",
    inputs=_inputs,
    mutable=mutable(),
    unset=("manage_team_ids", "view_actor_ids"),
    immutable={"block_id": SOME_ID},
    invalid={**invalid(), "block_id": {"block_id": "something"}},
    drift=lambda world, live: drift(world, live, _path(live)),
    remove=lambda world, live: remove(world, _path(live)),
    exists=lambda world, live: exists(world, _path(live)),
    different={"view_actor_ids": []},
)
