"""Which workspaces have pools that Prefect Cloud would run, read from their databases.

A server whose workspace nobody uses does not run, and asking it would start it. So its
file is read instead, and only when it has changed.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

HOSTED_SUFFIXES = (":push", ":managed")
_HOSTED = "SELECT EXISTS(SELECT 1 FROM work_pool WHERE type LIKE ? OR type LIKE ?)"
_PATTERNS = tuple(f"%{suffix}" for suffix in HOSTED_SUFFIXES)

_Stamp = tuple[int, ...]


def is_hosted(pool_type: str) -> bool:
    """Tell whether a pool's runs need no worker."""
    return pool_type.endswith(HOSTED_SUFFIXES)


class Workspaces:
    """The workspaces' databases under a folder, and what is known of each."""

    def __init__(self, folder: Path, database: str) -> None:
        self._folder = folder
        self._database = database
        self._known: dict[Path, tuple[_Stamp, bool]] = {}

    def with_hosted_pools(self) -> set[str]:
        """Return the ids of the workspaces that have such pools now."""
        files = sorted(self._folder.glob(f"*/{self._database}"))
        self._known = {file: self._look(file) for file in files}
        return {file.parent.name for file, (_, has) in self._known.items() if has}

    def _look(self, file: Path) -> tuple[_Stamp, bool]:
        stamp = _stamp(file)
        before = self._known.get(file)
        if before is not None and before[0] == stamp:
            return before
        try:
            return stamp, _has_hosted_pools(file)
        except sqlite3.Error:  # deleted just now, or not whole yet: look again
            return (), before is not None and before[1]


def _stamp(file: Path) -> _Stamp:
    """Return what changes with every write, to the database or to its log."""
    stamps: list[int] = []
    for each in (file, file.with_name(f"{file.name}-wal")):
        try:
            status = each.stat()
        except OSError:
            continue
        stamps += [status.st_mtime_ns, status.st_size]
    return tuple(stamps)


def _has_hosted_pools(file: Path) -> bool:
    address = f"file:{quote(str(file))}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, timeout=0.2)) as connection:
        return bool(connection.execute(_HOSTED, _PATTERNS).fetchone()[0])
