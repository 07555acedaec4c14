"""A webhook."""

from __future__ import annotations

from tests.contract.sample import Object, Properties, Sample, World

TEMPLATE = '{"event": "{{ body.event }}", "resource": {"prefect.resource.id": "r"}}'


def _inputs(world: World, name: str) -> Properties:
    account = world.make("prefect:ServiceAccount", {"name": name}, placed=False)
    return {
        "name": name,
        "template": TEMPLATE,
        "description": "for tests",
        "enabled": False,
        "service_account_id": account.id,
        "rotation": "1",
    }


def _drift(world: World, live: Object) -> set[str]:
    world.call("PATCH", f"/webhooks/{live.id}", {"enabled": True})
    world.call("POST", f"/webhooks/{live.id}/rotate")
    return {"enabled"}


def _remove(world: World, live: Object) -> None:
    world.call("DELETE", f"/webhooks/{live.id}")


def _exists(world: World, live: Object) -> int:
    body = {"webhooks": {"name": {"any_": [live.inputs["name"]]}}}
    return len(world.call("POST", "/webhooks/filter", body))


SAMPLE = Sample(
    token="prefect:Webhook",
    inputs=_inputs,
    mutable={
        "name": {"name": "renamed"},
        "template": {"template": "{}"},
        "description": {"description": "changed"},
        "enabled": {"enabled": True},
        "rotation": {"rotation": "2"},
    },
    unset=("description", "enabled", "service_account_id", "rotation"),
    invalid={
        "name": {"name": ""},
        "template": {"template": ""},
        "enabled": {"enabled": "maybe"},
        "service_account_id": {"service_account_id": "somebody"},
    },
    drift=_drift,
    remove=_remove,
    exists=_exists,
    different={"template": "{}"},
    secret=frozenset({"endpoint"}),
)
