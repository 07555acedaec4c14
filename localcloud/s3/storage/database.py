"""The SQLite file: pieces of state by kind and name, and small bodies.

`synchronous=FULL`: what was committed is on the disk, also when the machine dies.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import moto

LAYOUT = f"1 of moto {moto.__version__}"
_SCHEMA = """
CREATE TABLE layout (name TEXT NOT NULL);
CREATE TABLE pieces (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (kind, name)
) WITHOUT ROWID;
CREATE TABLE bodies (id TEXT PRIMARY KEY, data BLOB NOT NULL);
"""

Piece = tuple[str, str]


class Database:
    """One connection, used from one thread."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        made = self._rows("SELECT 1 FROM sqlite_master WHERE name = 'layout'")
        if not made:
            self._connection.executescript(f"BEGIN; {_SCHEMA} COMMIT;")
            self._connection.execute("INSERT INTO layout VALUES (?)", (LAYOUT,))
        found = self._rows("SELECT name FROM layout")
        if found != [(LAYOUT,)]:
            raise SystemExit(
                f"The S3 state in {path} has layout {found[0][0] if found else '?'}, "
                f"this program reads layout {LAYOUT}: start with an empty --state-dir."
            )

    def close(self) -> None:
        """Fold the write-ahead log into the file and release it."""
        self._connection.close()

    def pieces(self) -> Iterator[tuple[str, str, bytes]]:
        """Yield all pieces: kind, name, data."""
        yield from self._connection.execute("SELECT kind, name, data FROM pieces")

    def body(self, body_id: str) -> bytes:
        """Return a small body."""
        ((data,),) = self._rows("SELECT data FROM bodies WHERE id = ?", body_id)
        return bytes(data)

    def write(
        self,
        put: Iterable[tuple[str, str, bytes]],
        drop: Iterable[Piece],
        new_bodies: Iterable[tuple[str, bytes]],
        old_bodies: Iterable[str],
    ) -> None:
        """Write all of it or nothing; once this returns, all of it is there."""
        execute = self._connection.executemany
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            execute("INSERT OR REPLACE INTO bodies VALUES (?, ?)", new_bodies)
            execute("DELETE FROM bodies WHERE id = ?", [(each,) for each in old_bodies])
            execute("DELETE FROM pieces WHERE kind = ? AND name = ?", drop)
            execute("INSERT OR REPLACE INTO pieces VALUES (?, ?, ?)", put)
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def _rows(self, statement: str, *values: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(statement, values).fetchall()
