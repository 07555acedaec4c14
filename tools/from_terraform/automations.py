"""An automation's trigger and actions, from the provider's shape to the API's."""

from __future__ import annotations

import json
from typing import Any, Final

_RESOURCE: Final = ("event", "metric")
_COMPOSITE: Final = ("compound", "sequence")
_JSON: Final = frozenset({"match", "match_related", "parameters", "job_variables"})
# Which the provider fills in for every action, whatever its type.
_EMPTY: Final = ("parameters", "job_variables")


def plain(value: Any) -> Any:
    """Return a value of any type: Terraform keeps its type beside it."""
    if isinstance(value, dict) and value.keys() == {"type", "value"}:
        return value["value"]
    return value


def trigger(attributes: dict[str, Any]) -> dict[str, Any]:
    """Write a trigger, which is under the name of its sort."""
    for sort in (*_RESOURCE, *_COMPOSITE):
        if attributes.get(sort) is not None:
            fields = {k: _decoded(k, v) for k, v in attributes[sort].items()}
            given = {k: v for k, v in fields.items() if v is not None}
            if sort in _COMPOSITE:
                given["triggers"] = [trigger(one) for one in given["triggers"]]
            return {"type": sort, **given}
    raise ValueError("has a trigger of no known sort")


def actions(attributes: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    """Write actions, each with what it has."""
    written = []
    for one in attributes or ():
        fields = {k: _decoded(k, v) for k, v in one.items()}
        written.append(
            {
                key: value
                for key, value in fields.items()
                if value is not None and not (key in _EMPTY and not value)
            }
        )
    return written


def _decoded(key: str, value: Any) -> Any:
    if key in _JSON and isinstance(value, str):
        return json.loads(value)
    return plain(value)
