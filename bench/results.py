"""A table of what was measured, and its section of docs/benchmarks.md."""

from __future__ import annotations

import os
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench import sections

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.measure import Took


@dataclass
class Table:
    """Times in seconds by row and column; of several rounds the shortest counts."""

    title: str
    columns: tuple[str, str]
    rows: dict[str, dict[str, Took]] = field(default_factory=dict)
    calls: dict[str, dict[str, str]] = field(default_factory=dict)

    def note(self, row: str, column: str, took: Took) -> None:
        """Keep a time, unless there is a shorter one."""
        times = self.rows.setdefault(row, {})
        times[column] = min(took, times.get(column, took))

    def count(self, row: str, column: str, calls: Iterable[str]) -> None:
        """Keep what was called, and how often."""
        counted = Counter(calls).most_common()
        told = ", ".join(f"{number} {call}" for call, number in counted)
        self.calls.setdefault(row, {})[column] = told or "none"

    def markdown(self) -> str:
        """Write the table, and how much faster the first column is than the second."""
        heads = ["", *self.columns, "faster", *(f"calls of {c}" for c in self.columns)]
        return sections.table(heads, (self._cells(row) for row in self.rows))

    def _cells(self, row: str) -> list[str]:
        times, calls = self.rows[row], self.calls.get(row, {})
        ours, theirs = (times.get(column) for column in self.columns)
        return [
            row,
            *("—" if took is None else str(took) for took in (ours, theirs)),
            f"{theirs.wall / ours.wall:.1f} times" if ours and theirs else "—",
            *(calls.get(column, "—") for column in self.columns),
        ]

    def report(self, section: str, *notes: str, to_docs: bool) -> None:
        """Print what was measured, and how, which the script's docstring says.

        Args:
            section: The name of its section in docs/benchmarks.md.
            *notes: What else was found, a paragraph each.
            to_docs: Put it into docs/benchmarks.md too.
        """
        told = (sys.modules["__main__"].__doc__ or "").strip()
        load = f"{os.getloadavg()[1]:.0f}, by this and by other work"
        where = f"Measured on {os.cpu_count()} cores, at a load of {load}."
        missed = [f"Not faster: {row}." for row in self.missed()]
        heading = f"## {self.title}"
        text = "\n\n".join([heading, told, where, self.markdown(), *notes, *missed])
        print(text)
        if to_docs:
            sections.write(section, text)

    def missed(self) -> list[str]:
        """Return the rows in which the first column is not the faster."""
        first, second = self.columns
        return [
            row
            for row, times in self.rows.items()
            if second in times and times[first].wall >= times[second].wall
        ]
