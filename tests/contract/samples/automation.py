"""A Prefect automation."""

from __future__ import annotations

import json
import uuid

from tests.contract.sample import Object, Properties, Sample, World

BLOCK = str(uuid.UUID(int=1))
EVENT = {
    "type": "event",
    "posture": "Reactive",
    "expect": ["prefect.flow-run.Failed", "prefect.flow-run.Crashed"],
    "match": {"prefect.resource.id": "prefect.flow-run.*"},
    "for_each": ["prefect.resource.id"],
    "threshold": 2,
    "within": 60,
}
NOTIFY = {"type": "send-notification", "block_document_id": BLOCK, "body": "{{ flow }}"}
NOTHING = {"type": "do-nothing"}


def _inputs(_: World, name: str) -> Properties:
    return {
        "name": name,
        "trigger": json.dumps(EVENT),
        "actions": json.dumps([NOTIFY, NOTHING]),
        "actions_on_trigger": json.dumps([NOTHING]),
        "actions_on_resolve": json.dumps([{"type": "cancel-flow-run"}]),
        "description": "What it is for.",
        "enabled": False,
        "tags": ["b", "a"],
    }


def _drift(world: World, live: Object) -> set[str]:
    wire = world.call("GET", f"/automations/{live.id}")
    sent = {k: v for k, v in wire.items() if k not in {"id", "created", "updated"}}
    sent["trigger"]["threshold"] = 3
    body = {**sent, "enabled": True, "actions": [NOTHING]}
    world.call("PUT", f"/automations/{live.id}", body)
    return {"trigger", "enabled", "actions"}


def _remove(world: World, live: Object) -> None:
    world.call("DELETE", f"/automations/{live.id}")


def _exists(world: World, live: Object) -> int:
    body = {"automations": {"name": {"any_": [live.inputs["name"]]}}}
    return len(world.call("POST", "/automations/filter", body))


SAMPLE = Sample(
    token="prefect:Automation",
    inputs=_inputs,
    mutable={
        "enabled": {"enabled": True},
        "trigger": {"trigger": '{"type":"event","posture":"Proactive"}'},
        "actions": {"actions": json.dumps([NOTHING, NOTHING])},
        "the rest": {"description": "x", "tags": ["z"], "actions_on_resolve": "[]"},
        "name": {"name": "renamed"},
    },
    unset=(
        "actions_on_trigger",
        "actions_on_resolve",
        "description",
        "enabled",
        "tags",
    ),
    invalid={
        "name": {"name": ""},
        "trigger.triggers[0].posture": {
            "trigger": json.dumps(
                {
                    "type": "sequence",
                    "triggers": [{"type": "event", "posture": "reactive"}],
                }
            )
        },
        "actions[1].body": {
            "actions": json.dumps(
                [NOTHING, {"type": "send-notification", "block_document_id": BLOCK}]
            )
        },
        "actions_on_trigger[0]": {"actions_on_trigger": '[{"type":"no-such"}]'},
        "tags[0]": {"tags": [1]},
    },
    drift=_drift,
    remove=_remove,
    exists=_exists,
    different={"description": "another"},
)
