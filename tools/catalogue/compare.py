"""What differs between stacks, resource by resource and field by field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .state import Resource


@dataclass(frozen=True)
class Row:
    """One resource in all stacks.

    Attributes:
        first: The resource as the first stack that has it knows it.
        there: For each stack, whether it has the resource.
        changed: For each field that is not the same in all stacks that have the
            resource: its text in each of them, None where it is not set.
    """

    first: Resource
    there: Mapping[str, bool]
    changed: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)

    @property
    def differs(self) -> bool:
        """Whether the stacks are not the same in it."""
        return bool(self.changed) or not all(self.there.values())


def compare(stacks: Mapping[str, Sequence[Resource]]) -> list[Row]:
    """Return a row for each resource that any of the stacks has, by kind and name."""
    by_key = {
        stack: {one.key: one for one in resources}
        for stack, resources in stacks.items()
    }
    keys = {key for resources in by_key.values() for key in resources}
    rows = [_row(key, by_key) for key in keys]
    return sorted(rows, key=lambda row: (row.first.token, row.first.name))


def _row(key: str, stacks: Mapping[str, Mapping[str, Resource]]) -> Row:
    having = {stack: found[key] for stack, found in stacks.items() if key in found}
    first = next(iter(having.values()))
    told = {
        stack: {**one.fields, **({"protected": "true"} if one.protected else {})}
        for stack, one in having.items()
    }
    # What comes from the same property of the same neighbour is no difference.
    meant = {stack: {**told[stack], **one.sources} for stack, one in having.items()}
    paths = dict.fromkeys(path for fields in told.values() for path in fields)
    changed = {
        path: {stack: fields.get(path) for stack, fields in told.items()}
        for path in paths
        if len({fields.get(path) for fields in meant.values()}) > 1
    }
    return Row(first, {stack: stack in having for stack in stacks}, changed)
