"""The account's state: one SQLite file, rows as dicts, ids and times as text.

Every statement is on its own in a transaction that is on disk when it returns, so that
a killed front loses nothing that it has answered. `atomic()` joins several.
"""

import json
import os
import sqlite3
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Row = dict[str, Any]

# Columns that hold JSON are converted on the way in and out.
JSON_COLUMNS = frozenset(
    {"settings", "domain_names", "permissions", "scopes", "body", "access_control"}
)

SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts (
    id TEXT PRIMARY KEY, created TEXT, updated TEXT, name TEXT, handle TEXT UNIQUE,
    location TEXT, link TEXT, auth_expiration_seconds INTEGER, settings TEXT,
    domain_names TEXT);
CREATE TABLE IF NOT EXISTS account_roles (
    id TEXT PRIMARY KEY, created TEXT, updated TEXT, name TEXT UNIQUE, account_id TEXT,
    is_system_role INTEGER, permissions TEXT);
CREATE TABLE IF NOT EXISTS users (
    id TEXT PRIMARY KEY, created TEXT, updated TEXT, actor_id TEXT UNIQUE,
    handle TEXT UNIQUE, first_name TEXT, last_name TEXT, email TEXT UNIQUE,
    last_login TEXT);
CREATE TABLE IF NOT EXISTS account_memberships (
    id TEXT PRIMARY KEY, created TEXT, updated TEXT,
    account_id TEXT REFERENCES accounts ON DELETE CASCADE,
    user_id TEXT REFERENCES users ON DELETE CASCADE,
    account_role_id TEXT REFERENCES account_roles, UNIQUE (account_id, user_id));
CREATE TABLE IF NOT EXISTS bots (
    id TEXT PRIMARY KEY, created TEXT, updated TEXT, actor_id TEXT UNIQUE,
    account_id TEXT REFERENCES accounts ON DELETE CASCADE, name TEXT,
    account_role_id TEXT REFERENCES account_roles, UNIQUE (account_id, name));
CREATE TABLE IF NOT EXISTS api_keys (
    id TEXT PRIMARY KEY, created TEXT, updated TEXT, name TEXT, hash TEXT UNIQUE,
    masked_key TEXT, expiration TEXT, active INTEGER DEFAULT 1,
    user_id TEXT REFERENCES users ON DELETE CASCADE,
    bot_id TEXT REFERENCES bots ON DELETE CASCADE);
CREATE TABLE IF NOT EXISTS run_keys (
    id TEXT PRIMARY KEY, created TEXT, updated TEXT, hash TEXT UNIQUE,
    workspace_id TEXT REFERENCES workspaces ON DELETE CASCADE);
CREATE TABLE IF NOT EXISTS workspace_roles (
    id TEXT PRIMARY KEY, created TEXT, updated TEXT,
    account_id TEXT REFERENCES accounts ON DELETE CASCADE, name TEXT, description TEXT,
    scopes TEXT, inherited_role_id TEXT REFERENCES workspace_roles,
    UNIQUE (account_id, name));
CREATE TABLE IF NOT EXISTS workspaces (
    id TEXT PRIMARY KEY, created TEXT, updated TEXT,
    account_id TEXT REFERENCES accounts ON DELETE CASCADE, name TEXT, description TEXT,
    handle TEXT, default_workspace_role_id TEXT REFERENCES workspace_roles,
    is_public INTEGER DEFAULT 0, password TEXT, provisioned INTEGER DEFAULT 0,
    UNIQUE (account_id, handle));
CREATE TABLE IF NOT EXISTS teams (
    id TEXT PRIMARY KEY, created TEXT, updated TEXT,
    account_id TEXT REFERENCES accounts ON DELETE CASCADE, name TEXT, description TEXT,
    UNIQUE (account_id, name));
CREATE TABLE IF NOT EXISTS team_members (
    id TEXT PRIMARY KEY, created TEXT, updated TEXT,
    team_id TEXT REFERENCES teams ON DELETE CASCADE,
    user_id TEXT REFERENCES users ON DELETE CASCADE,
    bot_id TEXT REFERENCES bots ON DELETE CASCADE,
    UNIQUE (team_id, user_id), UNIQUE (team_id, bot_id));
CREATE TABLE IF NOT EXISTS workspace_access (
    id TEXT PRIMARY KEY, created TEXT, updated TEXT,
    workspace_id TEXT REFERENCES workspaces ON DELETE CASCADE,
    workspace_role_id TEXT REFERENCES workspace_roles,
    user_id TEXT REFERENCES users ON DELETE CASCADE,
    bot_id TEXT REFERENCES bots ON DELETE CASCADE,
    team_id TEXT REFERENCES teams ON DELETE CASCADE,
    UNIQUE (workspace_id, user_id), UNIQUE (workspace_id, bot_id),
    UNIQUE (workspace_id, team_id));
CREATE TABLE IF NOT EXISTS invitations (
    id TEXT PRIMARY KEY, created TEXT, updated TEXT, email TEXT,
    account_id TEXT REFERENCES accounts ON DELETE CASCADE,
    account_role_id TEXT REFERENCES account_roles, status TEXT, expiration TEXT);
CREATE TABLE IF NOT EXISTS ip_allowlist (
    id TEXT PRIMARY KEY, created TEXT, updated TEXT,
    account_id TEXT REFERENCES accounts ON DELETE CASCADE, ip_network TEXT,
    enabled INTEGER, description TEXT, last_seen TEXT);
CREATE TABLE IF NOT EXISTS webhooks (
    id TEXT PRIMARY KEY, created TEXT, updated TEXT,
    account_id TEXT REFERENCES accounts ON DELETE CASCADE,
    workspace_id TEXT REFERENCES workspaces ON DELETE CASCADE, name TEXT,
    description TEXT, enabled INTEGER, template TEXT, slug TEXT UNIQUE,
    service_account_id TEXT REFERENCES bots, UNIQUE (workspace_id, name));
CREATE TABLE IF NOT EXISTS slas (
    id TEXT PRIMARY KEY, created TEXT, updated TEXT,
    workspace_id TEXT REFERENCES workspaces ON DELETE CASCADE, resource_id TEXT,
    name TEXT, body TEXT, UNIQUE (workspace_id, resource_id, name));
CREATE TABLE IF NOT EXISTS object_access (
    id TEXT PRIMARY KEY, created TEXT, updated TEXT,
    workspace_id TEXT REFERENCES workspaces ON DELETE CASCADE, kind TEXT,
    object_id TEXT, access_control TEXT, UNIQUE (workspace_id, kind, object_id));
"""


class ConflictError(Exception):
    """A name that must be unique is taken, or an object is still referred to."""


def now() -> str:
    """Return the present as ISO 8601 text, as all times here are kept."""
    return datetime.now(UTC).isoformat()


class Store:
    """Rows of named tables. Column and table names come from this code only."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._depth = 0
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA foreign_keys = ON")
        self._connection.executescript(SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """Make all that happens inside one transaction: all of it, or nothing."""
        if self._depth == 0:
            self._connection.execute("BEGIN IMMEDIATE")
        self._depth += 1
        try:
            yield
        except BaseException:
            self._depth -= 1
            if self._depth == 0:
                self._connection.execute("ROLLBACK")
            raise
        self._depth -= 1
        if self._depth == 0:
            self._connection.execute("COMMIT")

    def query(self, sql: str, *values: object) -> list[Row]:
        """Run a statement with `?` placeholders; return its rows.

        Raises:
            ConflictError: It would break a constraint.
        """
        try:
            rows = self._connection.execute(sql, values).fetchall()
        except sqlite3.IntegrityError as error:
            raise ConflictError(str(error)) from None
        return [_decode(row) for row in rows]

    def insert(self, table: str, **columns: Any) -> Row:
        """Add a row, with an id and times unless given; return it whole."""
        moment = now()
        row = {"id": str(uuid.uuid4()), "created": moment, "updated": moment, **columns}
        marks = ", ".join("?" * len(row))
        into = f"{table} ({', '.join(row)})"
        sql = f"INSERT INTO {into} VALUES ({marks}) RETURNING *"  # noqa: S608 - names are this code's own
        return self.query(sql, *_encode(row))[0]

    def update(self, table: str, row_id: str, **columns: Any) -> None:
        """Change columns of one row; nothing given changes nothing."""
        if columns:
            columns["updated"] = now()
            settings = ", ".join(f"{name} = ?" for name in columns)
            sql = f"UPDATE {table} SET {settings} WHERE id = ?"  # noqa: S608 - names are this code's own
            self.query(sql, *_encode(columns), row_id)

    def delete(self, table: str, row_id: str) -> None:
        """Remove one row, and what belongs to it."""
        sql = f"DELETE FROM {table} WHERE id = ?"  # noqa: S608 - names are this code's own
        self.query(sql, row_id)

    def find(self, table: str, **where: Any) -> Row | None:
        """Return the row with these values, or None."""
        return next(iter(self.all(table, **where)), None)

    def all(self, table: str, **where: Any) -> list[Row]:
        """Return the rows with these values, oldest first.

        A list or tuple as a value stands for any of its members.
        """
        clauses, values = ["TRUE"], list[object]()
        for name, value in where.items():
            if isinstance(value, list | tuple):
                clauses.append(f"{name} IN ({', '.join('?' * len(value))})")
                values.extend(value)
            else:
                clauses.append(f"{name} IS ?")
                values.append(value)
        where_clause = " AND ".join(clauses)
        sql = f"SELECT * FROM {table} WHERE {where_clause}"  # noqa: S608 - names are this code's own
        sql += " ORDER BY created"
        return self.query(sql, *values)


def _encode(row: Row) -> Sequence[object]:
    return [json.dumps(v) if k in JSON_COLUMNS else v for k, v in row.items()]


def _decode(row: sqlite3.Row) -> Row:
    return {
        k: json.loads(row[k]) if k in JSON_COLUMNS and row[k] is not None else row[k]
        for k in row.keys()  # noqa: SIM118 - a sqlite3.Row iterates over its values
    }
