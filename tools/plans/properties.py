"""One resource's properties before and after, as the lines of a diff."""

from __future__ import annotations

import difflib
import json
from typing import TYPE_CHECKING, Any, Final

from tools.plans.preview import Op

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.plans.preview import Change

MOST_LINES: Final = 150
_CONTEXT: Final = 2
# What the engine writes for a value that only the update itself will know.
_UNKNOWN: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_ABSENT: Final = object()


def diff_lines(change: Change) -> list[str]:
    """Return the diff, as many lines of it as a reader will read."""
    lines = [*_lines(change)]
    over = len(lines) - MOST_LINES
    return lines if over <= 0 else [*lines[:MOST_LINES], f"  … {over} more lines"]


def _lines(change: Change) -> Iterator[str]:
    match change.op:
        case Op.CREATE | Op.IMPORT:
            fields = sorted(change.new)
        case Op.DELETE:
            fields = sorted(change.old)
        case _:
            fields = [*change.fields]
    for field in fields:
        before = _written(field, change.old.get(field, _ABSENT))
        after = _written(field, change.new.get(field, _ABSENT))
        if before == after:
            # Both are masked, or both unknown: that they differ is all there is to say.
            yield from (f"~ {line}" for line in after)
        else:
            yield from _differing(before, after)


def _written(field: str, value: Any) -> list[str]:
    if value is _ABSENT or value is None:
        return []
    text = json.dumps(_structured(value), indent=2, sort_keys=True, ensure_ascii=False)
    text = text.replace(f'"{_UNKNOWN}"', "(known after the update)")
    return f"{field}: {text}".split("\n")


def _structured(value: Any) -> Any:
    """Open what travels as JSON text, so that a change in it shows by its parts."""
    if isinstance(value, str) and value[:1] in {"{", "["}:
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _differing(before: list[str], after: list[str]) -> Iterator[str]:
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for number, group in enumerate(matcher.get_grouped_opcodes(_CONTEXT)):
        if number:
            yield "  …"
        for tag, a, b, c, d in group:
            if tag == "equal":
                yield from (f"  {line}" for line in before[a:b])
            else:
                yield from (f"- {line}" for line in before[a:b])
                yield from (f"+ {line}" for line in after[c:d])
