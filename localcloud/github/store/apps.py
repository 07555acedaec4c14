"""GitHub Apps and where they are installed."""

from __future__ import annotations

import json
import secrets
from typing import Literal

from pydantic import Json

from localcloud.github.store.database import Database, Record
from localcloud.github.store.repositories import Repository, all_of, existing

Permissions = dict[str, str]


class App(Record):
    """An App; it proves who it is by a JWT signed with its private key."""

    id: int
    slug: str
    name: str
    client_id: str
    owner_id: int
    public_key: str
    permissions: Json[Permissions]
    created_at: str
    updated_at: str


class Installation(Record):
    """An App in an account, with what it may do there."""

    id: int
    app_id: int
    account_id: int
    permissions: Json[Permissions]
    repository_selection: Literal["all", "selected"]
    created_at: str
    updated_at: str


def create(
    db: Database,
    *,
    slug: str,
    name: str,
    owner_id: int,
    public_key: str,
    permissions: Permissions,
) -> App:
    """Register an App under a slug that is free."""
    now = db.now()
    app_id = db.insert(
        "INSERT INTO apps (slug, name, client_id, owner_id, public_key, permissions, "
        "created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        slug,
        name,
        f"Iv23{secrets.token_hex(8)}",
        owner_id,
        public_key,
        json.dumps(permissions),
        now,
        now,
    )
    found = by_id(db, app_id)
    if found is None:
        raise LookupError(f"no App {app_id}")
    return found


def by_id(db: Database, app_id: int) -> App | None:
    """The App of that id."""
    return db.row(App, "SELECT * FROM apps WHERE id = ?", app_id)


def by_issuer(db: Database, issuer: str) -> App | None:
    """The App that a JWT's `iss` names, by app id or client id."""
    return db.row(
        App,
        "SELECT * FROM apps WHERE client_id = ?1 OR CAST(id AS TEXT) = ?1",
        issuer,
    )


def by_slug(db: Database, slug: str) -> App | None:
    """The App of that slug."""
    return db.row(App, "SELECT * FROM apps WHERE slug = ?", slug)


def install(
    db: Database,
    app: App,
    account_id: int,
    permissions: Permissions,
    repository_ids: list[int] | None,
) -> Installation:
    """Install the App in an account, for all repositories or for those given."""
    now = db.now()
    installation_id = db.insert(
        "INSERT INTO installations (app_id, account_id, permissions, "
        "repository_selection, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?)",
        app.id,
        account_id,
        json.dumps(permissions),
        "all" if repository_ids is None else "selected",
        now,
        now,
    )
    for repository_id in repository_ids or ():
        db.run(
            "INSERT INTO installation_repositories VALUES (?, ?)",
            installation_id,
            repository_id,
        )
    found = installation(db, installation_id)
    if found is None:
        raise LookupError(f"no installation {installation_id}")
    return found


def installation(db: Database, installation_id: int) -> Installation | None:
    """The installation of that id."""
    return db.row(
        Installation, "SELECT * FROM installations WHERE id = ?", installation_id
    )


def installations(db: Database, app: App) -> list[Installation]:
    """Where the App is installed, oldest first."""
    return db.rows(
        Installation, "SELECT * FROM installations WHERE app_id = ? ORDER BY id", app.id
    )


def installation_in(db: Database, app: App, account_id: int) -> Installation | None:
    """The App's installation in that account."""
    return db.row(
        Installation,
        "SELECT * FROM installations WHERE app_id = ? AND account_id = ?",
        app.id,
        account_id,
    )


def uninstall(db: Database, installed: Installation) -> None:
    """Remove the installation and its tokens."""
    db.run("DELETE FROM installations WHERE id = ?", installed.id)


class _Link(Record):
    repository_id: int


def repositories(db: Database, installed: Installation) -> list[Repository]:
    """The repositories that the installation covers."""
    if installed.repository_selection == "all":
        return all_of(db, installed.account_id)
    links = db.rows(
        _Link,
        "SELECT repository_id FROM installation_repositories WHERE "
        "installation_id = ? ORDER BY repository_id",
        installed.id,
    )
    return [existing(db, link.repository_id) for link in links]


def covering(db: Database, repository: Repository) -> list[App]:
    """The Apps that are installed for the repository, oldest first."""
    installed = db.rows(
        Installation,
        "SELECT * FROM installations WHERE account_id = ? ORDER BY app_id",
        repository.owner_id,
    )
    found = [
        by_id(db, each.app_id)
        for each in installed
        if repository in repositories(db, each)
    ]
    return [app for app in found if app]
