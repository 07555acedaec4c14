"""Buckets are read and written over TLS alone."""

from __future__ import annotations

from collections.abc import Iterator

from policy.rule import EVERYWHERE, Rule, Thing
from policy.stack import Stack


def check(thing: Thing, _: Stack) -> Iterator[str]:
    """Yield buckets that plain HTTP may reach."""
    if thing.kind == "s3:Bucket" and thing.inputs.get("tls_only") is False:
        yield (
            f"bucket '{thing.name}' may be read over plain HTTP; set tls_only to true"
        )


RULE = Rule(
    name="tls-buckets",
    description="Buckets refuse what is not encrypted on its way.",
    levels=EVERYWHERE,
    check=check,
)
