"""The life cycle that every registered kind must have, through the real servicer.

Each test runs for each kind: a new kind is tested by existing.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pulumi.dynamic.dynamic import serialize_provider

from components.kernel.dynamic import Provider
from components.kernel.model import Immutable
from components.kernel.registry import kind_of
from tests.contract.samples import SAMPLES
from tests.support.servicer import CallError, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.conftest import Worlds
    from tests.contract.sample import Properties, Sample, World
    from tests.support.servicer import Object

STATE_ABI = Path(__file__).with_name("state_abi.json")

by_kind = pytest.mark.parametrize("sample", SAMPLES, ids=lambda s: s.token)
pytestmark = by_kind


@pytest.fixture(autouse=True)
def _holds(sample: Sample, request: pytest.FixtureRequest) -> None:
    """Skip what cannot hold for the kind at hand, for a reason that its sample has."""
    if why := sample.without.get(request.node.originalname):
        pytest.skip(why)


@pytest.fixture
def world(sample: Sample, worlds: Worlds) -> Iterator[World]:
    """Return a place to live for the kind at hand."""
    world = worlds.of(sample.token)
    yield world
    if sample.singleton:
        world.end(sample.token)


@pytest.fixture
def inputs(sample: Sample, world: World, unique: str) -> Properties:
    """Return a valid set of inputs under a name that no other test uses."""
    return {**world.place, **sample.inputs(world, unique)}


def _same(found: Object | None, wanted: dict[str, Any]) -> None:
    assert found is not None
    assert found.inputs == wanted


def test_check_is_total_and_idempotent(
    sample: Sample, world: World, inputs: Properties
) -> None:
    """Check fills every default, and checking its own answer changes nothing."""
    checked = world.servicer.check(sample.token, inputs)
    assert not checked.failures
    again = world.servicer.check(sample.token, checked.inputs)
    assert not again.failures
    assert again.inputs == checked.inputs
    model = kind_of(sample.token).args
    defaults = {
        name
        for name, field in model.model_fields.items()
        if not field.is_required()
        and field.get_default(call_default_factory=True, validated_data={}) is not None
    }
    assert defaults - {"adopt"} <= checked.inputs.keys()


def test_unknown_values_pass_through_check(
    sample: Sample, world: World, inputs: Properties
) -> None:
    """A value that only the update will know is neither refused nor changed."""
    checked = world.servicer.check(sample.token, inputs).inputs
    for field in inputs:
        partial = world.servicer.check(sample.token, {**inputs, field: unknown()})
        assert not partial.failures, field
        assert partial.inputs == {**checked, field: unknown()}, field


def test_every_invalid_field_is_reported_at_once(
    sample: Sample, world: World, inputs: Properties
) -> None:
    """One preview names all that is wrong, each on its own property path."""
    broken = dict(inputs)
    for bad in sample.invalid.values():
        broken |= bad
    broken["no_such_field"] = 1
    failures = world.servicer.check(sample.token, broken).failures
    assert failures.keys() == {*sample.invalid, "no_such_field"}
    assert all(failures.values())


def test_what_was_created_reads_back_without_a_diff(
    sample: Sample, world: World, inputs: Properties
) -> None:
    """A second `up` after the first changes nothing, refreshed or not."""
    made = world.servicer.create(sample.token, inputs)
    assert sample.exists(world, made) == 1
    assert world.servicer.diff(made, made.inputs) == ([], [])
    live = world.servicer.read(made)
    _same(live, made.inputs)
    assert live is not None
    assert live.outputs == made.outputs


def test_an_update_without_a_change_writes_nothing(
    sample: Sample, world: World, inputs: Properties
) -> None:
    """An update that the engine asks for needlessly costs no write call."""
    made = world.servicer.create(sample.token, inputs)
    with world.recording() as calls:
        updated = world.servicer.update(made, inputs)
    assert [call for call in calls if call.writes] == []
    assert updated.outputs == made.outputs


def test_a_mutable_change_updates_in_place(
    sample: Sample, world: World, inputs: Properties
) -> None:
    """The plan shows exactly the property that changes, and the update makes it so."""
    live = world.servicer.create(sample.token, inputs)
    for label, change in sample.mutable.items():
        wanted = {**live.inputs, **world.named(change)}
        checked = world.servicer.check(sample.token, wanted, live.inputs)
        assert not checked.failures, label
        changes, replaces = world.servicer.diff(live, checked.inputs)
        assert changes == sorted(change), label
        assert replaces == [], label
        updated = world.servicer.update(live, wanted)
        found = world.servicer.read(updated)
        _same(found, checked.inputs)
        assert updated.id == live.id
        assert found is not None
        live = found


def test_a_removed_field_goes_back_to_the_default(
    sample: Sample, world: World, inputs: Properties
) -> None:
    """Set, then removed: the service has its default again, and no diff remains."""
    for field in sample.unset:
        made = world.servicer.create(sample.token, inputs)
        without = {k: v for k, v in inputs.items() if k != field}
        changes, replaces = world.servicer.diff(
            made, world.servicer.check(sample.token, without, made.inputs).inputs
        )
        assert changes == [field]
        assert replaces == []
        updated = world.servicer.update(made, without)
        _same(world.servicer.read(updated), updated.inputs)
        world.servicer.delete(updated)


def test_an_immutable_change_replaces(
    sample: Sample, world: World, inputs: Properties
) -> None:
    """What the service cannot change replaces the object, and only that does."""
    made = world.servicer.create(sample.token, inputs)
    for field, value in sample.immutable.items():
        wanted = {**inputs, **world.named({field: value})}
        checked = world.servicer.check(sample.token, wanted, made.inputs)
        assert not checked.failures
        assert world.servicer.diff(made, checked.inputs) == ([field], [field])
        unknown_yet = {**made.inputs, field: unknown()}
        assert world.servicer.diff(made, unknown_yet)[1] == [field]
    placed = set(world.place)
    assert kind_of(sample.token).args.marked(Immutable) <= {*sample.immutable, *placed}


def test_a_replacement_deletes_first(
    sample: Sample, world: World, inputs: Properties
) -> None:
    """Delete, then create, under one name: what a replacement does (see `diff`)."""
    made = world.servicer.create(sample.token, inputs)
    world.servicer.delete(made)
    again = world.servicer.create(sample.token, inputs)
    assert sample.exists(world, again) == 1
    _same(world.servicer.read(again), made.inputs)


def test_drift_is_seen_property_by_property_and_repaired(
    sample: Sample, world: World, inputs: Properties
) -> None:
    """A change behind our back shows as exactly itself, and the next `up` undoes it."""
    made = world.servicer.create(sample.token, inputs)
    drifted_fields = sample.drift(world, made)
    drifted = world.servicer.read(made)
    assert drifted is not None
    changes, replaces = world.servicer.diff(drifted, made.inputs)
    assert set(changes) == drifted_fields
    assert replaces == []
    _same(world.servicer.read(world.servicer.update(drifted, inputs)), made.inputs)


def test_a_deletion_behind_our_back_is_seen_and_repaired(
    sample: Sample, world: World, inputs: Properties
) -> None:
    """Gone is gone: the read says so, and a create makes it again."""
    made = world.servicer.create(sample.token, inputs)
    sample.remove(world, made)
    assert world.servicer.read(made) is None
    world.servicer.delete(made)
    again = world.servicer.create(sample.token, inputs)
    assert sample.exists(world, again) == 1


def test_deleting_twice_is_fine(
    sample: Sample, world: World, inputs: Properties
) -> None:
    """A delete whose answer was lost can be repeated."""
    made = world.servicer.create(sample.token, inputs)
    world.servicer.delete(made)
    assert sample.exists(world, made) == 0
    world.servicer.delete(made)


def test_an_identical_object_is_adopted(
    sample: Sample, world: World, inputs: Properties
) -> None:
    """A crashed run's object is taken over by the next one, not made twice."""
    made = world.servicer.create(sample.token, inputs)
    adopted = world.another.create(sample.token, inputs)
    assert adopted.id == made.id
    assert adopted.inputs == made.inputs
    assert sample.exists(world, made) == 1
    _same(world.another.read(adopted), made.inputs)


def test_a_different_object_is_refused_and_left_alone(
    sample: Sample, world: World, inputs: Properties
) -> None:
    """A name taken by something else is one sentence that names the differences."""
    made = world.servicer.create(sample.token, inputs)
    with pytest.raises(CallError) as refused:
        world.another.create(sample.token, {**inputs, **sample.different})
    assert "already there and differs in" in str(refused.value)
    for field in sample.different:
        assert field in str(refused.value)
    _same(world.servicer.read(made), made.inputs)


def test_adopt_takes_a_different_object_over(
    sample: Sample, world: World, inputs: Properties
) -> None:
    """With `adopt: true` the object keeps its identity and becomes what was asked."""
    made = world.servicer.create(sample.token, inputs)
    wanted = {**inputs, **sample.different, "adopt": True}
    adopted = world.another.create(sample.token, wanted)
    assert adopted.id == made.id
    assert sample.exists(world, made) == 1
    _same(world.another.read(adopted), adopted.inputs)
    dropped = {k: v for k, v in wanted.items() if k != "adopt"}
    later = world.another.check(sample.token, dropped, adopted.inputs)
    assert world.another.diff(adopted, later.inputs) == ([], [])


@pytest.mark.parametrize("by_gateway", [False, True], ids=["none", "a gateway's"])
def test_a_lost_answer_makes_no_duplicate(
    sample: Sample, world: World, inputs: Properties, by_gateway: bool
) -> None:
    """The service acted, its answer never came: the same call still converges."""
    world.lose_one_answer(
        lambda call: call.writes and call.status < 300, by_gateway=by_gateway
    )
    made = world.servicer.create(sample.token, inputs)
    assert sample.exists(world, made) == 1
    _same(world.servicer.read(made), made.inputs)


def test_one_object_has_one_resource(
    sample: Sample, world: World, inputs: Properties
) -> None:
    """Two resources of one stack that name the same object are refused."""
    world.servicer.create(sample.token, inputs)
    with pytest.raises(CallError, match="another resource of this stack"):
        world.servicer.create(sample.token, inputs)


def test_renaming_a_resource_moves_the_object(
    sample: Sample, world: World, inputs: Properties
) -> None:
    """The engine creates the new name, then deletes the old: the object survives."""
    old = world.servicer.create(sample.token, inputs)
    new = world.another.create(sample.token, inputs)
    world.another.delete(old)
    assert sample.exists(world, new) == 1
    _same(world.another.read(new), new.inputs)


def test_a_batch_of_reads_costs_what_one_costs(
    sample: Sample, world: World, unique: str
) -> None:
    """A refresh reads by list calls: no request an object."""
    wanted = [
        {**world.place, **sample.inputs(world, f"{unique}-{i}")} for i in range(3)
    ]
    made = [world.servicer.create(sample.token, inputs) for inputs in wanted]
    with world.recording() as one:
        assert world.another.read(made[0]) is not None
    world.another.read(made[0])
    with world.recording() as two:
        assert world.another.read(made[1]) is not None
        assert world.another.read(made[2]) is not None
    assert len(two) <= len(one)


def test_secrets_stay_sealed(sample: Sample, world: World, inputs: Properties) -> None:
    """What is secret is sealed in every answer, and plain nowhere else in it."""
    made = world.servicer.create(sample.token, inputs)
    live = world.servicer.read(made)
    assert live is not None
    for answer in (made, live):
        assert sample.secret <= answer.secret_outputs
        shown = {
            k: v for k, v in answer.outputs.items() if k not in answer.secret_outputs
        }
        assert world.canary not in json.dumps(shown)


def test_the_state_abi_is_pinned(sample: Sample) -> None:
    """The pickle in every stack's state is these bytes, whatever moves in the code."""
    pickled = serialize_provider(Provider(kind_of(sample.token)))
    known = json.loads(STATE_ABI.read_text())
    assert known.get(sample.token) == pickled
    assert len(base64.b64decode(pickled)) < 100
