"""Automations: one form for what is written and what is read."""

from __future__ import annotations

import copy
import json
import random
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.kernel.check import check_properties
from components.prefect.automation import (
    AutomationArgs,
    AutomationKind,
    AutomationState,
    to_wire,
)
from components.prefect.automation_actions import ACTION
from components.prefect.automation_parts import as_read, canonical, whole
from components.prefect.automation_triggers import TRIGGER

if TYPE_CHECKING:
    from components.prefect.client import PrefectApi

ID = UUID(int=7)
EVENT = {"type": "event", "posture": "Reactive"}

names = st.text("ab.*-", min_size=1, max_size=6)
sets = st.lists(names, max_size=3)
spans = st.floats(0, 1e6).map(lambda s: round(s, 6)) | st.integers(0, 10**6)
labels = st.dictionaries(names, names | st.lists(names, max_size=2), max_size=2)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=5,
)
objects = st.none() | st.dictionaries(names, json_values, max_size=2)
ids = st.uuids().map(str) | st.uuids().map(lambda id_: str(id_).upper())
events = st.fixed_dictionaries(
    {"type": st.just("event"), "posture": st.just("Reactive")},
    optional={
        "expect": sets,
        "after": sets,
        "for_each": sets,
        "match": labels,
        "match_related": labels | st.lists(labels, max_size=2),
        "threshold": st.integers(0, 9),
        "within": spans,
    },
)
proactive = events.flatmap(
    lambda event: st.fixed_dictionaries(
        {"within": st.just(0) | st.floats(10, 1e6).map(lambda s: round(s, 6))}
    ).map(lambda more: {**event, "posture": "Proactive", **more})
)
metrics = st.fixed_dictionaries(
    {
        "type": st.just("metric"),
        "metric": st.fixed_dictionaries(
            {
                "name": st.sampled_from(["lateness", "duration", "successes"]),
                "operator": st.sampled_from(["<", "<=", ">", ">="]),
                "threshold": st.floats(0, 1) | st.integers(0, 9),
            },
            optional={"range": st.integers(300, 900)},
        ),
    },
    optional={"match": labels},
)
triggers = st.recursive(
    events | proactive | metrics,
    lambda inner: (
        st.fixed_dictionaries(
            {
                "type": st.just("compound"),
                "require": st.sampled_from(["any", "all", 1]),
                "triggers": st.lists(inner, min_size=1, max_size=3),
            },
            optional={"within": spans | st.none()},
        )
        | st.fixed_dictionaries(
            {
                "type": st.just("sequence"),
                "triggers": st.lists(inner, min_size=1, max_size=3),
            },
            optional={"within": spans},
        )
    ),
    max_leaves=4,
)
actions = st.one_of(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["do-nothing", "declare-incident"])}
    ),
    st.fixed_dictionaries(
        {"type": st.just("run-deployment"), "deployment_id": ids},
        optional={
            "parameters": objects,
            "job_variables": objects,
            "schedule_after": spans,
        },
    ),
    st.fixed_dictionaries(
        {"type": st.just("pause-work-pool"), "source": st.just("inferred")}
    ),
    st.fixed_dictionaries(
        {
            "type": st.just("send-notification"),
            "block_document_id": ids,
            "body": st.text(max_size=5),
        },
        optional={"subject": st.text(max_size=5)},
    ),
    st.fixed_dictionaries(
        {"type": st.just("call-webhook"), "block_document_id": ids},
        optional={"payload": st.text(max_size=5) | st.dictionaries(names, json_values)},
    ),
    st.fixed_dictionaries(
        {"type": st.just("change-flow-run-state"), "state": st.just("FAILED")},
        optional={"name": st.none() | st.text(), "force": st.booleans()},
    ),
    st.fixed_dictionaries(
        {
            "type": st.just("send-email-notification"),
            "emails": st.lists(names, min_size=1, max_size=2),
            "body": names,
        }
    ),
)
automations = st.builds(
    AutomationArgs,
    name=names,
    trigger=triggers,
    actions=st.lists(actions, max_size=3),
    actions_on_trigger=st.lists(actions, max_size=2),
    actions_on_resolve=st.lists(actions, max_size=2),
    description=st.text(max_size=5),
    enabled=st.booleans(),
    tags=st.frozensets(names, max_size=3),
)


class Nowhere:
    """As much of an API as `parse` looks at."""

    workspace_id = None


def _parsed(wire: dict[str, Any]) -> AutomationState:
    api: PrefectApi = Nowhere()  # type: ignore[assignment]  # as much as is used
    return AutomationKind().parse(api, wire)


def _numbered(trigger: Any) -> Any:
    """Do to a trigger what the server does: number it, and shuffle its sets."""
    numbered = {**trigger, "id": str(ID)}
    for key in ("expect", "after", "for_each"):
        if key in numbered:
            numbered[key] = random.Random(0).sample(  # noqa: S311  # no secret
                numbered[key], len(numbered[key])
            )
    if "triggers" in numbered:
        numbered["triggers"] = [_numbered(child) for child in numbered["triggers"]]
    return numbered


@given(triggers)
def test_a_triggers_one_form_is_stable_and_survives_the_server(trigger: Any) -> None:
    """Canonical once is canonical for ever, in short and in full, numbered or not."""
    form = canonical(TRIGGER, trigger)
    assert canonical(TRIGGER, form) == form
    answered = _numbered(whole(TRIGGER, form))
    before = copy.deepcopy(answered)
    assert as_read(TRIGGER, answered) == form
    assert answered == before


@given(actions)
def test_an_actions_one_form_is_stable_and_survives_newer_servers(action: Any) -> None:
    """Fields that a newer server adds with its own defaults make no diff."""
    form = canonical(ACTION, action)
    assert canonical(ACTION, form) == form
    assert as_read(ACTION, {**whole(ACTION, form), "since_prefect_9": None}) == form


@given(automations)
def test_an_automation_reads_back_as_written(args: AutomationArgs) -> None:
    """The wire form and the model are inverses, as far as a user can see."""
    wire = to_wire(args)
    state = _parsed({**wire, "id": str(ID), "trigger": _numbered(wire["trigger"])})
    expected = {**args.to_properties(), "id": str(ID)}
    assert state.to_properties() == expected


@given(automations)
def test_check_is_idempotent(args: AutomationArgs) -> None:
    """Checking what check answered changes nothing."""
    props, failures = check_properties(AutomationArgs, args.to_properties())
    assert not failures
    assert check_properties(AutomationArgs, props) == (props, [])


@pytest.mark.parametrize(
    ("field", "written", "path", "why"),
    [
        ("trigger", {**EVENT, "posture": "x"}, "trigger.posture", "Reactive"),
        ("trigger", {"type": "event"}, "trigger.posture", "required"),
        ("trigger", {**EVENT, "expects": []}, "trigger.expects", "not a field"),
        ("trigger", {"type": "evnt"}, "trigger", "evnt"),
        ("trigger", {"posture": "Reactive"}, "trigger", "type"),
        ("trigger", {**EVENT, "within": -1}, "trigger.within", "negative"),
        (
            "trigger",
            {"type": "event", "posture": "Proactive", "within": 5},
            "trigger",
            "10 seconds or more",
        ),
        (
            "trigger",
            {"type": "compound", "require": 2, "triggers": [EVENT]},
            "trigger",
            "requires 2 of its triggers, but has 1",
        ),
        (
            "trigger",
            {
                "type": "sequence",
                "triggers": [
                    EVENT,
                    {
                        "type": "compound",
                        "require": "any",
                        "triggers": [{**EVENT, "threshold": "x"}],
                    },
                ],
            },
            "trigger.triggers[1].triggers[0].threshold",
            "integer",
        ),
        (
            "trigger",
            {
                "type": "metric",
                "metric": {
                    "name": "lateness",
                    "operator": ">",
                    "threshold": 1,
                    "range": 60,
                },
            },
            "trigger.metric.range",
            "300 seconds or more",
        ),
        (
            "actions",
            [{"type": "do-nothing"}, {"type": "run-deployment"}],
            "actions[1]",
            "needs a deployment_id",
        ),
        (
            "actions",
            [
                {
                    "type": "pause-work-queue",
                    "source": "inferred",
                    "work_queue_id": str(ID),
                }
            ],
            "actions[0]",
            "cannot have a work_queue_id",
        ),
        (
            "actions",
            [{"type": "change-flow-run-state", "state": "failed"}],
            "actions[0].state",
            "FAILED",
        ),
        (
            "actions_on_resolve",
            [{"type": "do-nothing", "body": "x"}],
            "actions_on_resolve[0].body",
            "not a field",
        ),
        (
            "actions",
            [{"type": "call-webhook", "block_document_id": "hook"}],
            "actions[0].block_document_id",
            "UUID",
        ),
    ],
)
def test_a_fault_is_named_where_it_is(
    field: str, written: Any, path: str, why: str
) -> None:
    """The preview leads to the very field, however deep it is nested."""
    good = {"name": "x", "trigger": json.dumps(EVENT), "actions": "[]"}
    _, failures = check_properties(AutomationArgs, {**good, field: json.dumps(written)})
    assert [failure.path for failure in failures] == [path]
    assert why in failures[0].reason
