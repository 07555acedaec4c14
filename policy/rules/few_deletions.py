"""One update takes away only so much: more is a mistake until somebody says it is not.

The idea is octoDNS's: a plan that deletes a lot is more often a config read from the
wrong place, or a renamed key, than a wish.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from policy.rule import EVERYWHERE, Finding, StackRule
from policy.stack import Stack
from policy.update import Update

# The engine lists all of them; here they remind of what it is about.
_SHOWN: Final = 5


def check(update: Update, stack: Stack) -> Iterator[Finding]:
    """Yield which limit the update is beyond."""
    limit = stack.guardrails.limit
    for verb, gone, allowed, variable in (
        ("delete", update.deleted(), limit.deletions, "DELETIONS"),
        ("replace", update.replaced(), limit.replacements, "REPLACEMENTS"),
    ):
        names = sorted(known.thing.name for _, known in gone)
        if len(names) > allowed:
            shown = ", ".join(islice(names, _SHOWN))
            more = ", …" if len(names) > _SHOWN else ""
            yield Finding(
                "",
                f"this update would {verb} {len(names)} objects ({shown}{more}), and "
                f"{allowed} are allowed; if that is meant, run it with "
                f"FLOWGROUND_MAX_{variable}={len(names)}",
            )


RULE = StackRule(
    name="few-deletions",
    description="One update deletes and replaces only a few objects.",
    levels=EVERYWHERE,
    check=check,
)
