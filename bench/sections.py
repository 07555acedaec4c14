"""Sections of docs/benchmarks.md, each written by one measurement and by it alone."""

from __future__ import annotations

import fcntl
from typing import TYPE_CHECKING, Final

from tests.support.checkout import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

FILE: Final = ROOT / "docs" / "benchmarks.md"
_TITLE: Final = "# Benchmarks\n\nWhat was measured, how, and where it stands.\n"


def write(name: str, text: str, file: Path = FILE) -> None:
    """Put a text between the markers of a section; other sections stay as they are.

    Args:
        name: The section's name in its markers.
        text: Markdown.
        file: The page, made if it is not there.
    """
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    section = f"{begin}\n{text.strip()}\n{end}"
    with file.open("a+") as page:
        fcntl.flock(page, fcntl.LOCK_EX)
        page.seek(0)
        old = page.read() or _TITLE
        before, found, rest = old.partition(begin)
        if found:
            _, _, after = rest.partition(end)
            new = f"{before}{section}{after}"
        else:
            new = f"{old.rstrip()}\n\n{section}\n"
        page.seek(0)
        page.truncate()
        page.write(new)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
