"""A service account and its API key."""

from __future__ import annotations

from tests.contract.sample import Object, Properties, Sample, World


def _inputs(_: World, name: str) -> Properties:
    return {
        "name": name,
        "account_role": "Admin",
        "api_key_expiration": "2099-01-01T00:00:00+01:00",
        "rotation": "1",
        "overlap_seconds": 60,
    }


def _drift(world: World, live: Object) -> set[str]:
    world.call("POST", f"/bots/{live.id}/rotate_api_key", {})
    return {"api_key_works", "api_key_expiration"}


def _remove(world: World, live: Object) -> None:
    world.call("DELETE", f"/bots/{live.id}")


def _exists(world: World, live: Object) -> int:
    body = {"service_accounts": {"name": {"any_": [live.inputs["name"]]}}}
    return len(world.call("POST", "/bots/filter", body))


SAMPLE = Sample(
    token="prefect:ServiceAccount",
    inputs=_inputs,
    mutable={
        "name": {"name": "renamed"},
        "role": {"account_role": "Member"},
        "expiration": {"api_key_expiration": "2098-01-01T00:00:00Z"},
        "rotation": {"rotation": "2"},
        "overlap": {"overlap_seconds": 5},
    },
    unset=("account_role", "api_key_expiration", "rotation", "overlap_seconds"),
    invalid={
        "name": {"name": ""},
        "api_key_expiration": {"api_key_expiration": "2099-01-01T00:00:00"},
        "overlap_seconds": {"overlap_seconds": -1},
    },
    drift=_drift,
    remove=_remove,
    exists=_exists,
    different={"account_role": "Member"},
    secret=frozenset({"api_key"}),
)
