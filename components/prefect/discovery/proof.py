"""The proof that a description means what is there: the kind's own check says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from components.kernel import UnmanagedIfUnset, WriteOnly
from components.kernel.check import check_properties, failures_of
from components.kernel.references import SECRETS, refers

from .live import KINDS
from .references import GROUPS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from components.kernel.check import Failure

    from .live import Live

# Below it, Go's JSON has no exponent.
_GO_WRITES_IN_FULL: Final = 1e21


def unproved(live: Live, entry: dict[str, Any], said: Collection[str]) -> str | None:
    """Say in what a description would mean another object, if in anything.

    Args:
        live: The object.
        entry: What would be written of it, before ids become references.
        said: The fields that the place of the entry says.
    """
    if _reads_otherwise(entry):
        return "it holds text that a stack's config would take for something else"
    args = KINDS[live.sort].args
    there = {
        key: value
        for key, value in live.state.to_properties().items()
        if key in args.model_fields and key not in args.marked(WriteOnly)
    }
    said = {*said, "workspace_id"}
    if live.sort == "BlockType" and "name" not in entry:
        said |= {"name"}  # which is its slug, and its resource knows that
    written = {key: getattr(live.state, key) for key in said} | _through_go(entry)
    try:
        meant = args.model_validate(written).to_properties()
    except ValidationError as error:
        return _told(failures_of(error, written))
    given = {key: meant[key] for key in meant.keys() & (entry.keys() | said)}
    checked, failures = check_properties(args, given)
    if failures:
        return _told(failures)
    silent = args.marked(UnmanagedIfUnset) - given.keys()
    differs = sorted(
        key
        for key in (there.keys() | checked.keys()) - silent
        if there.get(key) != checked.get(key)
    )
    return (
        f"its {', '.join(differs)} cannot be written in a config" if differs else None
    )


def _reads_otherwise(entry: Any) -> bool:
    """Tell whether text of a service's would be read as a reference or a secret."""
    match entry:
        case dict():
            return [*entry] == ["secure"] or any(map(_reads_otherwise, entry.values()))
        case list():
            return any(map(_reads_otherwise, entry))
        case _:
            return refers(entry, {*SECRETS, *GROUPS.values()})


def _told(failures: Iterable[Failure]) -> str:
    return "; ".join(f"its {one.path} {one.reason}" for one in failures)


def _through_go(entry: Any) -> Any:
    """Return what Pulumi makes of numbers: 1.0 becomes 1, a huge integer a float."""
    match entry:
        case dict():
            return {key: _through_go(item) for key, item in entry.items()}
        case list():
            return [_through_go(item) for item in entry]
        case float() if entry.is_integer() and abs(entry) < _GO_WRITES_IN_FULL:
            return int(entry)
        case int() if not -(2**63) <= entry < 2**64:
            return float(entry)
        case _:
            return entry
