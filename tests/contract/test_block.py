"""What blocks need beyond the contract that all kinds have."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from components.kernel.lifecycle import LOOKUP
from tests.support.servicer import CallError, Object

if TYPE_CHECKING:
    from tests.contract.conftest import PrefectWorld, Worlds
    from tests.contract.sample import Properties

BLOCK = "prefect:Block"


@pytest.fixture
def world(worlds: Worlds) -> PrefectWorld:
    """Return the workspace that blocks are tested in."""
    return worlds.of(BLOCK)


def _type(world: PrefectWorld, slug: str, **schema: Any) -> Object:
    fields = {"type": "object", **schema}
    inputs = {"slug": slug, "name": slug, "fields": json.dumps(fields)}
    return world.make("prefect:BlockType", inputs)


def _inputs(world: PrefectWorld, slug: str, name: str, **rest: Any) -> Properties:
    given = {
        field: {key: json.dumps(value) for key, value in values.items()}
        for field, values in rest.items()
    }
    return {**world.place, "type_slug": slug, "name": name, **given}


def _secret(world: PrefectWorld, name: str, value: Any) -> Properties:
    return _inputs(world, "secret", name, secrets={"value": value})


def _stored(world: PrefectWorld, block: Object) -> Any:
    path = f"/block_documents/{block.id}?include_secrets=true"
    return world.call("GET", path)["data"]


def test_all_that_does_not_fit_the_type_is_said_at_once(
    world: PrefectWorld, unique: str
) -> None:
    """One sentence names every bad field by its path, and quotes no value."""
    _type(
        world,
        unique,
        properties={
            "region": {"type": "string"},
            "size": {"enum": ["small", "large"]},
            "nested": {"type": "object", "properties": {"port": {"type": "integer"}}},
            "other": {},
            "token": {"type": "string"},
            "key": {"type": "string"},
        },
        required=["region", "key"],
        secret_fields=["token", "key"],
    )
    nobody = str(uuid.uuid4())
    inputs = _inputs(
        world,
        unique,
        unique,
        data={
            "size": 7654321,
            "nested": {"port": "x"},
            "typo": 1,
            "token": world.canary,
            "other": {"$ref": {"block_document_id": nobody}},
        },
    )
    with pytest.raises(CallError) as refused:
        world.servicer.create(BLOCK, inputs)
    told = str(refused.value)
    for wanted in (
        f"block '{unique}/{unique}'",
        "data.region is required",
        "secrets.key is required",
        'data.size should be one of "small", "large"',
        "data.nested.port should be of type integer",
        "data.typo is not one of its fields",
        "data.token is a secret; move it to secrets",
        f"data.other refers to a block that does not exist ({nobody})",
    ):
        assert wanted in told
    assert world.canary not in told
    assert "7654321" not in told


def test_an_update_is_held_to_the_type_as_well(
    world: PrefectWorld, unique: str
) -> None:
    """A change that does not fit is refused, and the block stays as it was."""
    _type(world, unique, properties={"size": {"type": "integer"}})
    made = world.servicer.create(
        BLOCK, _inputs(world, unique, unique, data={"size": 1})
    )
    wrong = _inputs(world, unique, unique, data={"size": "x"})
    with pytest.raises(CallError, match=r"data\.size should be of type integer"):
        world.servicer.update(made, wrong)
    assert _stored(world, made) == {"size": 1}


@pytest.mark.parametrize("value", [{"user": "u"}, [], "", 5, None], ids=repr)
def test_a_secret_of_any_json_type_never_comes_back(
    world: PrefectWorld, unique: str, value: Any
) -> None:
    """Also where the server itself would show it: it masks no objects."""
    if isinstance(value, dict):
        value = {**value, "password": world.canary}
    inputs = _secret(world, unique, value)
    made = world.servicer.create(BLOCK, inputs)
    live = world.servicer.read(made)
    assert live is not None
    assert live.inputs == made.inputs
    assert live.outputs == made.outputs
    assert live.outputs["data"] == {}
    assert "secrets" in live.secret_outputs


def test_a_secret_added_behind_our_back_shows(world: PrefectWorld, unique: str) -> None:
    """A secret that the program has none of is drift, and goes again."""
    _type(world, unique, properties={"token": {}}, secret_fields=["token"])
    inputs = _inputs(world, unique, unique)
    made = world.servicer.create(BLOCK, inputs)
    path = f"/block_documents/{made.id}"
    world.call("PATCH", path, {"data": {"token": world.canary}})
    drifted = world.servicer.read(made)
    assert drifted is not None
    assert world.servicer.diff(drifted, made.inputs) == (["secrets"], [])
    assert world.canary not in json.dumps(drifted.outputs)
    world.servicer.update(drifted, inputs)
    assert _stored(world, made) == {}


def test_a_field_hidden_by_choice_stays_hidden_when_it_drifts(
    world: PrefectWorld, unique: str
) -> None:
    """What the program keeps secret is not shown, whatever the schema says."""
    _type(world, unique, properties={"user": {}, "region": {}})
    inputs = _inputs(
        world, unique, unique, data={"region": "eu"}, secrets={"user": "u"}
    )
    made = world.servicer.create(BLOCK, inputs)
    assert "user" not in made.outputs["data"]
    path = f"/block_documents/{made.id}"
    world.call("PATCH", path, {"data": {"user": world.canary}})
    drifted = world.servicer.read(made)
    assert drifted is not None
    assert world.servicer.diff(drifted, made.inputs) == (["secrets"], [])
    assert world.canary not in json.dumps(drifted.outputs)


def test_a_removed_field_is_removed_and_a_secret_kept(
    world: PrefectWorld, unique: str
) -> None:
    """An update replaces all the data, and never stores the mask for the secret."""
    _type(world, unique, properties={"a": {}, "b": {}, "t": {}}, secret_fields=["t"])
    first = _inputs(world, unique, unique, data={"a": 1, "b": 2}, secrets={"t": "t"})
    made = world.servicer.create(BLOCK, first)
    second = _inputs(world, unique, unique, data={"a": 3}, secrets={"t": "t"})
    updated = world.servicer.update(made, second)
    assert _stored(world, made) == {"a": 3, "t": "t"}
    live = world.servicer.read(updated)
    assert live is not None
    assert live.inputs == updated.inputs


def test_references_to_other_blocks_are_free_of_drift(
    world: PrefectWorld, unique: str
) -> None:
    """The server answers with the other block's data; we show the reference."""
    one, two = (
        world.servicer.create(BLOCK, _secret(world, f"{unique}-{i}", world.canary))
        for i in "12"
    )
    _type(world, unique, properties={"credentials": {"$ref": "#/definitions/Secret"}})

    def referring(to: Object) -> Properties:
        reference = {"$ref": {"block_document_id": to.id.upper()}}
        return _inputs(world, unique, unique, data={"credentials": reference})

    made = world.servicer.create(BLOCK, referring(one))
    live = world.servicer.read(made)
    assert live is not None
    assert live.inputs == made.inputs
    assert live.outputs == made.outputs
    moved = world.servicer.update(made, referring(two))
    live = world.servicer.read(moved)
    assert live is not None
    assert two.id in live.inputs["data"]["credentials"]
    world.servicer.delete(two)
    gone = world.servicer.read(moved)
    assert gone is not None
    assert world.servicer.diff(gone, moved.inputs) == (["data"], [])


def test_blocks_of_one_type_ask_for_it_once(world: PrefectWorld, unique: str) -> None:
    """A type is looked up for all its blocks, not for each."""
    _type(world, unique, properties={"a": {}})
    with world.recording() as calls:
        for i in range(3):
            world.servicer.create(BLOCK, _inputs(world, unique, f"{unique}-{i}"))
    asked = [c for c in calls if c.path.endswith(f"/block_types/slug/{unique}")]
    assert len(asked) == 1


def test_a_changed_type_holds_for_the_next_change(
    world: PrefectWorld, unique: str
) -> None:
    """The schema is not remembered past its own change, and the block moves to it."""
    made_type = _type(world, unique, properties={"a": {}})
    made = world.servicer.create(BLOCK, _inputs(world, unique, unique, data={"a": 1}))
    fields = {"type": "object", "properties": {"b": {}}}
    changed = {**made_type.inputs, "fields": json.dumps(fields)}
    renewed = world.servicer.update(made_type, changed)
    with pytest.raises(CallError, match=r"data\.a is not one of its fields \(b\)"):
        world.servicer.update(made, _inputs(world, unique, unique, data={"a": 2}))
    world.servicer.update(made, _inputs(world, unique, unique, data={"b": 2}))
    wire = world.call("GET", f"/block_documents/{made.id}")
    assert wire["block_schema_id"] == renewed.outputs["schema_id"]
    assert wire["data"] == {"b": 2}


def test_only_a_block_with_the_same_secrets_is_ours(
    world: PrefectWorld, unique: str
) -> None:
    """A name taken by a block with another secret is refused; the same is adopted."""
    theirs = world.another.create(BLOCK, _secret(world, unique, world.canary))
    with pytest.raises(CallError, match="differs in secrets"):
        world.servicer.create(BLOCK, _secret(world, unique, "another secret"))
    assert _stored(world, theirs) == {"value": world.canary}
    ours = world.servicer.create(BLOCK, _secret(world, unique, world.canary))
    assert ours.id == theirs.id


def test_a_block_can_be_looked_up_without_its_secrets(
    world: PrefectWorld, unique: str
) -> None:
    """`Block.get` shows that there is a secret, and nothing of it."""
    made = world.servicer.create(BLOCK, _secret(world, unique, world.canary))
    key = {**world.place, "type_slug": "secret", "name": unique, LOOKUP: True}
    found = world.servicer.read(Object(BLOCK, "secret/x", {}, key))
    assert found is not None
    assert found.id == made.id
    assert world.canary not in json.dumps(found.outputs)
