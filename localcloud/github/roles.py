"""What who asks may do: the role in a repository, and the permissions of the token."""

from __future__ import annotations

from typing import Literal

from localcloud.github.actor import Actor
from localcloud.github.errors import ForbiddenError
from localcloud.github.store import apps, repositories
from localcloud.github.store.database import Database
from localcloud.github.store.repositories import Repository

LEVELS = ("read", "write", "admin")
Level = Literal["read", "write", "admin"]


def role_of(db: Database, actor: Actor, repository: Repository) -> str | None:
    """The strongest role in the repository; None if it is invisible."""
    role = None
    chosen = actor.token.repository_ids if actor.token else None
    reached = chosen is None or repository.id in chosen
    if actor.user and reached:
        role = repositories.role_of(db, repository, actor.user)
    elif actor.installation and reached:
        covered = {each.id for each in apps.repositories(db, actor.installation)}
        # An installation is bounded by its permissions, not by a role.
        role = "admin" if repository.id in covered else None
    return role or (None if repository.private else "pull")


def permit(actor: Actor, permission: str, level: Level) -> None:
    """Refuse a token that was not given the permission at that level."""
    token = actor.token
    if token is None or token.permissions is None:
        return
    if permission == "metadata" and level == "read":
        return
    granted = token.permissions.get(permission)
    if granted not in LEVELS or LEVELS.index(granted) < LEVELS.index(level):
        raise ForbiddenError(
            f"Resource not accessible by {actor.kind}",
            headers={"X-Accepted-GitHub-Permissions": f"{permission}={level}"},
        )
