"""The SQLite file, its transactions and its clock."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict

SCHEMA_VERSION = 1


class Record(BaseModel):
    """A row as the rest of the server sees it; columns it does not name are dropped."""

    model_config = ConfigDict(frozen=True)


RecordT = TypeVar("RecordT", bound=Record)
SqlValue = str | int | bytes | None


class Database:
    """One connection, used from the event loop's thread only.

    Requests are therefore handled one at a time, which is what makes "read, decide,
    write" safe without a lock. Write-ahead logging keeps every committed answer
    through a `kill -9`.
    """

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._migrate(path)
        self._connection.execute("PRAGMA foreign_keys = ON")

    def _migrate(self, path: Path) -> None:
        (found,) = self._connection.execute("PRAGMA user_version").fetchone()
        if found not in (0, SCHEMA_VERSION):
            raise SystemExit(
                f"{path} was written by another version of the local GitHub "
                f"(schema {found}, this one has {SCHEMA_VERSION}): start with an "
                "empty --state-dir."
            )
        schema = files(__package__).joinpath("schema.sql").read_text(encoding="utf-8")
        self._connection.executescript(schema)
        self._connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def close(self) -> None:
        """Fold the write-ahead log into the file and release it."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep what the block did, or nothing of it when it raises."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def rows(
        self, record: type[RecordT], query: str, *values: SqlValue
    ) -> list[RecordT]:
        """All rows of the query, as records."""
        found = self._connection.execute(query, values)
        return [record.model_validate(dict(row)) for row in found]

    def row(
        self, record: type[RecordT], query: str, *values: SqlValue
    ) -> RecordT | None:
        """The query's first row, or None."""
        row = self._connection.execute(query, values).fetchone()
        return None if row is None else record.model_validate(dict(row))

    def value(self, query: str, *values: SqlValue) -> SqlValue:
        """The first column of the query's first row, or None."""
        row = self._connection.execute(query, values).fetchone()
        return None if row is None else row[0]

    def count(self, query: str, *values: SqlValue) -> int:
        """The number that the query's first column holds."""
        found = self.value(query, *values)
        if not isinstance(found, int):
            raise TypeError(f"the query does not count: {query}")
        return found

    def insert(self, query: str, *values: SqlValue) -> int:
        """Run an INSERT and return the new row's id."""
        row_id = self._connection.execute(query, values).lastrowid
        if row_id is None:
            raise TypeError(f"the statement inserts no row: {query}")
        return row_id

    def run(self, query: str, *values: SqlValue) -> int:
        """Run a statement and return how many rows it changed."""
        return self._connection.execute(query, values).rowcount

    def now(self) -> str:
        """The server's time, to the second as GitHub reports it (ISO 8601, UTC)."""
        return iso(self.datetime())

    def datetime(self) -> dt.datetime:
        """The machine's time plus what `advance_clock` added."""
        return dt.datetime.now(dt.UTC) + dt.timedelta(seconds=self._offset())

    def advance_clock(self, seconds: int) -> None:
        """Move the server's time forward, for good.

        GitHub's time stamps have a resolution of a second: a test that needs two
        writes to be told apart moves the clock instead of waiting.
        """
        self.run(
            "INSERT INTO settings VALUES ('clock_offset', ?) "
            "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            str(self._offset() + seconds),
        )

    def _offset(self) -> int:
        offset = self.value("SELECT value FROM settings WHERE name = 'clock_offset'")
        return int(offset or 0)


def iso(moment: dt.datetime) -> str:
    """A moment in GitHub's notation, e.g. `2026-11-21T12:00:00Z`."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
