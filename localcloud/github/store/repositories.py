"""Repositories, their former names, and who may do what in them."""

from __future__ import annotations

from localcloud.github.store.accounts import Account, membership
from localcloud.github.store.database import Database, Record

# From weakest to strongest; the names are those of the API's `permission` fields.
ROLES = ("pull", "triage", "push", "maintain", "admin")

_SELECT = (
    "SELECT repositories.*, login AS owner_login, type AS owner_type "
    "FROM repositories JOIN accounts ON accounts.id = repositories.owner_id "
)


class Repository(Record):
    """A repository; `full_name` is how the world addresses it."""

    id: int
    owner_id: int
    owner_login: str
    owner_type: str
    name: str
    description: str | None
    homepage: str | None
    private: bool
    archived: bool
    default_branch: str
    created_at: str
    updated_at: str
    pushed_at: str

    @property
    def full_name(self) -> str:
        """`owner/name`."""
        return f"{self.owner_login}/{self.name}"


def create(
    db: Database,
    owner: Account,
    name: str,
    *,
    private: bool,
    description: str | None = None,
    homepage: str | None = None,
    default_branch: str = "main",
) -> Repository:
    """Add a repository under a name that is free; a former name is taken over."""
    now = db.now()
    db.run("DELETE FROM former_names WHERE owner_id = ? AND name = ?", owner.id, name)
    repository_id = db.insert(
        "INSERT INTO repositories (owner_id, name, description, homepage, private, "
        "default_branch, created_at, updated_at, pushed_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        owner.id,
        name,
        description,
        homepage,
        private,
        default_branch,
        now,
        now,
        now,
    )
    return existing(db, repository_id)


def existing(db: Database, repository_id: int) -> Repository:
    """The repository of an id that is known to exist."""
    found = by_id(db, repository_id)
    if found is None:
        raise LookupError(f"no repository {repository_id}")
    return found


def by_id(db: Database, repository_id: int) -> Repository | None:
    """The repository of that id."""
    return db.row(Repository, _SELECT + "WHERE repositories.id = ?", repository_id)


def by_name(db: Database, owner: str, name: str) -> Repository | None:
    """The repository of that current name, whatever its case."""
    return db.row(
        Repository,
        _SELECT + "WHERE login = ? AND repositories.name = ?",
        owner,
        name,
    )


def by_former_name(db: Database, owner: str, name: str) -> Repository | None:
    """The repository that had this name before it was renamed."""
    return db.row(
        Repository,
        _SELECT + "JOIN former_names ON repository_id = repositories.id "
        "WHERE login = ? AND former_names.name = ?",
        owner,
        name,
    )


def all_of(db: Database, owner_id: int) -> list[Repository]:
    """The account's repositories, by name."""
    return db.rows(
        Repository, _SELECT + "WHERE owner_id = ? ORDER BY repositories.name", owner_id
    )


def everything(db: Database) -> list[Repository]:
    """All repositories, by full name."""
    return db.rows(Repository, _SELECT + "ORDER BY login, repositories.name")


def update(
    db: Database, repository: Repository, **changes: str | bool | None
) -> Repository:
    """Change columns; a new name leaves the old one as a redirect."""
    if "name" in changes:
        _move(db, repository, str(changes["name"]))
    for column, value in changes.items():
        db.run(
            f"UPDATE repositories SET {column} = ? WHERE id = ?",  # noqa: S608  ours
            value,
            repository.id,
        )
    db.run(
        "UPDATE repositories SET updated_at = ? WHERE id = ?", db.now(), repository.id
    )
    return existing(db, repository.id)


def _move(db: Database, repository: Repository, name: str) -> None:
    db.run(
        "DELETE FROM former_names WHERE owner_id = ? AND name = ?",
        repository.owner_id,
        name,
    )
    if name.lower() != repository.name.lower():
        db.run(
            "INSERT INTO former_names VALUES (?, ?, ?)",
            repository.owner_id,
            repository.name,
            repository.id,
        )


def delete(db: Database, repository: Repository) -> None:
    """Remove the repository with everything that belongs to it."""
    db.run("DELETE FROM repositories WHERE id = ?", repository.id)


def touch_pushed(db: Database, repository: Repository) -> None:
    """Note that a push has arrived."""
    db.run(
        "UPDATE repositories SET pushed_at = ? WHERE id = ?", db.now(), repository.id
    )


def set_collaborator(
    db: Database, repository_id: int, user_id: int, permission: str
) -> None:
    """Give a user a role in the repository, or change it."""
    db.run(
        "INSERT INTO collaborators VALUES (?, ?, ?) ON CONFLICT "
        "(repository_id, user_id) DO UPDATE SET permission = excluded.permission",
        repository_id,
        user_id,
        permission,
    )


def role_of(db: Database, repository: Repository, user: Account) -> str | None:
    """The strongest role the user has by any path, or None when there is none.

    Paths are ownership, organization membership (members may read), teams and
    collaboration. A public repository's readability for all is not counted.
    """
    if user.site_admin or user.id == repository.owner_id:
        return "admin"
    granted: set[str] = set()
    match membership(db, repository.owner_id, user.id):
        case "admin":
            return "admin"
        case "member":
            granted.add("pull")
    granted.update(_grants(db, repository.id, user.id))
    return max(granted, key=ROLES.index, default=None)


class _Grant(Record):
    permission: str


def _grants(db: Database, repository_id: int, user_id: int) -> set[str]:
    found = db.rows(
        _Grant,
        "SELECT permission FROM collaborators WHERE repository_id = ?1 AND "
        "user_id = ?2 UNION SELECT permission FROM team_repositories "
        "JOIN team_members USING (team_id) WHERE repository_id = ?1 AND user_id = ?2",
        repository_id,
        user_id,
    )
    return {grant.permission for grant in found}
