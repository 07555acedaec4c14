"""What has tags says who owns it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from policy.rule import EVERYWHERE, Rule, Thing
from policy.stack import Stack
from policy.values import parsed
from policy.wire import UNKNOWN, unsealed


def check(thing: Thing, stack: Stack) -> Iterator[str]:
    """Yield what nobody owns, of the kinds that the stack wants owned."""
    if thing.kind not in stack.guardrails.owned:
        return
    named = [parsed(unsealed(thing.inputs.get(f))) for f in ("tags", "labels")]
    if not any(_owner(value) for value in named):
        yield (
            f"{thing.kind} '{thing.name}' does not say whose it is; give it a tag "
            "`owner` with the team's name (`owner:TEAM` where tags are plain words)"
        )


def _owner(tags: Any) -> bool:
    match tags:
        case Mapping():
            return any(key.lower() == "owner" and tags[key] for key in tags)
        case list():
            return any(_names_owner(tag) for tag in tags)
        case _:
            return tags is UNKNOWN


def _names_owner(tag: Any) -> bool:
    return tag is UNKNOWN or re.match("owner:.", str(tag), re.IGNORECASE) is not None


RULE = Rule(
    name="owners",
    description="What has tags says who owns it.",
    levels=EVERYWHERE,
    check=check,
)
