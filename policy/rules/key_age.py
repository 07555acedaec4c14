"""A key that does not expire is made anew once a year.

Its age is counted from when an update last wrote it, which every rotation does: it may
be older than that, and never younger.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from policy.rule import EVERYWHERE, Finding, StackRule
from policy.stack import Stack
from policy.update import Update

_KEYS: Final = {"prefect:ServiceAccount": "prefect-key", "s3:AccessKey": "aws-key"}


def check(update: Update, stack: Stack) -> Iterator[Finding]:
    """Yield the keys that are too old, and that this update does not make anew."""
    for urn, (thing, _, modified) in update.before.items():
        now = update.after.get(urn)
        if thing.kind not in _KEYS or modified is None or now is None:
            continue
        age = (datetime.now(UTC) - modified).days
        rotates = thing.inputs.get("rotation") != now.inputs.get("rotation")
        if age > stack.guardrails.key_days and not rotates:
            yield Finding(
                thing.name,
                f"the key of '{thing.name}' is {age} days old; make another one with "
                f"`make rotate WHAT={_KEYS[thing.kind]} NAME={thing.name}`",
                urn,
            )


RULE = StackRule(
    name="key-age",
    description="Keys are rotated.",
    levels=EVERYWHERE,
    check=check,
)
