"""Reading a stack's outputs: what is told comes back, what is wrong is said."""

from __future__ import annotations

import json
import pickle
import types
import typing
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from components.outputs import (
    SCHEMA,
    Credentials,
    Outputs,
    OutputsError,
    json_schema,
    read,
    read_credentials,
)

CANARY = "pnu_CANARY0123456789"
LEAST = {"schema": SCHEMA, "stack": "dev", "tier": "dev"}


def plain(annotation: Any) -> st.SearchStrategy[Any]:  # noqa: PLR0911  # one a type
    """Make plain data that a field of the contract may hold."""
    arguments = typing.get_args(annotation)
    match typing.get_origin(annotation):
        case typing.Literal:
            return st.sampled_from(arguments)
        case types.UnionType | typing.Union:
            return st.one_of(*map(plain, arguments))
        case typing.Annotated:
            return plain(arguments[0])
        case origin if origin is dict:
            return st.dictionaries(st.text(max_size=8), plain(arguments[1]), max_size=3)
        case origin if origin is list:
            return st.lists(plain(arguments[0]), max_size=3)
    if annotation is type(None):
        return st.none()
    if issubclass(annotation, BaseModel):
        return model(annotation)
    return {str: st.text(max_size=20), int: st.integers(1, 2)}[annotation]


def model(cls: type[BaseModel]) -> st.SearchStrategy[dict[str, Any]]:
    """Make plain data of a part, with or without the keys that may be missing."""
    fields = {field.alias or n: field for n, field in cls.model_fields.items()}
    kinds = {name: plain(field.annotation) for name, field in fields.items()}
    always = {name for name, field in fields.items() if field.is_required()}
    return st.fixed_dictionaries(
        {name: kind for name, kind in kinds.items() if name in always},
        optional={name: kind for name, kind in kinds.items() if name not in always},
    )


@given(model(Outputs), model(Credentials))
def test_what_is_told_comes_back(told: dict[str, Any], held: dict[str, Any]) -> None:
    """Whatever the schema allows is read, and nothing of it is lost."""
    both = {"flowground": told, "credentials": held}
    jsonschema.Draft202012Validator(json_schema()).validate(both)
    again = json.loads(json.dumps(both))
    outputs = read("dev", again["flowground"])
    credentials = read_credentials("dev", again["credentials"])
    assert outputs.model_dump(by_alias=True, exclude_unset=True) == told
    assert credentials.model_dump(by_alias=True, exclude_unset=True) == held


def test_what_a_later_release_adds_is_let_be() -> None:
    """An older reader reads a newer stack."""
    told = {**LEAST, "new": 1, "prefect": {"api_url": "http://x", "webhooks": {}}}
    prefect = read("dev", told).prefect
    assert prefect is not None
    assert prefect.api_url == "http://x"


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (None, "has no output 'flowground': it was not brought up yet"),
        ({}, "keeps to another contract, and this reader knows flowground/v1"),
        ({"schema": "flowground/v0"}, "keeps to flowground/v0, and this reader knows"),
        ({"schema": "flowground/v2"}, "keeps to flowground/v2, and this reader knows"),
        ({"schema": CANARY}, "keeps to another contract"),
        ({"schema": {CANARY: CANARY}}, "keeps to another contract"),
        ("[secret]", "flowground: Input should be a valid dictionary"),
        ({**LEAST, "stack": [CANARY]}, "flowground.stack: Input should be a valid str"),
        ({**LEAST, "tier": CANARY}, "flowground.tier: Input should be 'dev'"),
        (
            {**LEAST, "prefect": {"work_pools": {"a": {"name": CANARY, "type": 1}}}},
            "flowground.prefect.work_pools.a.type: Input should be a valid string",
        ),
    ],
)
def test_another_contract_is_said_in_a_sentence(told: object, said: str) -> None:
    """The stack, what is wrong and where, the way out; and none of the values."""
    with pytest.raises(OutputsError) as caught:
        read("acme/flowground/dev", told)
    text = str(caught.value)
    assert text.startswith("stack acme/flowground/dev ")
    assert said in text
    assert "\n" not in text
    assert CANARY not in text


def test_malformed_credentials_are_not_shown() -> None:
    """The error about a credential does not have the credential, nor does its cause."""
    with pytest.raises(OutputsError) as caught:
        read_credentials(
            "dev", {"modal": {"token_id": CANARY, "token_secret": [CANARY]}}
        )
    assert "credentials.modal.token_secret: Input should be a valid string" in str(
        caught.value
    )
    assert CANARY not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_key_that_is_not_there_is_named_with_those_that_are() -> None:
    """`[key]` fails by a sentence; `in` and `get` are a dict's own."""
    told = read(
        "dev", {**LEAST, "modal": {"environment": "dev", "secrets": {"b": "B"}}}
    )
    assert told.modal is not None
    secrets = told.modal.secrets
    assert secrets["b"] == "B"
    assert ("a" in secrets, secrets.get("a")) == (False, None)
    with pytest.raises(OutputsError, match="dev has no 'a' in secrets; there are: b"):
        secrets["a"]
    with pytest.raises(OutputsError, match="no 'x' in volumes; there are: none"):
        told.modal.volumes["x"]
    with pytest.raises(OutputsError, match=r"no 'ci' in credentials\.prefect"):
        read_credentials("dev", None).prefect["ci"]


def test_what_was_read_can_be_copied() -> None:
    """The things are plain dicts to pickle, and the same after it."""
    told = read("dev", {**LEAST, "modal": {"environment": "e", "secrets": {"b": "B"}}})
    assert pickle.loads(pickle.dumps(told)) == told  # noqa: S301  # our own bytes
