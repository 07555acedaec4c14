"""What a stack has begun to make and its state may not know of.

The engine writes state after each step, or, with PULUMI_SKIP_CHECKPOINTS, when a run
ends. What a killed run had made by then is in no state. The next run finds it by name;
this file is how it tells its own from somebody else's, so that it takes up its own
whatever became of it: half made, or made with a key that has since been replaced.

A line is appended, and on the disk, before an object is made: that is linear in their
number, where checkpoints are quadratic. It is a hash of the kind, the place and the
natural key, and holds nothing to hide. Whoever runs the engine names the file by
FLOWGROUND_JOURNAL and removes it when a run has ended well; where none is named,
nothing is kept.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Hashable

VARIABLE: Final = "FLOWGROUND_JOURNAL"
_BEGUN: Final = "+"
_NOT_OURS: Final = "-"


class Journal:
    """The journal of the running stack, as earlier runs left it, and its end."""

    def __init__(self, path: Path | None) -> None:
        """Read what earlier runs left.

        Args:
            path: The file, which need not be there yet; None keeps nothing.
        """
        self._path = path
        self._lock = threading.Lock()
        self._begun: set[str] = set()
        if path is not None and path.exists():
            for line in path.read_text().splitlines():
                known, mark = line[:1], line[1:]
                if known == _BEGUN:
                    self._begun.add(mark)
                else:
                    self._begun.discard(mark)

    @classmethod
    def of_environment(cls) -> Journal:
        """Open the one that whoever runs the engine has named."""
        named = os.environ.get(VARIABLE)
        return cls(Path(named) if named else None)

    def has(self, mark: str) -> bool:
        """Tell whether an earlier run had begun to make the object."""
        return mark in self._begun

    def begin(self, mark: str) -> None:
        """Note that the object is about to be made; it was not there."""
        self._append(_BEGUN, mark)

    def withdraw(self, mark: str) -> None:
        """Note that the object turned out to be somebody else's."""
        self._append(_NOT_OURS, mark)

    def _append(self, known: str, mark: str) -> None:
        if self._path is None:
            return
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        with self._lock:
            descriptor = os.open(self._path, flags, 0o600)
            try:
                os.write(descriptor, f"{known}{mark}\n".encode())
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def mark_of(token: str, scope: Hashable, key: Hashable) -> str:
    """Return what stands for one object: of a kind, in a place, by its natural key."""
    text = json.dumps([token, str(scope), str(key)])
    return hashlib.sha256(text.encode()).hexdigest()
