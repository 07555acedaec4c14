"""What a JSON Schema of outputs takes away from those who rely on an older one.

Outputs are read: a reader of the older schema must find in the new outputs all that it
could count on, of the same type; and a reader of the new one must be content with what
an older stack tells.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

Schema = Mapping[str, Any]

# What says something to people and nothing about what is valid.
SILENT: Final = frozenset({"title", "description", "default", "$id", "$schema"})


def breaks(old: Schema, new: Schema) -> list[str]:
    """Return what a release with the new schema would break, a line each."""
    return [
        *_part("", old, new),
        *(
            line
            for name, part in old["$defs"].items()
            for line in _part(name, part, new["$defs"].get(name))
        ),
    ]


def _part(name: str, old: Schema, new: Schema | None) -> Iterator[str]:
    if new is None:
        yield f"{name} is gone"
        return
    for key, one in old["properties"].items():
        path = f"{name}.{key}".lstrip(".")
        if key not in new["properties"]:
            yield f"{path} is gone"
        elif _shape(one) != _shape(new["properties"][key]):
            yield f"{path} changed its type"
    before, now = set(old.get("required", ())), set(new.get("required", ()))
    for key in sorted(now - before):
        yield f"{name}.{key}".lstrip(".") + " is newly required: older stacks lack it"
    for key in sorted(before - now):
        yield f"{name}.{key}".lstrip(".") + " is no longer sure to be there"
    rest = SILENT | {"properties", "required", "$defs"}
    if _shape(old, rest) != _shape(new, rest):
        yield f"{name or 'the whole'} changed what else it says"


def _shape(one: Any, silent: frozenset[str] = SILENT) -> Any:
    """Return what decides on validity; only of a schema, never inside an enum."""
    match one:
        case Mapping():
            return {
                key: value if key in {"const", "enum"} else _shape(value)
                for key, value in one.items()
                if key not in silent
            }
        case list():
            return [_shape(item) for item in one]
        case _:
            return one
