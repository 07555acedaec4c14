"""The engine's property values as rules read them: what is secret stays marked so.

The SDK (pulumi-policy 1.21) unwraps secrets before a policy sees them, and raises when
a policy looks at a value that a preview does not know yet. A rule about plain
credentials must know the first, and no rule should end at the second.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import pulumi_policy.policy as sdk
from pulumi.runtime import rpc
from pulumi_policy import proxy

_UNKNOWNS: Final = frozenset(
    value for name, value in vars(proxy).items() if name.startswith("UNKNOWN_")
)


class Unknown:
    """A value that only the update will know, or that is no plain data."""

    def __repr__(self) -> str:
        return "unknown"


UNKNOWN: Final = Unknown()


class Sealed(NamedTuple):
    """A value that state keeps encrypted."""

    value: Any

    def __repr__(self) -> str:
        return "sealed"


def read(wire: Any) -> Any:
    """Return a property value from the form in which it travels."""
    match wire:
        case str() if wire in _UNKNOWNS:
            return UNKNOWN
        case list():
            return [read(item) for item in wire]
        case {rpc._special_sig_key: rpc._special_secret_sig, **rest}:  # noqa: SLF001  # the wire format's own name
            return Sealed(read(rest.get("value")))
        case {rpc._special_sig_key: _}:  # noqa: SLF001  # an asset or an archive
            return UNKNOWN
        case dict():
            return {key: read(value) for key, value in wire.items()}
        case _:
            return wire


def unsealed(value: Any) -> Any:
    """Return a value without its seals, at any depth."""
    match value:
        case Sealed(inner):
            return unsealed(inner)
        case list():
            return [unsealed(item) for item in value]
        case Mapping():
            return {key: unsealed(item) for key, item in value.items()}
        case _:
            return value


def _properties(wire: Mapping[str, Any], _: bool = False) -> Mapping[str, Any]:
    # Not a dict: those the SDK wraps in what raises at unknown values.
    return MappingProxyType({key: read(value) for key, value in wire.items()})


def keep_seals() -> None:
    """Have the SDK hand rules what `read` returns."""
    vars(sdk)["deserialize_properties"] = _properties
