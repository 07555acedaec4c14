"""What an error must be for the person who reads it."""

from __future__ import annotations

import re
from typing import Final

MOST_CHARACTERS: Final = 640
_MACHINE: Final = re.compile(
    r"Traceback|bug in flowground|pydantic\.dev|input_value|input_type"
    r"|<class |object at 0x|\.py:\d+|\w+Error\(|\bNoneType\b"
    r"|unhashable|not subscriptable|has no attribute"
)
# The characters that would move a terminal's cursor, or hide the rest of a line.
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\ud800-\udfff]")


def unclear(text: str, *, lines: int = 1) -> str | None:
    """Say why a text is no clear error; None if it is one.

    Args:
        text: What would be shown.
        lines: How many lines it may have: a heading, and one for each fault.
    """
    if not text.strip():
        return "it is empty"
    if found := _MACHINE.search(text):
        return f"it speaks of the machine: {found[0]!r}"
    if found := _CONTROL.search(text):
        return f"it has the control character {found[0]!r}"
    told = text.split("\n")
    if len(told) > lines:
        return f"it has {len(told)} lines"
    longest = max(map(len, told))
    if longest > MOST_CHARACTERS:
        return f"a line of it has {longest} characters"
    return None


def must_be_clear(text: str, *, lines: int = 1) -> None:
    """Fail where a text is no clear error; see `unclear`."""
    reason = unclear(text, lines=lines)
    assert reason is None, f"{reason}: {text}"
