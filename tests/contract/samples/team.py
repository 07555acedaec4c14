"""A team and its members."""

from __future__ import annotations

from tests.contract.sample import Object, Properties, Sample, World


def _owner(world: World) -> Properties:
    members: list[Properties] = world.call("POST", "/account_memberships/filter", {})
    return members[0]


def _inputs(world: World, name: str) -> Properties:
    account = world.make("prefect:ServiceAccount", {"name": name}, placed=False)
    return {
        "name": name,
        "description": "for tests",
        "user_ids": [_owner(world)["user_id"]],
        "service_account_ids": [account.id],
    }


def _drift(world: World, live: Object) -> set[str]:
    body = {"name": live.inputs["name"], "description": "theirs"}
    world.call("PUT", f"/teams/{live.id}", body)
    actor = _owner(world)["actor_id"]
    world.call("DELETE", f"/teams/{live.id}/members/{actor}")
    return {"description", "user_ids"}


def _remove(world: World, live: Object) -> None:
    world.call("DELETE", f"/teams/{live.id}")


def _exists(world: World, live: Object) -> int:
    body = {"teams": {"name": {"any_": [live.inputs["name"]]}}}
    return len(world.call("POST", "/teams/filter", body))


SAMPLE = Sample(
    token="prefect:Team",
    inputs=_inputs,
    mutable={
        "name": {"name": "renamed"},
        "description": {"description": "changed"},
        "users": {"user_ids": []},
        "service accounts": {"service_account_ids": []},
    },
    unset=("description",),
    invalid={
        "name": {"name": ""},
        "user_ids[0]": {"user_ids": ["somebody"]},
        "service_account_ids[0]": {"service_account_ids": ["something"]},
    },
    drift=_drift,
    remove=_remove,
    exists=_exists,
    different={"service_account_ids": []},
)
