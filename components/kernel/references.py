"""`${work_pools.default}` in a stack's config: what another part of the stack is.

A string that is one reference becomes what it refers to; a reference inside a longer
string is put into it. Anything else in `${…}` is left alone: it is a shell's, or the
service's own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, TypeAlias

import pulumi

from .errors import ConfigurationError

Lookup: TypeAlias = Callable[[str], pulumi.Input[Any] | None]
"""Returns what a name stands for, or None where the stack has nothing of that name."""

# The groups whose names are those of the config's secrets.
SECRETS: Final = ("secrets", "json_secrets")

_REFERENCE: Final = re.compile(r"\$\{(?P<group>[a-z_]+)\.(?P<name>[A-Za-z0-9_./ -]+)\}")


def reference(group: str, name: str) -> str | None:
    """Write a reference; None for a name that cannot stand in one."""
    written = f"${{{group}.{name}}}"
    return written if _REFERENCE.fullmatch(written) else None


def refers(value: Any, groups: Collection[str] | None = None) -> bool:
    """Tell whether a value has a reference in it, at any depth.

    Args:
        value: Plain config.
        groups: Those that count; all if not given.
    """
    match value:
        case Mapping():
            return any(refers(item, groups) for item in value.values())
        case list() | tuple():
            return any(refers(item, groups) for item in value)
        case str():
            found = _REFERENCE.finditer(value)
            return any(groups is None or one["group"] in groups for one in found)
        case _:
            return False


def resolve(value: Any, groups: Mapping[str, Lookup], path: str) -> Any:
    """Replace every reference in a value, at any depth.

    Args:
        value: Plain config: mappings, lists and scalars.
        groups: What may be referred to, by the word before the dot.
        path: Where the value stands in the config, for the error.

    Raises:
        ConfigurationError: A reference to something that the stack does not have.
    """
    match value:
        case Mapping():
            return {k: resolve(v, groups, f"{path}.{k}") for k, v in value.items()}
        case list() | tuple():
            return [resolve(v, groups, f"{path}[{i}]") for i, v in enumerate(value)]
        case str():
            return _resolve_text(value, groups, path)
        case _:
            return value


def _resolve_text(text: str, groups: Mapping[str, Lookup], path: str) -> Any:
    parts: list[Any] = []
    end = 0
    for found in _REFERENCE.finditer(text):
        if found["group"] not in groups:
            continue
        parts += [text[end : found.start()], _look_up(found, groups, path)]
        end = found.end()
    if not parts:
        return text
    parts.append(text[end:])
    said = [part for part in parts if part != ""]
    return said[0] if len(said) == 1 else pulumi.Output.concat(*said)


def _look_up(
    found: re.Match[str], groups: Mapping[str, Lookup], path: str
) -> pulumi.Input[Any]:
    group, name = found["group"], found["name"]
    meant = groups[group](name)
    if meant is None:
        way_out = (
            f"set it with `pulumi config set --secret {name}`"
            if group in SECRETS
            else f"add it under {group}, above this, or correct the name"
        )
        raise ConfigurationError(
            f"{path}: refers to {group}.{name}, which this stack does not have; "
            f"{way_out}"
        )
    return meant
