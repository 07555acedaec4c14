"""What was asked and answered: paths and statuses, never bodies or credentials."""

from __future__ import annotations

from collections import deque
from typing import Any

MOST_ENTRIES = 20_000


class Journal:
    """The latest requests, and every answer of ours that broke the description."""

    def __init__(self) -> None:
        self._entries: deque[dict[str, Any]] = deque(maxlen=MOST_ENTRIES)
        self._number = 0
        self.violations: list[dict[str, Any]] = []

    def note(self, method: str, path: str, status: int) -> None:
        """Remember a request."""
        self._number += 1
        self._entries.append(
            {
                "number": self._number,
                "method": method,
                "path": path,
                "status": status,
            }
        )

    def violate(
        self, method: str, path: str, status: int, complaints: list[str]
    ) -> None:
        """Remember an answer that departs from GitHub's description."""
        self.violations.append(
            {
                "method": method,
                "path": path,
                "status": status,
                "complaints": complaints,
            }
        )

    def since(self, number: int) -> list[dict[str, Any]]:
        """The requests after the one of that number."""
        return [entry for entry in self._entries if entry["number"] > number]
