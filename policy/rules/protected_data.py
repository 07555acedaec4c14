"""In prod, Pulumi itself refuses to delete what holds data."""

from __future__ import annotations

from collections.abc import Iterator

from policy.rule import HOLDS_DATA, ONLY_PROD, Rule, Thing
from policy.stack import Stack


def check(thing: Thing, _: Stack) -> Iterator[str]:
    """Yield what may be deleted and must not."""
    if thing.kind in HOLDS_DATA and not thing.protect:
        yield (
            f"{thing.kind} '{thing.name}' holds data and is not protected; declare it "
            "with pulumi.ResourceOptions(protect=True)"
        )


RULE = Rule(
    name="protected-data",
    description="What holds data is protected.",
    levels=ONLY_PROD,
    check=check,
)
