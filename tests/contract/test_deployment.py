"""The traps of deployments: upserts, wiped runs, linked limits, joined fields."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.samples.deployment import pool
from tests.support.servicer import CallError, Object, unknown

if TYPE_CHECKING:
    from tests.contract.conftest import PrefectWorld, Worlds
    from tests.support.proxy import Call

DEPLOYMENT = "prefect:Deployment"
NUMBER = json.dumps({"type": "object", "properties": {"n": {"type": "integer"}}})


@pytest.fixture
def world(worlds: Worlds) -> PrefectWorld:
    return worlds.of(DEPLOYMENT)


@pytest.fixture
def wanted(world: PrefectWorld, unique: str) -> dict[str, Any]:
    """Return the inputs of the plainest deployment."""
    flow = world.make("prefect:Flow", {"name": unique})
    return {**world.place, "name": unique, "flow_id": flow.id}


def live(world: PrefectWorld, made: Object) -> dict[str, Any]:
    answer: dict[str, Any] = world.call("GET", f"/deployments/{made.id}")
    return answer


def writes(calls: list[Call]) -> list[str]:
    return [call.method for call in calls if call.writes]


def limit(world: PrefectWorld, name: str) -> str:
    body = {"name": name, "limit": 7}
    return str(world.call("POST", "/v2/concurrency_limits/", body)["id"])


def test_a_deployment_made_since_the_list_call_is_not_overwritten(
    world: PrefectWorld, wanted: dict[str, Any]
) -> None:
    """POST is an upsert: without a second look it would wipe what somebody made."""
    world.servicer.create(DEPLOYMENT, {**wanted, "name": "first"})
    body = {"flow_id": wanted["flow_id"], "name": wanted["name"], "tags": ["theirs"]}
    theirs = world.call("POST", "/deployments/", body)
    with pytest.raises(CallError, match="already there and differs in tags"):
        world.servicer.create(DEPLOYMENT, wanted)
    assert world.call("GET", f"/deployments/{theirs['id']}")["tags"] == ["theirs"]


def test_a_deployment_is_made_by_one_write(
    world: PrefectWorld, wanted: dict[str, Any]
) -> None:
    """Schedules go along with the deployment."""
    with world.recording() as calls:
        world.servicer.create(DEPLOYMENT, {**wanted, "schedules": [{"cron": "@daily"}]})
    assert writes(calls) == ["POST"]


def test_only_what_changed_is_sent(world: PrefectWorld, wanted: dict[str, Any]) -> None:
    """One PATCH for a tag; and what somebody changed meanwhile stays as it is."""
    made = world.servicer.create(DEPLOYMENT, wanted)
    world.call("PATCH", f"/deployments/{made.id}", {"description": "theirs"})
    with world.recording() as calls:
        world.servicer.update(made, {**wanted, "tags": ["new"]})
    assert writes(calls) == ["PATCH"]
    assert live(world, made)["description"] == "theirs"
    assert live(world, made)["tags"] == ["new"]


def test_changed_labels_keep_the_deployment_and_its_schedules(
    world: PrefectWorld, wanted: dict[str, Any]
) -> None:
    """Only an upsert changes labels, and it must neither lose nor replace anything."""
    schedules = [{"cron": "@daily", "max_scheduled_runs": 2, "active": False}]
    wanted |= {"schedules": schedules, "concurrency_limit": 2, "parameters": '{"n":1}'}
    made = world.servicer.create(DEPLOYMENT, wanted)
    changed = world.servicer.update(made, {**wanted, "labels": '{"team":"x"}'})
    found = world.servicer.read(changed)
    assert found is not None
    assert found.inputs == changed.inputs
    assert found.outputs["schedule_ids"] == changed.outputs["schedule_ids"]
    assert live(world, made)["labels"]["team"] == "x"
    gone = world.servicer.update(found, wanted)
    assert "team" not in live(world, gone)["labels"]


def test_labels_of_the_flow_are_no_drift(world: PrefectWorld, unique: str) -> None:
    """A deployment has its flow's labels too; saying one again makes no difference."""
    labels = {"name": unique, "labels": '{"a":1,"b":2}'}
    flow = world.make("prefect:Flow", labels)
    inputs = {**world.place, "name": unique, "flow_id": flow.id}
    for given in ('{"a":1,"c":3}', '{"c":3}', "{}"):
        made = world.servicer.create(DEPLOYMENT, {**inputs, "labels": given})
        found = world.servicer.read(made)
        assert found is not None
        assert found.inputs["labels"] == given
        assert found.outputs == made.outputs
        world.servicer.delete(made)


def test_a_global_limit_survives_all_that_is_done_with_it(
    world: PrefectWorld, wanted: dict[str, Any], unique: str
) -> None:
    """The server deletes the linked limit on a null and with the deployment."""
    first, second = (limit(world, f"{unique}-{i}") for i in range(2))
    to_first = {**wanted, "global_concurrency_limit_id": first}
    made = world.servicer.create(DEPLOYMENT, to_first)
    for change in (
        {"global_concurrency_limit_id": second},
        {"concurrency_limit": 3},
        {"concurrency_limit": 4},
        {"global_concurrency_limit_id": first},
        {},
        {"concurrency_limit": 5},
        {},
        {"global_concurrency_limit_id": second, "labels": '{"team":"x"}'},
    ):
        made = world.servicer.update(made, {**wanted, **change})
        found = world.servicer.read(made)
        assert found is not None
        assert found.inputs == made.inputs, change
        for id_ in (first, second):
            assert world.call("GET", f"/v2/concurrency_limits/{id_}")["limit"] == 7
    world.servicer.delete(made)
    for id_ in (first, second):
        assert world.call("GET", f"/v2/concurrency_limits/{id_}")["limit"] == 7


def test_a_global_limit_linked_by_hand_survives_an_own_limit_going(
    world: PrefectWorld, wanted: dict[str, Any], unique: str
) -> None:
    """What is really linked counts, not what the state remembers."""
    theirs = limit(world, unique)
    made = world.servicer.create(DEPLOYMENT, {**wanted, "concurrency_limit": 3})
    by_hand = {"global_concurrency_limit_id": theirs}
    world.call("PATCH", f"/deployments/{made.id}", by_hand)
    world.servicer.update(made, wanted)
    assert live(world, made)["global_concurrency_limit"] is None
    assert world.call("GET", f"/v2/concurrency_limits/{theirs}")["limit"] == 7


def test_a_global_limit_linked_by_hand_survives_the_deployment(
    world: PrefectWorld, wanted: dict[str, Any], unique: str
) -> None:
    """The server would delete it too, and the state has never heard of it."""
    theirs = limit(world, unique)
    made = world.servicer.create(DEPLOYMENT, wanted)
    by_hand = {"global_concurrency_limit_id": theirs}
    world.call("PATCH", f"/deployments/{made.id}", by_hand)
    world.servicer.delete(made)
    assert world.call("GET", f"/v2/concurrency_limits/{theirs}")["limit"] == 7


def test_both_limits_at_once_are_refused_at_preview(
    world: PrefectWorld, wanted: dict[str, Any]
) -> None:
    """Also at the first preview, where the flow is not there yet."""
    both = {"concurrency_limit": 1, "global_concurrency_limit_id": wanted["flow_id"]}
    for flow_id in (wanted["flow_id"], unknown()):
        inputs = {**wanted, **both, "flow_id": flow_id}
        failures = world.servicer.check(DEPLOYMENT, inputs).failures
        assert failures.keys() == {"concurrency_limit"}


def test_a_pool_and_its_queue_come_and_go(
    world: PrefectWorld, wanted: dict[str, Any]
) -> None:
    """Each leaves nothing behind: no queue without a pool, no stale queue."""
    in_pool = {**wanted, "work_pool_name": pool(world)}
    made = world.servicer.create(DEPLOYMENT, wanted)
    for inputs, queue in (
        ({**in_pool, "work_queue_name": "fast"}, "fast"),
        (in_pool, "default"),
        ({**in_pool, "work_queue_name": "default"}, "default"),
        ({**in_pool, "work_queue_name": "fast", "job_variables": "{}"}, "fast"),
        (wanted, None),
    ):
        made = world.servicer.update(made, inputs)
        assert live(world, made)["work_queue_name"] == queue
        found = world.servicer.read(made)
        assert found is not None
        assert found.inputs == made.inputs


def test_a_replaced_pool_gets_its_deployments_back(
    world: PrefectWorld, wanted: dict[str, Any], unique: str
) -> None:
    """The server takes them off the old one; the name is the same, the id is not."""
    named = {**world.place, "name": unique, "type": "process"}
    old = world.servicer.create("prefect:WorkPool", named)
    wanted |= {
        "work_pool_name": unique,
        "work_queue_name": "fast",
        "job_variables": '{"env":{"A":"b"}}',
    }
    made = world.servicer.create(DEPLOYMENT, {**wanted, "work_pool_id": old.id})
    world.servicer.delete(old)
    assert live(world, made)["work_pool_name"] is None
    new = world.servicer.create("prefect:WorkPool", named)
    back = world.servicer.update(made, {**wanted, "work_pool_id": new.id})
    found = live(world, made)
    assert (found["work_pool_name"], found["work_queue_name"]) == (unique, "fast")
    assert found["job_variables"] == {"env": {"A": "b"}}
    assert world.servicer.read(back) == back


def test_the_id_of_a_pool_that_stayed_costs_no_call(
    world: PrefectWorld, wanted: dict[str, Any]
) -> None:
    """A program that begins to name the pool itself leaves the runs ahead alone."""
    wanted["work_pool_name"] = pool(world)
    made = world.servicer.create(DEPLOYMENT, wanted)
    with world.recording() as calls:
        world.servicer.update(made, {**wanted, "work_pool_id": str(uuid.uuid4())})
    assert writes(calls) == []


def test_a_queue_needs_a_pool(world: PrefectWorld, wanted: dict[str, Any]) -> None:
    """The server would make up a queue in a pool of its own; preview says no."""
    inputs = {**wanted, "work_queue_name": "fast"}
    failures = world.servicer.check(DEPLOYMENT, inputs).failures
    assert failures.keys() == {"work_queue_name"}
    later = world.servicer.check(DEPLOYMENT, {**inputs, "work_pool_name": unknown()})
    assert not later.failures


def test_job_variables_are_checked_in_an_update_too(
    world: PrefectWorld, wanted: dict[str, Any], unique: str
) -> None:
    """Sent without the pool, the server would store them unchecked."""
    template = {
        "job_configuration": {"command": "{{ command }}"},
        "variables": {"properties": {"command": {"type": "string"}}},
    }
    body = {"name": unique, "type": "process", "base_job_template": template}
    world.call("POST", "/work_pools/", body)
    wanted |= {"work_pool_name": unique}
    made = world.servicer.create(DEPLOYMENT, wanted)
    with pytest.raises(CallError, match="cannot update deployment"):
        world.servicer.update(made, {**wanted, "job_variables": '{"command":1}'})
    assert live(world, made)["job_variables"] == {}


def test_an_unknown_pool_is_named(
    world: PrefectWorld, wanted: dict[str, Any], unique: str
) -> None:
    """A create answers 404, an update 500; either way the pool is what is told."""
    inputs = {**wanted, "work_pool_name": f"no-{unique}"}
    with pytest.raises(CallError, match="Work pool"):
        world.servicer.create(DEPLOYMENT, inputs)
    made = world.servicer.create(DEPLOYMENT, wanted)
    with pytest.raises(CallError, match="Work pool"):
        world.servicer.update(made, inputs)


def test_an_unknown_flow_is_named(world: PrefectWorld, wanted: dict[str, Any]) -> None:
    """The server answers with a conflict that names nothing."""
    with pytest.raises(CallError, match="Flow not found"):
        world.servicer.create(DEPLOYMENT, {**wanted, "flow_id": str(uuid.uuid4())})


def test_a_deployment_whose_schema_is_null_is_seen_and_repaired(
    world: PrefectWorld, wanted: dict[str, Any]
) -> None:
    """Such a deployment refuses its runs, and every PATCH that brings no schema."""
    made = world.servicer.create(DEPLOYMENT, wanted)
    null = {"parameter_openapi_schema": None}
    world.call("PATCH", f"/deployments/{made.id}", null)
    drifted = world.servicer.read(made)
    assert drifted is not None
    assert world.servicer.diff(drifted, made.inputs)[0] == ["parameter_openapi_schema"]
    world.servicer.update(made, {**wanted, "tags": ["a"]})
    found = world.servicer.read(made)
    assert found is not None
    assert world.servicer.diff(found, made.inputs)[0] == ["tags"]


def test_null_steps_are_no_drift(world: PrefectWorld, wanted: dict[str, Any]) -> None:
    """`serve` and others send null where the API's own default is an empty list."""
    made = world.servicer.create(DEPLOYMENT, wanted)
    world.call("PATCH", f"/deployments/{made.id}", {"pull_steps": None})
    found = world.servicer.read(made)
    assert found is not None
    assert found.inputs == made.inputs


def test_a_parameter_that_does_not_fit_is_refused_at_preview(
    world: PrefectWorld, wanted: dict[str, Any]
) -> None:
    """With its path, in a schedule too, and while the flow is still unknown."""
    inputs = {
        **wanted,
        "flow_id": unknown(),
        "parameter_openapi_schema": NUMBER,
        "parameters": json.dumps({"n": world.canary, "more": 1}),
        "schedules": [{"cron": "@daily", "parameters": '{"n":[]}'}],
    }
    failures = world.servicer.check(DEPLOYMENT, inputs).failures
    assert failures.keys() == {"parameters.n", "schedules.cron.parameters.n"}
    assert (
        'the flow\'s code, whose schema has type "integer"' in failures["parameters.n"]
    )
    assert world.canary not in str(failures)
    lenient = {**inputs, "enforce_parameter_schema": False}
    assert not world.servicer.check(DEPLOYMENT, lenient).failures


def test_a_required_parameter_may_be_left_to_the_run(
    world: PrefectWorld, wanted: dict[str, Any]
) -> None:
    """The preview is no stricter than the server."""
    schema = json.dumps({**json.loads(NUMBER), "required": ["n"]})
    world.servicer.create(DEPLOYMENT, {**wanted, "parameter_openapi_schema": schema})


def test_what_is_no_schema_is_refused_at_preview(
    world: PrefectWorld, wanted: dict[str, Any]
) -> None:
    """A wrong schema would otherwise fail half-way through the update."""
    for schema in ('{"type":"objekt"}', "[]"):
        inputs = {**wanted, "parameter_openapi_schema": schema}
        failures = world.servicer.check(DEPLOYMENT, inputs).failures
        assert failures.keys() == {"parameter_openapi_schema"}


def test_what_prefect_would_replace_is_refused_at_preview(
    world: PrefectWorld, wanted: dict[str, Any]
) -> None:
    """A PATCH hydrates `__prefect_kind`, a POST does not: it would drift for ever."""
    variable = {"__prefect_kind": "workspace_variable", "variable_name": "v"}
    inputs = {**wanted, "parameters": json.dumps({"a": [variable]})}
    failures = world.servicer.check(DEPLOYMENT, inputs).failures
    assert failures.keys() == {"parameters.a[0]"}


def test_what_prefect_would_replace_is_drift_when_others_wrote_it(
    world: PrefectWorld, wanted: dict[str, Any]
) -> None:
    """It is read as it is, and the next update replaces it."""
    made = world.servicer.create(DEPLOYMENT, wanted)
    odd = {"a": {"__prefect_kind": "none", "value": 1}}
    body = {"flow_id": wanted["flow_id"], "name": wanted["name"], "parameters": odd}
    world.call("POST", "/deployments/", body)
    drifted = world.servicer.read(made)
    assert drifted is not None
    assert world.servicer.diff(drifted, made.inputs)[0] == ["parameters"]
    world.servicer.update(drifted, wanted)
    assert live(world, made)["parameters"] == {}
