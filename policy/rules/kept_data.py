"""No update deletes or replaces what holds data, unless that is what it is for."""

from __future__ import annotations

from collections.abc import Iterator

from policy.rule import HOLDS_DATA, OF_DATA, Finding, StackRule
from policy.stack import Stack
from policy.update import Update


def check(update: Update, _: Stack) -> Iterator[Finding]:
    """Yield what would lose its data."""
    for verb, gone in (("delete", update.deleted()), ("replace", update.replaced())):
        for urn, (thing, _id, _modified) in gone:
            if thing.kind in HOLDS_DATA:
                yield Finding(
                    thing.name,
                    f"this update would {verb} {thing.kind} '{thing.name}', and what "
                    "it holds; leave it as it is, or say that its data may go with "
                    f"FLOWGROUND_EXEMPT=kept-data:{thing.name}",
                    urn if verb == "replace" else None,
                )


RULE = StackRule(
    name="kept-data",
    description="What holds data is neither deleted nor replaced.",
    levels=OF_DATA,
    check=check,
)
