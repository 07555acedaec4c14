"""What is found of a service beside Prefect, and how it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import ValidationError

from components.kernel import UnmanagedIfUnset, WriteOnly
from components.kernel.check import failures_of
from components.prefect.discovery import LeftOut, NeededSecret

if TYPE_CHECKING:
    from collections.abc import Collection

    from components.kernel import Args, Part


class Found(NamedTuple):
    """What describes objects of a service.

    Attributes:
        settings: The service's settings.
        secrets: What has to be put into the stack's config by hand.
        left_out: What the settings cannot describe.
        ids: The id of each object that they do describe, by its kind and name.
    """

    settings: dict[str, Any]
    secrets: list[NeededSecret]
    left_out: list[LeftOut]
    ids: dict[str, str]

    def add(self, model: type[Part], group: str, key: str, entry: Any) -> bool:
        """Put in an entry if the service's settings take it; tell whether they do."""
        within = self.settings
        for step in group.split("."):
            within = within.setdefault(step, {})
        within[key] = entry
        try:
            model.model_validate(self.settings)
        except ValidationError as error:
            why = "; ".join(one.reason for one in failures_of(error, self.settings))
            del within[key]
            self.left_out.append(LeftOut(f"{group}.{key}", why))
            return False
        return True

    def needs(self, name: str, of: str) -> str:
        """Note a secret that no call tells, and return what refers to it."""
        needed = NeededSecret(name, of, is_json=False)
        self.secrets.append(needed)
        return needed.reference


def entry_of(args: type[Args], state: Args, said: Collection[str]) -> dict[str, Any]:
    """Return the fields that differ from a kind's defaults.

    Args:
        args: What a user writes.
        state: What there is.
        said: The fields that the place of the entry says.
    """
    wanted = args.model_fields.keys() - {"adopt", *said} - args.marked(WriteOnly)
    entry: dict[str, Any] = state.model_dump(
        mode="json", include=set(wanted), exclude_defaults=True
    )
    for field in args.marked(UnmanagedIfUnset):
        if not entry.get(field, True):
            del entry[field]
    for field, value in args.derived(entry).items():
        if entry.get(field) == value:
            del entry[field]
    return {
        key: sorted(value) if key in _sets(args) else value
        for key, value in entry.items()
    }


def _sets(args: type[Args]) -> Collection[str]:
    """Return the fields whose order means nothing, to write them the same way."""
    return {
        name
        for name, field in args.model_fields.items()
        if "frozenset" in str(field.annotation)
    }
