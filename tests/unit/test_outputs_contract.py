"""The contract: its schema is committed, and only grows."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from components.outputs import json_schema
from tests.support.additivity import breaks
from tools import outputs_schema


def test_the_committed_schema_is_what_the_models_say() -> None:
    """`python -m tools.outputs_schema` has nothing to write."""
    assert outputs_schema.PRESENT.read_text() == outputs_schema.text()
    assert outputs_schema.TABLE.read_text() == outputs_schema.table()


def test_each_key_has_its_meaning() -> None:
    """Who reads the schema in another language reads the docstrings' words."""
    parts = json_schema()["$defs"]
    assert len(parts) > 10
    silent = [
        (name, key)
        for name, part in parts.items()
        for key, one in part["properties"].items()
        if not one.get("description")
    ]
    assert silent == []


def test_it_only_adds_to_the_last_release() -> None:
    """Whoever relies on the released schema goes on working."""
    assert breaks(json.loads(outputs_schema.RELEASED.read_text()), json_schema()) == []


def _rename(schema: dict[str, Any]) -> None:
    pool = schema["$defs"]["WorkPool"]["properties"]
    pool["kind"] = pool.pop("type")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            lambda s: s["$defs"]["Prefect"]["properties"].pop("variables"),
            ["Prefect.variables is gone"],
        ),
        (_rename, ["WorkPool.type is gone"]),
        (
            lambda s: s["$defs"]["ModalVolume"]["properties"]["version"].update(
                type="string"
            ),
            ["ModalVolume.version changed its type"],
        ),
        (
            lambda s: s["$defs"]["Prefect"]["properties"]["blocks"].update(
                additionalProperties={"$ref": "#/$defs/WorkPool"}
            ),
            ["Prefect.blocks changed its type"],
        ),
        (
            lambda s: s["$defs"]["Outputs"]["properties"]["tier"]["enum"].append("qa"),
            ["Outputs.tier changed its type"],
        ),
        (
            lambda s: s["$defs"]["Deployment"]["required"].append("url"),
            ["Deployment.url is newly required: older stacks lack it"],
        ),
        (
            lambda s: s["$defs"]["Deployment"]["required"].remove("flow_id"),
            ["Deployment.flow_id is no longer sure to be there"],
        ),
        (lambda s: s["$defs"].pop("Github"), ["Github is gone"]),
        (lambda s: s["properties"].pop("credentials"), ["credentials is gone"]),
        (
            lambda s: s["$defs"]["S3"].update(additionalProperties=False),
            ["S3 changed what else it says"],
        ),
    ],
)
def test_whatever_breaks_a_reader_is_found(
    change: Callable[[dict[str, Any]], object], told: list[str]
) -> None:
    """The comparison bites: a key gone, renamed, of another type, newly required."""
    old, new = json_schema(), copy.deepcopy(json_schema())
    change(new)
    assert breaks(old, new) == told


def test_what_only_adds_is_let_pass() -> None:
    """A new key that may be missing, a new part, another description break nobody."""
    old, new = json_schema(), copy.deepcopy(json_schema())
    new["$defs"]["Webhook"] = {"type": "object", "properties": {}, "required": ["url"]}
    new["$defs"]["Prefect"]["properties"]["webhooks"] = {"type": "object"}
    new["$defs"]["Prefect"]["properties"]["api_url"]["description"] = "Better words."
    assert breaks(old, new) == []
