"""Text that others wrote, made safe to stand in a Markdown comment.

Names, values and errors may hold anything: markup, mentions, fences, characters that
nobody sees. All of it is shown, and none of it is obeyed.
"""

from __future__ import annotations

import html
import os
import re
import unicodedata
from typing import TYPE_CHECKING, Final

from components.kernel import redact

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# Categories of characters that are invisible or reorder what is read.
_UNSEEN: Final = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}
_CREDENTIAL: Final = re.compile(
    r"(TOKEN|SECRET|PASSWORD|PASSPHRASE|CREDENTIALS?|API_KEY|ACCESS_KEY|PRIVATE_KEY)$"
)
MAX_LINE: Final = 300


def visible(text: str) -> str:
    """Write every character that could not be seen as its code."""
    return "".join(
        f"\\u{ord(c):04x}" if unicodedata.category(c) in _UNSEEN else c for c in text
    )


def cut(line: str, most: int = MAX_LINE) -> str:
    """Shorten a line, saying by how much."""
    over = len(line) - most
    return line if over <= 0 else f"{line[:most]}… ({over} more characters)"


def code(text: str) -> str:
    """Return an inline code span, which may stand in a table."""
    shown = cut(visible(text)).replace("|", "\\|") or " "
    longest = max((len(run) for run in re.findall(r"`+", shown)), default=0)
    if not longest:
        return f"`{shown}`"
    ticks = "`" * (longest + 1)
    return f"{ticks} {shown} {ticks}"


def html_code(text: str) -> str:
    """Return inline code for where HTML stands, as in `<summary>`."""
    return f"<code>{html.escape(cut(visible(text)))}</code>"


def fence(lines: Iterable[str], language: str = "") -> str:
    """Return a block of code that none of its lines can end."""
    shown = [cut(visible(line)) for line in lines]
    runs = re.findall(r"`{3,}", "\n".join(shown))
    ticks = "`" * max(3, *(len(run) + 1 for run in runs), 3)
    return "\n".join([f"{ticks}{language}", *shown, ticks])


def masked(text: str, env: Mapping[str, str] = os.environ) -> str:
    """Blot out every credential of the environment.

    The engine masks what it knows to be secret; this is for what it cannot know, such
    as a token that a service quoted in an error.
    """
    return redact(text, [v for k, v in env.items() if _CREDENTIAL.search(k)])
