"""A table of what was measured, and its section of docs/benchmarks.md."""

from __future__ import annotations

import os
import sys
from collections import Counter
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

from bench import sections

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.measure import Took


@dataclass
class Table:
    """Times by row and column: the shortest of each counts, and the median is told."""

    title: str
    columns: tuple[str, str]
    rows: dict[str, dict[str, list[Took]]] = field(default_factory=dict)
    calls: dict[str, dict[str, str]] = field(default_factory=dict)

    def note(self, row: str, column: str, took: Took) -> None:
        """Keep a time."""
        self.rows.setdefault(row, {}).setdefault(column, []).append(took)

    def count(self, row: str, column: str, calls: Iterable[str]) -> None:
        """Keep what was called, and how often."""
        counted = Counter(calls).most_common()
        told = ", ".join(f"{number} {call}" for call, number in counted)
        self.calls.setdefault(row, {})[column] = told or "none"

    def markdown(self) -> str:
        """Write the table, and how much faster the first column is than the second."""
        faster = "faster, by shortest and by median"
        heads = ["", *self.columns, faster, *(f"calls of {c}" for c in self.columns)]
        return sections.table(heads, (self._cells(row) for row in self.rows))

    def _cells(self, row: str) -> list[str]:
        calls = self.calls.get(row, {})
        times = [self.rows[row].get(column, []) for column in self.columns]
        return [
            row,
            *(_told(took) if took else "—" for took in times),
            " and ".join(f"{ratio:.1f}" for ratio in self._ratios(row)) or "—",
            *(calls.get(column, "—") for column in self.columns),
        ]

    def _ratios(self, row: str) -> list[float]:
        """Return how many times as long the second column takes: at best, usually."""
        ours, theirs = (self.rows[row].get(column, []) for column in self.columns)
        if not ours or not theirs:
            return []
        return [how(_walls(theirs)) / how(_walls(ours)) for how in (min, median)]

    def report(self, section: str, *notes: str, to_docs: bool) -> None:
        """Print what was measured, and how, which the script's docstring says.

        Args:
            section: The name of its section in docs/benchmarks.md.
            *notes: What else was found, a paragraph each.
            to_docs: Put it into docs/benchmarks.md too.
        """
        told = (sys.modules["__main__"].__doc__ or "").strip()
        load = f"{os.getloadavg()[1]:.0f}"
        where = f"Measured on {os.cpu_count()} cores, at a load of {load}."
        missed = [f"Not faster: {row}." for row in self.missed()]
        heading = f"## {self.title}"
        text = "\n\n".join([heading, told, where, self.markdown(), *notes, *missed])
        print(text)
        if to_docs:
            sections.write(section, text)

    def missed(self) -> list[str]:
        """Return the rows in which the first column is not the faster in both ways."""
        return [row for row in self.rows if any(r <= 1 for r in self._ratios(row))]


def _told(times: list[Took]) -> str:
    usual = f"; median {median(_walls(times)):.2f} s" if len(times) > 1 else ""
    return f"{min(times)}{usual}"


def _walls(times: list[Took]) -> list[float]:
    return [took.wall for took in times]
