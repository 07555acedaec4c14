"""Tokens of users and of installations; only their digests are kept."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import secrets

from pydantic import Json

from localcloud.github.store.database import Database, Record, iso

# GitHub's prefixes; secret scanners and some clients look at them.
CLASSIC, FINE_GRAINED, INSTALLATION = "ghp_", "github_pat_", "ghs_"


class Token(Record):
    """What a token stands for; no permissions means: all that its user may."""

    id: int
    user_id: int | None
    installation_id: int | None
    permissions: Json[dict[str, str]] | None
    repository_ids: Json[list[int]] | None
    expires_at: str | None


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def new_secret(prefix: str) -> str:
    """A token that nobody can guess."""
    return prefix + secrets.token_hex(20)


def add(
    db: Database,
    token: str,
    *,
    user_id: int | None = None,
    installation_id: int | None = None,
    permissions: dict[str, str] | None = None,
    repository_ids: list[int] | None = None,
    lifetime: dt.timedelta | None = None,
) -> str | None:
    """Make a token valid and return when it expires, if it does.

    A token that is known already is replaced.
    """
    expires_at = iso(db.datetime() + lifetime) if lifetime else None
    db.run("DELETE FROM tokens WHERE digest = ?", _digest(token))
    db.insert(
        "INSERT INTO tokens (digest, user_id, installation_id, permissions, "
        "repository_ids, expires_at, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        _digest(token),
        user_id,
        installation_id,
        None if permissions is None else json.dumps(permissions),
        None if repository_ids is None else json.dumps(repository_ids),
        expires_at,
        db.now(),
    )
    return expires_at


def add_bootstrap(db: Database, token: str, user_id: int) -> None:
    """Make the server's own token valid, and the one of its last start invalid."""
    setting = "bootstrap_token"
    db.run(
        "DELETE FROM tokens WHERE digest = (SELECT value FROM settings WHERE name = ?)",
        setting,
    )
    add(db, token, user_id=user_id)
    db.run(
        "INSERT INTO settings VALUES (?, ?) "
        "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        setting,
        _digest(token),
    )


def find(db: Database, token: str) -> Token | None:
    """The token, unless it is unknown or has expired."""
    found = db.row(Token, "SELECT * FROM tokens WHERE digest = ?", _digest(token))
    if found and found.expires_at and found.expires_at <= db.now():
        return None
    return found


def revoke(db: Database, token_id: int) -> None:
    """Make a token invalid."""
    db.run("DELETE FROM tokens WHERE id = ?", token_id)
