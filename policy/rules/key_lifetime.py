"""A key that is made to expire does so within a year."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from policy.rule import EVERYWHERE, Rule, Thing
from policy.stack import Stack

# Longer than a year by as much as it takes to write the config.
_LONGEST: Final = timedelta(days=366)


def check(thing: Thing, _: Stack) -> Iterator[str]:
    """Yield keys that end too late, or never."""
    match thing.kind:
        case "modal:ServiceUser":
            yield from _token(thing)
        case "prefect:ServiceAccount":
            yield from _api_key(thing)


def _token(thing: Thing) -> Iterator[str]:
    seconds = thing.inputs.get("expires_in_seconds")
    if seconds is None:
        yield (
            f"the token of service user '{thing.name}' never expires; set "
            "expires_in_seconds"
        )
    elif isinstance(seconds, int | float) and seconds > _LONGEST.total_seconds():
        yield (
            f"the token of service user '{thing.name}' works for "
            f"{seconds / 86400:.0f} days; set expires_in_seconds to a year or less"
        )


def _api_key(thing: Thing) -> Iterator[str]:
    # One that does not expire is held to its age, by key-age.
    end = thing.inputs.get("api_key_expiration")
    if not isinstance(end, str):
        return
    if datetime.fromisoformat(end) > datetime.now(UTC) + _LONGEST:
        yield (
            f"the key of service account '{thing.name}' works until {end}; set "
            "api_key_expiration to a year from now or less"
        )


RULE = Rule(
    name="key-lifetime",
    description="Keys expire within a year.",
    levels=EVERYWHERE,
    check=check,
)
