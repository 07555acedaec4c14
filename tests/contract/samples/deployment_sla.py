"""The service level agreements of a deployment."""

from __future__ import annotations

from tests.contract.sample import Object, Properties, Sample, World

SOME_ID = "00000000-0000-4000-8000-000000000000"
UNREADABLE = "Prefect has no call that reads agreements"
LATE = {"name": "late", "within": 600, "severity": "high"}
SLOW = {"name": "slow", "duration": 60}


def _inputs(world: World, name: str) -> Properties:
    flow = world.make("prefect:Flow", {"name": name})
    deployment = world.make("prefect:Deployment", {"flow_id": flow.id, "name": name})
    fresh = {
        "name": "fresh",
        "within": 3600,
        "expected_event": "table.updated",
        "resource_match": '{"label":"x"}',
        "enabled": False,
    }
    return {"deployment_id": deployment.id, "slas": [SLOW, fresh, LATE]}


def _path(live: Object) -> str:
    owner = f"prefect.deployment.{live.inputs['deployment_id']}"
    return f"/slas/apply-resource-slas/{owner}"


def _drift(world: World, live: Object) -> set[str]:
    raise NotImplementedError(UNREADABLE)


def _remove(world: World, live: Object) -> None:
    world.call("DELETE", f"/deployments/{live.id}")


def _exists(world: World, live: Object) -> int:
    """Ask by the only call there is: take them all away, and put them back."""
    held = world.call("POST", _path(live), [])["deleted"]
    shown = {"id", "created", "updated", "type"}
    back = [{k: v for k, v in sla.items() if k not in shown} for sla in held]
    world.call("POST", _path(live), back)
    return int(bool(held))


SAMPLE = Sample(
    token="prefect:DeploymentSla",
    inputs=_inputs,
    mutable={
        "one less": {"slas": [LATE]},
        "another sort": {"slas": [{**SLOW, "name": "late"}]},
    },
    immutable={"deployment_id": SOME_ID},
    invalid={
        "deployment_id": {"deployment_id": "something"},
        "slas[0]": {"slas": [{**SLOW, "within": 60}]},
    },
    drift=_drift,
    remove=_remove,
    exists=_exists,
    different={"slas": [LATE]},
    without={
        "test_drift_is_seen_property_by_property_and_repaired": UNREADABLE,
        "test_a_different_object_is_refused_and_left_alone": UNREADABLE,
        "test_a_deletion_behind_our_back_is_seen_and_repaired": (
            "it is seen as the deployment's, which must be made anew first"
        ),
    },
)
