"""The traps of flows: a POST that takes over, and a DELETE that takes along."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.servicer import CallError

if TYPE_CHECKING:
    from tests.contract.conftest import PrefectWorld, Worlds

FLOW = "prefect:Flow"


@pytest.fixture
def world(worlds: Worlds) -> PrefectWorld:
    return worlds.of(FLOW)


def test_a_flow_made_since_the_list_call_is_not_taken_over(
    world: PrefectWorld, unique: str
) -> None:
    """POST would answer with the flow of somebody else, as if it had made it."""
    world.make(FLOW, {"name": f"{unique}-first"})
    theirs = world.call("POST", "/flows/", {"name": unique, "tags": ["theirs"]})
    with pytest.raises(CallError, match="already there and differs in tags"):
        world.make(FLOW, {"name": unique, "tags": ["ours"]})
    assert world.call("GET", f"/flows/{theirs['id']}")["tags"] == ["theirs"]


def test_labels_of_a_flow_that_is_there_are_said_to_be_unchangeable(
    world: PrefectWorld, unique: str
) -> None:
    """Even `adopt` cannot change labels, and an error beats a silent difference."""
    world.call("POST", "/flows/", {"name": unique, "labels": {"team": "a"}})
    wanted = {"name": unique, "labels": '{"team":"b"}', "adopt": True}
    with pytest.raises(CallError, match="its labels cannot be changed"):
        world.make(FLOW, wanted)


def test_a_flow_that_a_run_made_is_adopted(world: PrefectWorld, unique: str) -> None:
    """A script that ran before the first `up` has made its flow: that is no clash."""
    theirs = world.call("POST", "/flows/", {"name": unique})
    assert world.make(FLOW, {"name": unique}).id == theirs["id"]


@pytest.mark.parametrize("name", ["what? #1", "Über uns", "a+b:c"])
def test_odd_names_are_quoted(world: PrefectWorld, unique: str, name: str) -> None:
    """A name is one part of a path, whatever is in it."""
    made = world.make(FLOW, {"name": f"{name} {unique}"})
    again = world.another.create(FLOW, {**world.place, "name": f"{name} {unique}"})
    assert again.id == made.id


def test_deployments_of_others_are_not_deleted_with_their_flow(
    world: PrefectWorld, unique: str
) -> None:
    """The refusal names them and the way out; they are still there after it."""
    flow = world.make(FLOW, {"name": unique})
    body = {"name": "by-hand", "flow_id": flow.id}
    theirs = world.call("POST", "/deployments/", body)
    with pytest.raises(CallError) as refused:
        world.servicer.delete(flow)
    assert "'by-hand'" in str(refused.value)
    assert "retain_on_delete=True" in str(refused.value)
    world.call("GET", f"/deployments/{theirs['id']}")
    world.call("DELETE", f"/deployments/{theirs['id']}")
    world.servicer.delete(flow)


def test_force_destroy_gives_the_deployments_up(
    world: PrefectWorld, unique: str
) -> None:
    """Said by word, the flow goes with all it has."""
    flow = world.make(FLOW, {"name": unique, "force_destroy": True})
    world.call("POST", "/deployments/", {"name": "by-hand", "flow_id": flow.id})
    world.servicer.delete(flow)
    assert world.servicer.read(flow) is None
