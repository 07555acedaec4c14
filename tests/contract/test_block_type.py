"""What block types need beyond the contract that all kinds have."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.servicer import CallError, Object

if TYPE_CHECKING:
    from tests.contract.conftest import PrefectWorld, Worlds
    from tests.contract.sample import Properties

TYPE = "prefect:BlockType"
FIELDS = {"type": "object", "properties": {"a": {}}}


@pytest.fixture
def world(worlds: Worlds) -> PrefectWorld:
    """Return the workspace that block types are tested in."""
    return worlds.of(TYPE)


def _inputs(world: PrefectWorld, slug: str, **rest: Any) -> Properties:
    given = {"slug": slug, "name": slug, "fields": json.dumps(FIELDS), **rest}
    return {**world.place, **given}


def _block(world: PrefectWorld, slug: str, name: str) -> Object:
    return world.servicer.create(
        "prefect:Block", {**world.place, "type_slug": slug, "name": name}
    )


def test_types_of_the_same_fields_are_kept_apart(
    world: PrefectWorld, unique: str
) -> None:
    """The server would give the second type the schema of the first."""
    one, two = (
        world.servicer.create(TYPE, _inputs(world, f"{unique}-{i}")) for i in "12"
    )
    assert one.outputs["schema_id"] != two.outputs["schema_id"]
    _block(world, f"{unique}-2", unique)


def test_a_schema_that_comes_back_is_the_newest_again(
    world: PrefectWorld, unique: str
) -> None:
    """A, B, A: the server would keep B as the newest; old documents keep theirs."""
    made = world.servicer.create(TYPE, _inputs(world, unique))
    block = _block(world, unique, unique)
    other = json.dumps({"type": "object", "properties": {"b": {}}})
    changed = world.servicer.update(made, _inputs(world, unique, fields=other))
    back = world.servicer.update(changed, _inputs(world, unique))
    live = world.servicer.read(back)
    assert live is not None
    assert live.outputs == back.outputs
    assert live.outputs["schema_id"] != made.outputs["schema_id"]
    wire = world.call("GET", f"/block_documents/{block.id}")
    assert wire["block_schema_id"] == made.outputs["schema_id"]


def test_a_type_with_blocks_is_not_deleted(world: PrefectWorld, unique: str) -> None:
    """The server would delete the blocks too, anonymous ones and others' included."""
    made = world.servicer.create(TYPE, _inputs(world, unique))
    block = _block(world, unique, unique)
    anonymous = {
        "block_type_id": made.id,
        "block_schema_id": made.outputs["schema_id"],
        "is_anonymous": True,
    }
    world.call("POST", "/block_documents/", anonymous)
    with pytest.raises(CallError, match=r"there are 2 .*force_destroy=True") as refused:
        world.servicer.delete(made)
    assert unique in str(refused.value)
    assert world.servicer.read(block) is not None
    willing = world.servicer.update(made, _inputs(world, unique, force_destroy=True))
    world.servicer.delete(willing)
    assert world.servicer.read(block) is None


def test_a_protected_type_is_refused_clearly(world: PrefectWorld) -> None:
    """Prefect's own types can be looked at, and neither changed nor deleted."""
    wire = world.call("GET", "/block_types/slug/secret")
    known = Object(TYPE, wire["id"], {}, {**world.place, "slug": "secret"})
    live = world.servicer.read(known)
    assert live is not None
    with pytest.raises(CallError, match=r"cannot delete .*'secret': it is protected"):
        world.servicer.delete(live)
    with pytest.raises(CallError, match=r"cannot update .*'secret': it is protected"):
        world.servicer.update(live, {**live.inputs, "description": "ours"})


def test_a_type_that_a_crash_left_without_its_schema_is_finished(
    world: PrefectWorld, unique: str
) -> None:
    """A crash between the two POSTs converges; somebody else's half is left alone."""
    half = {"slug": unique, "name": unique}
    wire = world.call("POST", "/block_types/", half)
    made = world.servicer.create(TYPE, _inputs(world, unique))
    assert made.id == wire["id"]
    live = world.servicer.read(made)
    assert live is not None
    assert live.inputs == made.inputs
    theirs = {"slug": f"{unique}-2", "name": f"{unique}-2", "description": "theirs"}
    world.call("POST", "/block_types/", theirs)
    with pytest.raises(CallError, match="differs in description, fields"):
        world.servicer.create(TYPE, _inputs(world, f"{unique}-2"))


def test_a_lost_answer_to_the_schema_makes_no_second_one(
    world: PrefectWorld, unique: str
) -> None:
    """The same version is sent again, and the server knows it."""
    world.lose_one_answer(lambda call: call.path.endswith("/block_schemas/"))
    made = world.servicer.create(TYPE, _inputs(world, unique))
    of_type = {"block_schemas": {"block_type_id": {"any_": [made.id]}}}
    schemas = world.call("POST", "/block_schemas/filter", of_type)
    assert [schema["id"] for schema in schemas] == [made.outputs["schema_id"]]


def test_a_schema_made_of_other_types_comes_back_as_written(
    world: PrefectWorld, unique: str
) -> None:
    """Nested types are stored elsewhere and put together again: no diff may show."""
    theirs = world.call("GET", "/block_types/slug/github-repository")
    of_type = {"block_schemas": {"block_type_id": {"any_": [theirs["id"]]}}}
    (schema,) = world.call("POST", "/block_schemas/filter", of_type)
    assert schema["fields"]["block_schema_references"]
    inputs = _inputs(world, unique, fields=json.dumps(schema["fields"]))
    made = world.servicer.create(TYPE, inputs)
    live = world.servicer.read(made)
    assert live is not None
    assert live.inputs == made.inputs


def test_types_of_the_same_name_are_kept_apart(
    world: PrefectWorld, unique: str
) -> None:
    """The server answers the second POST with the first type, which stays as it is."""
    one = world.servicer.create(TYPE, _inputs(world, unique))
    other = json.dumps({"type": "object", "properties": {"b": {}}})
    clash = {**_inputs(world, f"{unique}-2", fields=other), "name": unique}
    two = world.servicer.create(TYPE, clash)
    assert one.id != two.id
    for made in (one, two):
        live = world.servicer.read(made)
        assert live is not None
        assert live.outputs == made.outputs
