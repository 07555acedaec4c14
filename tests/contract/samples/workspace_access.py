"""A service account's access to a workspace."""

from __future__ import annotations

from tests.contract.sample import Object, Properties, Sample, World

SOMEBODY = "00000000-0000-4000-8000-000000000000"


def _inputs(world: World, name: str) -> Properties:
    account = world.make("prefect:ServiceAccount", {"name": name}, placed=False)
    return {
        "accessor_type": "service_account",
        "accessor_id": account.id,
        "role": "Developer",
    }


def _access(world: World, live: Object) -> list[Properties]:
    accessor = live.inputs["accessor_id"]
    listed = world.call("POST", "/bot_access/filter", {})
    return [access for access in listed if access["bot_id"] == accessor]


def _drift(world: World, live: Object) -> set[str]:
    roles = world.call("POST", "../../workspace_roles/filter", {})
    viewer = next(role["id"] for role in roles if role["name"] == "Viewer")
    accessor = live.inputs["accessor_id"]
    grant = {"workspace_role_id": viewer, "bot_id": accessor}
    world.call("POST", "/bot_access/", [grant])
    return {"role"}


def _remove(world: World, live: Object) -> None:
    world.call("DELETE", f"/bot_access/{live.id}")


def _exists(world: World, live: Object) -> int:
    return len(_access(world, live))


SAMPLE = Sample(
    token="prefect:WorkspaceAccess",
    inputs=_inputs,
    mutable={"role": {"role": "Viewer"}},
    immutable={"accessor_type": "team", "accessor_id": SOMEBODY},
    invalid={
        "accessor_type": {"accessor_type": "robot"},
        "accessor_id": {"accessor_id": "somebody"},
        "role": {"role": 1},
    },
    drift=_drift,
    remove=_remove,
    exists=_exists,
    different={"role": "Runner"},
)
