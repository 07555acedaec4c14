"""A Modal service user and its token."""

from __future__ import annotations

from tests.contract.sample import Object, Properties, Sample, World


def _inputs(_: World, name: str) -> Properties:
    return {
        "name": name,
        "environment_roles": {"main": "contributor"},
        "expires_in_seconds": 86400,
        "rotation": "1",
        "overlap": False,
    }


def _drift(world: World, live: Object) -> set[str]:
    role = {"environment_name": "main", "role_str": "viewer"}
    who = {"service_user_id": live.outputs["service_user_id"]}
    world.call("rpc", "EnvironmentRoleSet", {**role, **who})
    return {"environment_roles"}


def _remove(world: World, live: Object) -> None:
    name = live.outputs["service_user_name"]
    world.call("rpc", "ServiceUserDelete", {"service_user_name": name})


def _exists(world: World, live: Object) -> int:
    listed = world.call("rpc", "ServiceUserList").get("service_users", [])
    return sum(user["name"].startswith(f"{live.inputs['name']}-g") for user in listed)


SAMPLE = Sample(
    token="modal:ServiceUser",
    inputs=_inputs,
    mutable={
        "role": {"environment_roles": {"main": "viewer"}},
        "expiry": {"expires_in_seconds": 3600},
        "rotation": {"rotation": "2"},
        "overlap": {"overlap": True},
    },
    unset=("environment_roles", "expires_in_seconds", "rotation", "overlap"),
    immutable={"name": "renamed"},
    invalid={
        "name": {"name": "has.period"},
        "environment_roles.main": {"environment_roles": {"main": "no-access"}},
        "expires_in_seconds": {"expires_in_seconds": 0},
    },
    drift=_drift,
    remove=_remove,
    exists=_exists,
    different={"environment_roles": {"main": "viewer"}},
    secret=frozenset({"token_secret"}),
)
