"""Teams of an organization, their members and their repositories."""

from __future__ import annotations

import re
from typing import Literal

from localcloud.github.store.accounts import Account
from localcloud.github.store.database import Database, Record
from localcloud.github.store.repositories import Repository, existing

TeamRole = Literal["member", "maintainer"]


class Team(Record):
    """A team; the slug addresses it, the name is for people."""

    id: int
    organization_id: int
    organization_login: str
    slug: str
    name: str
    description: str | None
    privacy: str
    notification_setting: str
    permission: str
    created_at: str
    updated_at: str


_SELECT = (
    "SELECT teams.*, login AS organization_login "
    "FROM teams JOIN accounts ON accounts.id = organization_id "
)


def slug_of(name: str) -> str:
    """The slug GitHub derives from a team's name."""
    return re.sub(r"[^a-z0-9_]+", "-", name.lower()).strip("-")


def create(
    db: Database,
    organization_id: int,
    name: str,
    *,
    description: str | None = None,
    privacy: str = "secret",
    notification_setting: str = "notifications_enabled",
    permission: str = "pull",
) -> Team:
    """Add a team whose slug is free in its organization."""
    now = db.now()
    team_id = db.insert(
        "INSERT INTO teams (organization_id, slug, name, description, privacy, "
        "notification_setting, permission, created_at, updated_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        organization_id,
        slug_of(name),
        name,
        description,
        privacy,
        notification_setting,
        permission,
        now,
        now,
    )
    found = by_id(db, team_id)
    if found is None:
        raise LookupError(f"no team {team_id}")
    return found


def by_id(db: Database, team_id: int) -> Team | None:
    """The team of that id."""
    return db.row(Team, _SELECT + "WHERE teams.id = ?", team_id)


def by_slug(db: Database, organization_id: int, slug: str) -> Team | None:
    """The organization's team of that slug."""
    return db.row(
        Team, _SELECT + "WHERE organization_id = ? AND slug = ?", organization_id, slug
    )


def all_of(db: Database, organization_id: int) -> list[Team]:
    """The organization's teams, by name."""
    return db.rows(
        Team, _SELECT + "WHERE organization_id = ? ORDER BY slug", organization_id
    )


def update(db: Database, team: Team, **changes: str | None) -> Team:
    """Change columns; a new name brings a new slug."""
    if name := changes.get("name"):
        changes["slug"] = slug_of(name)
    for column, value in changes.items():
        db.run(
            f"UPDATE teams SET {column} = ? WHERE id = ?",  # noqa: S608  ours
            value,
            team.id,
        )
    db.run("UPDATE teams SET updated_at = ? WHERE id = ?", db.now(), team.id)
    return team.model_copy(update={**changes, "updated_at": db.now()})


def delete(db: Database, team: Team) -> None:
    """Remove the team, also as a reviewer of environments."""
    db.run("DELETE FROM teams WHERE id = ?", team.id)


def role_in(db: Database, team: Team, user_id: int) -> TeamRole | None:
    """The user's role in the team, or None for an outsider."""
    role = db.value(
        "SELECT role FROM team_members WHERE team_id = ? AND user_id = ?",
        team.id,
        user_id,
    )
    return "maintainer" if role == "maintainer" else "member" if role else None


def set_member(db: Database, team: Team, user_id: int, role: TeamRole) -> None:
    """Put the user into the team, or change the role."""
    db.run(
        "INSERT INTO team_members VALUES (?, ?, ?) "
        "ON CONFLICT (team_id, user_id) DO UPDATE SET role = excluded.role",
        team.id,
        user_id,
        role,
    )


def remove_member(db: Database, team: Team, user_id: int) -> None:
    """Take the user out of the team."""
    db.run(
        "DELETE FROM team_members WHERE team_id = ? AND user_id = ?", team.id, user_id
    )


def members(db: Database, team: Team, role: TeamRole | None = None) -> list[Account]:
    """The team's members, by login."""
    return db.rows(
        Account,
        "SELECT accounts.* FROM accounts JOIN team_members ON user_id = accounts.id "
        "WHERE team_id = ?1 AND (?2 IS NULL OR role = ?2) ORDER BY login",
        team.id,
        role,
    )


def set_repository(
    db: Database, team: Team, repository_id: int, permission: str
) -> None:
    """Give the team a role in the repository, or change it."""
    db.run(
        "INSERT INTO team_repositories VALUES (?, ?, ?) ON CONFLICT "
        "(team_id, repository_id) DO UPDATE SET permission = excluded.permission",
        team.id,
        repository_id,
        permission,
    )


def remove_repository(db: Database, team: Team, repository_id: int) -> None:
    """Take the team's role in the repository away."""
    db.run(
        "DELETE FROM team_repositories WHERE team_id = ? AND repository_id = ?",
        team.id,
        repository_id,
    )


class _Link(Record):
    repository_id: int


def repositories(db: Database, team: Team) -> list[Repository]:
    """The repositories in which the team has a role, by name."""
    links = db.rows(
        _Link, "SELECT repository_id FROM team_repositories WHERE team_id = ?", team.id
    )
    found = [existing(db, link.repository_id) for link in links]
    return sorted(found, key=lambda repository: repository.name.lower())
