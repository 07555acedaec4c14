"""Parameters are held to their schema as strictly as the server does, and no more."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from components.prefect.parameters import (
    NO_PARAMETERS,
    canonical_schema,
    faults_of_parameters,
    hydrated,
)

OPTIONS = {
    "type": "object",
    "properties": {"size": {"type": "integer"}},
    "required": ["size"],
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "n": {"type": "integer"},
        "mood": {"enum": ["good", "bad"]},
        "maybe": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        "options": {"$ref": "#/definitions/Options"},
        "pair": {"prefixItems": [{"type": "string"}, {"type": "integer"}]},
        "many": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["n"],
    "definitions": {"Options": OPTIONS},
}


@pytest.mark.parametrize(
    ("parameters", "where"),
    [
        ({}, []),
        ({"unknown": 1}, []),
        ({"n": 1, "mood": "good", "maybe": None}, []),
        ({"options": {}}, []),
        ({"pair": ["a", 1], "many": ["a", "b", "c"]}, []),
        ({"n": "1"}, [("n",)]),
        ({"n": True}, [("n",)]),
        ({"n": 1.0}, []),
        ({"mood": "so-so", "maybe": "x"}, [("maybe",), ("mood",)]),
        ({"options": {"size": None}}, [("options", "size")]),
        ({"pair": [1, "a"]}, [("pair", 0), ("pair", 1)]),
        ({"many": ["a", 1]}, [("many", 1)]),
        ({"many": None}, [("many",)]),
    ],
)
def test_the_verdict_is_the_servers(
    parameters: dict[str, Any], where: list[tuple[Any, ...]]
) -> None:
    """Compared with the very function that the server calls."""
    from prefect._internal.schemas.validators import (  # noqa: PLC0415  # two seconds
        validate_values_conform_to_schema,
    )

    faults = dict(faults_of_parameters(parameters, SCHEMA))
    assert sorted(faults) == where
    refused = pytest.raises(ValueError, match="Validation failed")
    with refused if where else contextlib.nullcontext():
        validate_values_conform_to_schema(parameters, SCHEMA, ignore_required=True)


def test_a_reference_to_nothing_is_told() -> None:
    """Instead of an exception that names a library."""
    schema = {"properties": {"n": {"$ref": "#/definitions/Gone"}}}
    [(where, fault)] = faults_of_parameters({"n": 1}, schema)
    assert where == ()
    assert "/definitions/Gone" in fault


def test_no_schema_and_an_empty_one_are_the_same() -> None:
    """The API answers with either; null it must not be, and stays what it is."""
    assert canonical_schema({}) == canonical_schema(NO_PARAMETERS) == NO_PARAMETERS
    assert canonical_schema(None) is None


def test_what_prefect_would_replace_is_found_at_any_depth() -> None:
    """In lists, in objects, and as the whole."""
    kind = {"__prefect_kind": "json", "value": "1"}
    found = list(hydrated({"a": kind, "b": [1, {"c": kind}], "d": {"e": 1}}))
    assert found == [("a",), ("b", 1, "c")]
