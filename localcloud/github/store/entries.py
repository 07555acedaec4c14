"""Named values: secrets and variables of an organization, repository or environment."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, NamedTuple

from localcloud.github.store.database import Database, Record
from localcloud.github.store.repositories import Repository, existing


class Kind(StrEnum):
    """The collections that GitHub keeps apart; the same name may be in each."""

    ACTIONS_SECRET = "actions_secret"  # noqa: S105  the kind's name
    ACTIONS_VARIABLE = "actions_variable"
    DEPENDABOT_SECRET = "dependabot_secret"  # noqa: S105  the kind's name


class Holder(NamedTuple):
    """One collection: of a kind, in an organization, repository or environment."""

    kind: Kind
    scope: Literal["organization", "repository", "environment"]
    scope_id: int


class Entry(Record):
    """A secret (its value is the sealed box, base64) or a variable."""

    id: int
    kind: Kind
    name: str
    value: str
    visibility: str | None
    created_at: str
    updated_at: str


def all_of(db: Database, holder: Holder) -> list[Entry]:
    """What the holder has, by name."""
    return db.rows(
        Entry,
        "SELECT * FROM entries WHERE kind = ? AND scope = ? AND scope_id = ? "
        "ORDER BY name",
        *holder,
    )


def get(db: Database, holder: Holder, name: str) -> Entry | None:
    """The holder's entry of that (upper-case) name."""
    return db.row(
        Entry,
        "SELECT * FROM entries WHERE kind = ? AND scope = ? AND scope_id = ? "
        "AND name = ?",
        *holder,
        name,
    )


def put(
    db: Database, holder: Holder, name: str, value: str, visibility: str | None = None
) -> Entry:
    """Create the entry or replace its value."""
    now = db.now()
    db.run(
        "INSERT INTO entries (kind, scope, scope_id, name, value, visibility, "
        "created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (kind, scope, scope_id, name) DO UPDATE SET "
        "value = excluded.value, visibility = excluded.visibility, "
        "updated_at = excluded.updated_at",
        *holder,
        name,
        value,
        visibility,
        now,
        now,
    )
    written = get(db, holder, name)
    if written is None:
        raise LookupError(f"no entry {name}")
    return written


def change(
    db: Database, entry: Entry, *, name: str, value: str, visibility: str | None
) -> None:
    """Rename the entry or give it another value or visibility."""
    db.run(
        "UPDATE entries SET name = ?, value = ?, visibility = ?, updated_at = ? "
        "WHERE id = ?",
        name,
        value,
        visibility,
        db.now(),
        entry.id,
    )
    if visibility != "selected":
        select_repositories(db, entry, [])


def delete(db: Database, entry: Entry) -> None:
    """Remove the entry."""
    db.run("DELETE FROM entries WHERE id = ?", entry.id)


class _Link(Record):
    repository_id: int


def selected_repositories(db: Database, entry: Entry) -> list[Repository]:
    """The repositories that may use an organization's `selected` entry, by id."""
    links = db.rows(
        _Link,
        "SELECT repository_id FROM entry_repositories WHERE entry_id = ? "
        "ORDER BY repository_id",
        entry.id,
    )
    return [existing(db, link.repository_id) for link in links]


def select_repositories(db: Database, entry: Entry, repository_ids: list[int]) -> None:
    """Make exactly these repositories the selected ones."""
    db.run("DELETE FROM entry_repositories WHERE entry_id = ?", entry.id)
    for repository_id in repository_ids:
        select_repository(db, entry, repository_id)


def select_repository(db: Database, entry: Entry, repository_id: int) -> None:
    """Add one repository to the selected ones."""
    db.run(
        "INSERT INTO entry_repositories VALUES (?, ?) ON CONFLICT DO NOTHING",
        entry.id,
        repository_id,
    )


def unselect_repository(db: Database, entry: Entry, repository_id: int) -> None:
    """Take one repository out of the selected ones."""
    db.run(
        "DELETE FROM entry_repositories WHERE entry_id = ? AND repository_id = ?",
        entry.id,
        repository_id,
    )


def shared_with(db: Database, kind: Kind, repository: Repository) -> list[Entry]:
    """The organization's entries that this repository may use, by name."""
    return db.rows(
        Entry,
        "SELECT * FROM entries WHERE kind = ?1 AND scope = 'organization' "
        "AND scope_id = ?2 AND (visibility = 'all' "
        "OR (visibility = 'private' AND ?3) OR EXISTS (SELECT 1 FROM "
        "entry_repositories WHERE entry_id = entries.id AND repository_id = ?4)) "
        "ORDER BY name",
        kind,
        repository.owner_id,
        repository.private,
        repository.id,
    )
