"""How rules look into values: JSON that travels as text, and all that is nested."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from .wire import Sealed


class Leaf(NamedTuple):
    """A text somewhere in a value.

    Attributes:
        path: Where, for messages.
        key: The nearest name above it.
        text: What it says.
        sealed: Whether state keeps it encrypted.
    """

    path: str
    key: str
    text: str
    sealed: bool


def parsed(value: Any) -> Any:
    """Return what a JSON text stands for; any other value as it is."""
    if isinstance(value, str) and value[:1] in {"{", "["}:
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def leaves(
    value: Any, path: str = "", key: str = "", *, sealed: bool = False
) -> Iterator[Leaf]:
    """Yield every text in a value, in JSON texts too."""
    match parsed(value):
        case Sealed(inner):
            yield from leaves(inner, path, key, sealed=True)
        case Mapping() as mapping:
            for name, item in mapping.items():
                # The engine's and the kernel's own.
                if not name.startswith("__"):
                    at = f"{path}.{name}" if path else name
                    yield from leaves(item, at, name, sealed=sealed)
        case list() as items:
            for number, item in enumerate(items):
                yield from leaves(item, f"{path}[{number}]", key, sealed=sealed)
        case str() as text:
            yield Leaf(path, key, text, sealed)
        case _:
            pass
