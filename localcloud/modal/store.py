"""The control plane's state: one SQLite database in WAL mode.

Every request is one transaction, so what a client was told is on disk before it is
told. `synchronous=NORMAL` keeps that promise over `kill -9` (the operating system has
the pages) and gives up the last moments only when the machine itself dies.
"""

from __future__ import annotations

import contextlib
import secrets
import sqlite3
import string
import time
from typing import TYPE_CHECKING, Any

from localcloud.modal.schema import SCHEMA, VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Two neighbouring floats near the present Unix time are 2.4e-7 apart: a microsecond
# is the smallest step that always shows.
STAMP_STEP = 1e-6
ID_ALPHABET = string.ascii_letters + string.digits
ID_LENGTH = 22


def new_id(prefix: str) -> str:
    """Make an object id as Modal's are: the prefix, a dash, 22 letters or digits."""
    return f"{prefix}-" + "".join(secrets.choice(ID_ALPHABET) for _ in range(ID_LENGTH))


class Store:
    """The database, used from the event loop's thread only."""

    def __init__(self, path: Path) -> None:
        path.touch(mode=0o600)
        self.db = sqlite3.connect(path, isolation_level=None, timeout=30)
        self.db.row_factory = sqlite3.Row
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=NORMAL")
        self.db.execute("PRAGMA foreign_keys=ON")
        with self.transaction():
            version = self.db.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                for statement in SCHEMA.split(";\n"):
                    self.db.execute(statement)
                self.db.execute(f"PRAGMA user_version={VERSION}")
            elif version != VERSION:
                msg = (
                    f"the Modal state in {path} has layout {version}, this program "
                    f"reads layout {VERSION}: start with an empty --state-dir"
                )
                raise SystemExit(msg)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the write lock; all or nothing of what happens inside is kept."""
        if self.db.in_transaction:
            yield
            return
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    def one(self, sql: str, *values: Any) -> sqlite3.Row | None:
        """Return the first row, or None."""
        row: sqlite3.Row | None = self.db.execute(sql, values).fetchone()
        return row

    def all(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        """Return all rows."""
        return self.db.execute(sql, values).fetchall()

    def value(self, sql: str, *values: Any) -> Any:
        """Return the first column of the first row, or None."""
        row = self.db.execute(sql, values).fetchone()
        return None if row is None else row[0]

    def run(self, sql: str, *values: Any) -> int:
        """Execute a change and return how many rows it touched."""
        return self.db.execute(sql, values).rowcount

    def stamp(self) -> float:
        """Return the present Unix time, later than every stamp ever given.

        The client pages with a strict `created_at < created_before`: two objects with
        one stamp at a page's border would lose one of them.
        """
        with self.transaction():
            last = self.value("SELECT value FROM meta WHERE key='stamp'") or 0.0
            stamp: float = max(time.time(), last + STAMP_STEP)
            self.run("INSERT OR REPLACE INTO meta VALUES ('stamp', ?)", stamp)
        return stamp

    def close(self) -> None:
        """Fold the write-ahead log back and close."""
        self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.db.close()
