"""No bucket is public, nor can be made so by a policy or an ACL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policy.rule import EVERYWHERE, Rule, Thing
from policy.stack import Stack


def check(thing: Thing, _: Stack) -> Iterator[str]:
    """Yield buckets of which some way to make them public is open."""
    if thing.kind != "s3:Bucket":
        return
    access = thing.inputs.get("public_access")
    if not isinstance(access, Mapping):
        return
    if lifted := sorted(name for name, barred in access.items() if barred is False):
        yield (
            f"bucket '{thing.name}' can be public, for its public_access does not "
            f"{' and '.join(lifted)}; set {'them' if lifted[1:] else 'it'} to true"
        )


RULE = Rule(
    name="private-buckets",
    description="Buckets bar public access.",
    levels=EVERYWHERE,
    check=check,
)
