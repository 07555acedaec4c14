"""Blocks: what is secret is never shown, and what is shown is what was written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.kernel import AccessError, NotFoundError
from components.kernel.check import check_properties
from components.prefect import Block, block_schema
from components.prefect.block import BlockArgs, BlockKind, BlockState, to_wire
from components.prefect.block_data import MASK, as_reference
from components.prefect.block_schema import (
    BlockSchema,
    holds_secret,
    newest_schema,
    problems,
)
from tests.unit.kernel.program import run

if TYPE_CHECKING:
    from collections.abc import Iterator

ID = UUID(int=7)
CANARY = "canary-in-a-block"
SECRET_FIELDS = ["token", "headers.*", "nested.deep.key"]
FIELDS: dict[str, Any] = {"type": "object", "secret_fields": SECRET_FIELDS}
SCHEMA = BlockSchema("a-type", ID, ID, FIELDS)

keys = st.sampled_from(["token", "headers", "nested", "a", "b.c", ""])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(-9, 9) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["deep", "key", "x"]), inner, max_size=2)
    ),
    max_leaves=6,
)
values = json_values | st.uuids().map(as_reference)


@st.composite
def blocks(draw: st.DrawFn) -> BlockArgs:
    """Draw a block that keeps its secrets among its secrets, and some more there."""
    given = draw(st.dictionaries(keys, values, max_size=5))
    hidden = draw(st.sets(st.sampled_from(sorted(given)))) if given else set()
    hidden |= {key for key, value in given.items() if holds_secret(FIELDS, key, value)}
    return BlockArgs(
        type_slug="a-type",
        name="a-name",
        data={k: v for k, v in given.items() if k not in hidden},
        secrets={k: given[k] for k in hidden} or None,
    )


class FakeApi:
    """A server that answers with what it was given, and counts the questions."""

    scope = "nowhere"

    def __init__(
        self, workspace_id: UUID | None = None, appears_after: int = 0
    ) -> None:
        self.workspace_id = workspace_id
        self.appears_after = appears_after
        self.asked: list[str] = []

    def get(self, path: str) -> Any:
        """Answer with a block type, once it appears; never with secrets."""
        self.asked.append(path)
        if "include_secrets" in path:
            raise AccessError("Prefect says 403", status=403)
        if len(self.asked) <= self.appears_after:
            raise NotFoundError("Prefect says 404", status=404)
        return {"id": str(ID)}

    def pages(self, path: str, body: Any) -> Iterator[Any]:
        """Answer with the type's only schema."""
        self.asked.append(path)
        assert body == {"block_schemas": {"block_type_id": {"any_": [str(ID)]}}}
        yield {"id": str(ID), "fields": FIELDS}


def _answer(args: BlockArgs) -> dict[str, Any]:
    """Answer as the server does, masking what it knows to be secret."""
    data = json.loads(json.dumps(to_wire(args, SCHEMA)["data"]))
    references = {}
    for key, value in data.items():
        if isinstance(value, dict) and "$ref" in value:
            id_ = value["$ref"]["block_document_id"]
            references[key] = {"block_document": {"id": id_}}
            data[key] = {"anything": "of the other block", "deep": {"key": CANARY}}
        elif (
            key == "token"
            and value is not None
            and not (value and isinstance(value, dict))
        ):
            data[key] = MASK
    return {
        "id": str(ID),
        "updated": "2026-01-01T00:00:00Z",
        "name": args.name,
        "block_type": {"slug": args.type_slug},
        "block_schema": {"fields": FIELDS},
        "data": data,
        "block_document_references": references,
    }


def _read(args: BlockArgs, known: BlockArgs) -> BlockState:
    kind = BlockKind()
    api: Any = FakeApi()
    return kind.recall(kind.parse(api, _answer(args)), known)


@given(blocks())
def test_a_block_reads_back_as_written(args: BlockArgs) -> None:
    """References are restored, secrets left to the program, the rest is the same."""
    state = _read(args, args)
    assert state.secrets is None
    wanted = args.to_properties() | {"id": str(ID), "updated": state.updated}
    assert state.to_properties() == {k: v for k, v in wanted.items() if k != "secrets"}


@given(blocks())
def test_what_a_stranger_reads_holds_no_secret(args: BlockArgs) -> None:
    """Without the program's knowledge, every secret is a mask, whatever its type."""
    wire = _answer(args)
    state = BlockKind().parse(FakeApi(), wire)  # type: ignore[arg-type]  # as much as is used
    for key, value in state.data.items():
        assert not holds_secret(FIELDS, key, value)
    assert set((state.secrets or {}).values()) <= {MASK}
    assert CANARY not in json.dumps(state.to_properties())


@given(blocks(), blocks())
def test_other_fields_among_the_secrets_show(args: BlockArgs, known: BlockArgs) -> None:
    """Fields hidden on the server and fields hidden in the program are the same set."""
    hidden = {
        key
        for key, value in {**args.data, **(args.secrets or {})}.items()
        if holds_secret(FIELDS, key, value) or key in (known.secrets or {})
    }
    state = _read(args, known)
    if hidden == set(known.secrets or {}):
        assert state.secrets is None
    else:
        assert set(state.secrets or {}) == hidden
    assert not hidden & state.data.keys()


@given(blocks())
def test_check_is_idempotent(args: BlockArgs) -> None:
    """Checking what check answered changes nothing."""
    props, failures = check_properties(BlockArgs, args.to_properties())
    assert not failures
    assert check_properties(BlockArgs, props) == (props, [])


def test_a_field_is_plain_or_secret_but_not_both() -> None:
    """A field given twice is refused at the preview, where it is given."""
    given = {
        "type_slug": "t",
        "name": "n",
        "data": {"a.b": "1", "c": "1"},
        "secrets": {"a.b": "2"},
    }
    _, failures = check_properties(BlockArgs, given)
    assert [failure.path for failure in failures] == ['data["a.b"]']


@pytest.mark.parametrize(
    "reference",
    [
        {"$ref": "x"},
        {"$ref": {"block_document_id": "x"}},
        {"$ref": {"block_document_id": str(ID), "more": 1}},
        {"$ref": {"block_document_id": str(ID)}, "more": 1},
        {"$ref": {}},
    ],
    ids=json.dumps,
)
def test_a_broken_reference_is_refused_at_the_preview(reference: Any) -> None:
    """The server answers such a one with a 500."""
    given = {"type_slug": "t", "name": "n", "data": {"a": json.dumps(reference)}}
    _, failures = check_properties(BlockArgs, given)
    assert [failure.path for failure in failures] == ["data.a"]
    assert "block_document_id" in failures[0].reason


@pytest.mark.parametrize("value", [MASK, [MASK], {"x": {MASK: MASK}}], ids=json.dumps)
def test_the_mask_is_no_secret(value: Any) -> None:
    """A PATCH with it would silently keep the old secret."""
    given = {"type_slug": "t", "name": "n", "secrets": {"a": json.dumps(value)}}
    _, failures = check_properties(BlockArgs, given)
    assert [failure.path for failure in failures] == ["secrets.a"]


def test_where_secrets_cannot_be_seen_they_count_as_others() -> None:
    """A key without that permission takes no block for its own by accident."""
    args = BlockArgs(type_slug="t", name="n", secrets={"token": CANARY})
    found = _read(args, args)
    api: Any = FakeApi()
    assert BlockKind().same(api, found, args) == ["secrets"]


@given(st.dictionaries(keys, json_values, max_size=4))
def test_no_fault_quotes_a_value(given_values: dict[str, Any]) -> None:
    """The reasons tell what is wanted, never what was given: it may be secret."""
    fields = {
        "type": "object",
        "properties": {
            "token": {"type": "integer", "maximum": 3},
            "headers": {"anyOf": [{"type": "string"}, {"$ref": "#/definitions/Gone"}]},
            "nested": {"type": "object", "additionalProperties": {"type": "null"}},
            "a": {"enum": ["one", "two"]},
        },
        "required": ["a", "missing"],
    }
    marked = {
        key: f"{CANARY}{value}" if isinstance(value, str) else [CANARY, value]
        for key, value in given_values.items()
    }
    for location, reason in problems(fields, marked):
        assert CANARY not in f"{location} {reason}"


@pytest.mark.parametrize(
    ("schema", "value", "path"),
    [
        ({"type": "object"}, {"anything": 1}, None),
        ({"properties": {"a": {}}, "additionalProperties": True}, {"b": 1}, None),
        ({"properties": {"a": {}}}, {"b": 1}, ("b",)),
        ({"properties": {"a": {}}, "additionalProperties": False}, {"b": 1}, ("b",)),
        ({"properties": {"a": {"$ref": "#/definitions/Gone"}}}, {"a": 1}, None),
        ({"properties": {"a": {"$ref": "#/$defs/Gone"}}}, {"a": 1}, None),
        (
            {
                "properties": {"a": {"$ref": "#/definitions/N"}},
                "definitions": {"N": {"required": ["x"]}},
            },
            {"a": {}},
            ("a", "x"),
        ),
        ({"properties": {"a": {"items": {"minimum": 3}}}}, {"a": [4, 1]}, ("a", 1)),
    ],
)
def test_a_schema_is_read_as_prefect_means_it(
    schema: Any, value: Any, path: Any
) -> None:
    """Unknown fields are faults where fields are named; definitions may be missing."""
    assert [at for at, _ in problems(schema, value)] == ([] if path is None else [path])


@pytest.mark.parametrize(
    ("key", "value", "secret"),
    [
        ("token", "x", True),
        ("token", {"a": 1}, True),
        ("token", None, False),
        ("headers", {}, True),
        ("headers", None, True),
        ("nested", {"deep": {"key": "x"}}, True),
        ("nested", {"deep": {"key": None}}, False),
        ("nested", {"deep": {"other": 1}}, False),
        ("nested", "x", False),
        ("other", "x", False),
    ],
)
def test_what_is_secret_is_what_the_schema_says(
    key: str, value: Any, *, secret: bool
) -> None:
    """Dotted paths reach inside, a wildcard takes all, and nothing is no secret."""
    assert holds_secret(FIELDS, key, value) is secret


def test_a_type_of_a_new_workspace_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Prefect Cloud makes block types just after the workspace, and is asked once."""
    monkeypatch.setattr(block_schema, "PAUSE_SECONDS", 0.001)
    api: Any = FakeApi(workspace_id=ID, appears_after=3)
    api.scope = "a new workspace"
    assert newest_schema(api, "a-type").fields == FIELDS
    asked = len(api.asked)
    assert newest_schema(api, "a-type").fields == FIELDS
    assert len(api.asked) == asked


def test_a_type_that_a_server_of_ones_own_lacks_is_told_at_once() -> None:
    """A server's types are there from its start: waiting would only delay the typo."""
    api: Any = FakeApi(appears_after=99)
    api.scope = "one's own"
    with pytest.raises(NotFoundError, match="no block type 'a-type' with a schema"):
        newest_schema(api, "a-type")
    assert len(api.asked) == 1


def test_a_type_that_never_appears_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The wait for a new workspace has an end."""
    monkeypatch.setattr(block_schema, "PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(block_schema, "APPEARS_WITHIN_SECONDS", 0.01)
    api: Any = FakeApi(workspace_id=ID, appears_after=10**9)
    api.scope = "an empty workspace"
    with pytest.raises(NotFoundError, match="no block type 'a-type' with a schema"):
        newest_schema(api, "a-type")
    assert len(api.asked) > 1


def test_a_program_hands_over_secrets_sealed_and_references_whole() -> None:
    """What a user writes reaches the engine as text per field, the secrets sealed."""

    def program() -> dict[str, Any]:
        one = Block("one", type_slug="secret", secrets={"value": {"p": None}})
        two = Block("two", type_slug="t", data={"to": one.reference, "n": [1, None]})
        return {"one": one.secrets, "two": two.data}

    made = run(program)
    assert made["one"].inputs["secrets"] == {"value": '{"p":null}'}
    assert made["one"].secret == {"secrets"}
    assert made["one"].secret_outputs == {"secrets"}
    to = json.dumps({"$ref": {"block_document_id": "one-id"}}, separators=(",", ":"))
    assert made["two"].inputs["data"] == {"to": to, "n": "[1,null]"}
    assert made.outputs["two"] == {"to": as_reference("one-id"), "n": [1, None]}
