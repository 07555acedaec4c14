"""Block types: the schema that is written is the schema that is read."""

from __future__ import annotations

import html
import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.kernel.check import check_properties
from components.prefect.block_type import (
    BlockTypeArgs,
    BlockTypeKind,
    schema_to_wire,
    to_wire,
)

ID = UUID(int=7)

texts = st.none() | st.text("a&<>;lt\"' \n", max_size=12)
slugs = st.text("ab-1", min_size=1, max_size=5)
properties = st.dictionaries(
    st.sampled_from(["a", "b", "c"]),
    st.sampled_from([{}, {"type": "string"}, {"default": None}, True]),
    max_size=3,
)


@st.composite
def schemas(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a schema whose secrets are among its properties."""
    known = draw(properties)
    secret = draw(st.lists(st.sampled_from(sorted(known)))) if known else []
    optional = {
        "title": draw(st.text(max_size=3)),
        "block_type_slug": draw(slugs),
        "block_schema_references": {},
        "definitions": {"N": {"type": "object"}},
    }
    kept = draw(st.sets(st.sampled_from(sorted(optional))))
    return {
        "type": "object",
        "properties": known,
        "secret_fields": [f"{path}.*" for path in secret],
        **{key: optional[key] for key in kept},
    }


types = st.builds(
    BlockTypeArgs,
    slug=slugs,
    name=slugs,
    fields=schemas(),
    capabilities=st.frozensets(slugs, max_size=2),
    description=texts,
    code_example=texts,
    documentation_url=texts,
    logo_url=texts,
)


class Nowhere:
    """As much of an API as `parse` looks at."""

    workspace_id = None


@given(types)
def test_a_type_reads_back_as_written(args: BlockTypeArgs) -> None:
    """The wire form and the model are inverses: text escaped, schema completed."""
    wire = to_wire(args)
    assert wire["description"] in (
        None,
        html.escape(args.description or "", quote=False),
    )
    schema = {**schema_to_wire(args, ID), "id": str(ID)}
    schema["fields"] = {"block_schema_references": {}, **schema["fields"]}
    api: Any = Nowhere()
    state = BlockTypeKind().parse(
        api, {**wire, "id": str(ID), "is_protected": False, "schema": schema}
    )
    wanted = {"id": str(ID), "schema_id": str(ID), "is_protected": False}
    assert state.to_properties() == args.to_properties() | wanted


@given(types)
def test_check_is_idempotent(args: BlockTypeArgs) -> None:
    """Checking what check answered changes nothing."""
    props, failures = check_properties(BlockTypeArgs, args.to_properties())
    assert not failures
    assert check_properties(BlockTypeArgs, props) == (props, [])


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"type": "objekt"}, "is not a JSON Schema"),
        ({"properties": {"a": {"type": 1}}}, "is not a JSON Schema"),
        ({"secret_fields": ["a"]}, "'a' is not one of its properties"),
        (
            {"properties": {"a": {}}, "secret_fields": ["a", "b.*"]},
            "names 'b.*' in secret_fields",
        ),
        ({"secret_fields": "a"}, "a list of dotted paths"),
        ({"secret_fields": [1]}, "a list of dotted paths"),
    ],
)
def test_a_schema_that_could_not_work_is_refused_at_the_preview(
    fields: Any, why: str
) -> None:
    """A typing error in secret_fields would leave the secret open for all to see."""
    given = {"slug": "t", "name": "T", "fields": json.dumps(fields)}
    _, failures = check_properties(BlockTypeArgs, given)
    assert [failure.path for failure in failures] == ["fields"]
    assert why in failures[0].reason
