"""What automations need beyond the contract that all kinds have."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.servicer import CallError

if TYPE_CHECKING:
    from tests.contract.conftest import PrefectWorld, Worlds
    from tests.contract.sample import Properties

AUTOMATION = "prefect:Automation"
ID = "ABCDEF00-0000-4000-8000-000000000001"
EVENT = {"type": "event", "posture": "Reactive", "expect": ["x"]}
NOTHING = {"type": "do-nothing"}
LABELS = {"prefect.resource.id": "prefect.flow-run.*"}

TRIGGERS: dict[str, Any] = {
    "event": {"type": "event", "posture": "Reactive"},
    "event in full": {
        "type": "event",
        "posture": "Reactive",
        "expect": ["b", "a", "b"],
        "after": ["d", "c"],
        "for_each": ["prefect.resource.id", "a"],
        "match": {**LABELS, "env": ["prod", "staging"]},
        "match_related": [{"prefect.resource.role": "flow"}, {"x": ["y", "z"]}],
        "threshold": 3,
        "within": 0.25,
    },
    "proactive": {"type": "event", "posture": "Proactive"},
    "proactive at zero": {"type": "event", "posture": "Proactive", "within": 0},
    "proactive as a duration": {
        "type": "event",
        "posture": "Proactive",
        "within": "PT1H",
    },
    "no related": {"type": "event", "posture": "Reactive", "match_related": []},
    "compound": {"type": "compound", "require": "any", "triggers": [EVENT, EVENT]},
    "compound of a number": {
        "type": "compound",
        "require": 1,
        "within": 90,
        "triggers": [EVENT],
    },
    "sequence": {"type": "sequence", "within": 60, "triggers": [EVENT, EVENT]},
    "nested": {
        "type": "compound",
        "require": "all",
        "within": None,
        "triggers": [EVENT, {"type": "sequence", "within": 1, "triggers": [EVENT]}],
    },
}

ACTIONS: dict[str, Any] = {
    **{
        kind: {"type": kind}
        for kind in (
            "do-nothing",
            "cancel-flow-run",
            "suspend-flow-run",
            "resume-flow-run",
            "delete-flow-run",
        )
    },
    **{
        f"{verb}-{what}": {
            "type": f"{verb}-{what}",
            f"{what.replace('-', '_')}_id": ID,
        }
        for verb in ("pause", "resume")
        for what in ("deployment", "work-pool", "work-queue", "automation")
    },
    "inferred": {"type": "pause-work-pool", "source": "inferred"},
    "run-deployment": {"type": "run-deployment", "deployment_id": ID},
    "run-deployment in full": {
        "type": "run-deployment",
        "deployment_id": ID,
        "parameters": {"none": None, "big": 9007199254740993, "empty": {}},
        "job_variables": {},
        "schedule_after": 60,
    },
    "change-flow-run-state": {"type": "change-flow-run-state", "state": "FAILED"},
    "change-flow-run-state in full": {
        "type": "change-flow-run-state",
        "state": "CRASHED",
        "name": "",
        "message": "m",
        "force": True,
    },
    "send-notification": {
        "type": "send-notification",
        "block_document_id": ID,
        "body": "{{ flow.name }}",
    },
    "send-notification with a subject": {
        "type": "send-notification",
        "block_document_id": ID,
        "subject": "s",
        "body": "",
    },
    "call-webhook": {"type": "call-webhook", "block_document_id": ID},
    "call-webhook with an object": {
        "type": "call-webhook",
        "block_document_id": ID,
        "payload": {"b": 1, "a": "ü"},
    },
}


@pytest.fixture
def world(worlds: Worlds) -> PrefectWorld:
    """Return the workspace that automations are tested in."""
    return worlds.of(AUTOMATION)


def _inputs(
    world: PrefectWorld,
    name: str,
    trigger: Any = EVENT,
    actions: Any = (NOTHING,),
    **rest: Any,
) -> Properties:
    written = {"trigger": json.dumps(trigger), "actions": json.dumps(list(actions))}
    return {**world.place, "name": name, **written, **rest}


def _unchanging(world: PrefectWorld, inputs: Properties) -> None:
    """Create, read, replace by a PUT, read again: never a diff."""
    made = world.servicer.create(AUTOMATION, inputs)
    live = world.servicer.read(made)
    assert live is not None
    assert live.inputs == made.inputs
    again = world.servicer.update(made, {**inputs, "description": "changed"})
    live = world.servicer.read(again)
    assert live is not None
    assert live.inputs == again.inputs
    world.servicer.delete(again)


@pytest.mark.parametrize("trigger", TRIGGERS.values(), ids=list(TRIGGERS))
def test_no_trigger_shows_a_diff_of_its_own(
    world: PrefectWorld, unique: str, trigger: Any
) -> None:
    """However the server completes, numbers and shuffles a trigger, it reads back."""
    _unchanging(world, _inputs(world, unique, trigger=trigger))


@pytest.mark.parametrize("action", ACTIONS.values(), ids=list(ACTIONS))
def test_no_action_shows_a_diff_of_its_own(
    world: PrefectWorld, unique: str, action: Any
) -> None:
    """However the server completes an action, it reads back as written."""
    _unchanging(world, _inputs(world, unique, actions=[action]))


def test_switching_on_or_off_touches_nothing_else(
    world: PrefectWorld, unique: str
) -> None:
    """It is a PATCH: the trigger keeps its id, and what it has counted so far."""
    inputs = _inputs(world, unique)
    made = world.servicer.create(AUTOMATION, inputs)
    before = world.call("GET", f"/automations/{made.id}")
    world.servicer.update(made, {**inputs, "enabled": False})
    after = world.call("GET", f"/automations/{made.id}")
    assert after["enabled"] is False
    assert after["trigger"] == before["trigger"]


def test_a_name_that_several_have_is_refused(world: PrefectWorld, unique: str) -> None:
    """Which one is meant cannot be told: the error names them all."""
    body = {"name": unique, "trigger": EVENT, "actions": [NOTHING]}
    ids = [world.call("POST", "/automations/", body)["id"] for _ in range(2)]
    with pytest.raises(CallError, match="there are 2 of that name") as refused:
        world.servicer.create(AUTOMATION, _inputs(world, unique))
    assert all(id_ in str(refused.value) for id_ in ids)


def test_a_rename_does_not_make_two_of_a_name(world: PrefectWorld, unique: str) -> None:
    """The server would let it happen, and nobody could tell them apart again."""
    world.servicer.create(AUTOMATION, _inputs(world, unique))
    other = world.servicer.create(AUTOMATION, _inputs(world, f"{unique}-2"))
    with pytest.raises(CallError, match=f"another is already called '{unique}'"):
        world.servicer.update(other, _inputs(world, unique))


def test_a_server_refuses_what_only_the_cloud_has_in_one_sentence(
    world: PrefectWorld, unique: str
) -> None:
    """The preview lets it through; the server's answer is made readable."""
    metric = {"name": "lateness", "operator": ">", "threshold": 60}
    trigger = {"type": "metric", "metric": metric}
    actions = [{"type": "declare-incident"}]
    with pytest.raises(CallError, match="only Prefect Cloud has metric and declare"):
        world.servicer.create(AUTOMATION, _inputs(world, unique, trigger, actions))


def test_a_bad_template_is_named_without_the_other_alternatives(
    world: PrefectWorld, unique: str
) -> None:
    """The server answers with the faults of all 17 action types; one is meant."""
    action = {**ACTIONS["send-notification"], "body": "{{ unfinished"}
    with pytest.raises(CallError, match="is not a valid template") as refused:
        world.servicer.create(AUTOMATION, _inputs(world, unique, actions=[action]))
    assert "Input should be" not in str(refused.value)


def test_an_endless_loop_is_refused_with_the_servers_own_words(
    world: PrefectWorld, unique: str
) -> None:
    """A run that starts itself again is caught before anything is made."""
    trigger = {**EVENT, "expect": ["prefect.flow-run.Running"]}
    actions = [{"type": "run-deployment", "source": "inferred"}]
    with pytest.raises(CallError, match="infinite loop"):
        world.servicer.create(AUTOMATION, _inputs(world, unique, trigger, actions))


def test_what_others_put_in_that_we_cannot_write_shows_and_goes(
    world: PrefectWorld, unique: str
) -> None:
    """A trigger beyond our rules is drift like any other, not an error."""
    inputs = _inputs(world, unique)
    made = world.servicer.create(AUTOMATION, inputs)
    odd = {"type": "sequence", "within": -1, "triggers": []}
    body = {"name": unique, "trigger": odd, "actions": [NOTHING]}
    world.call("PUT", f"/automations/{made.id}", body)
    drifted = world.servicer.read(made)
    assert drifted is not None
    assert world.servicer.diff(drifted, made.inputs) == (["trigger"], [])
    world.servicer.update(drifted, inputs)
    live = world.servicer.read(drifted)
    assert live is not None
    assert live.inputs == made.inputs


def test_references_are_not_checked_by_anyone(world: PrefectWorld, unique: str) -> None:
    """An action may name what does not exist (yet): Prefect allows it, and so do we."""
    action = {"type": "pause-automation", "automation_id": str(uuid.uuid4())}
    made = world.servicer.create(AUTOMATION, _inputs(world, unique, actions=[action]))
    assert world.servicer.read(made) is not None
