"""Issues and the comments on them."""

from __future__ import annotations

from typing import Literal, NamedTuple

from localcloud.github.store.database import Database, Record
from localcloud.github.store.repositories import Repository

State = Literal["open", "closed"]


class Author(NamedTuple):
    """Who writes: a user, or an App as its bot."""

    user_id: int | None
    app_id: int | None


class Issue(Record):
    """An issue; people know it by its number in its repository."""

    id: int
    repository_id: int
    number: int
    title: str
    body: str | None
    state: State
    state_reason: str | None
    user_id: int | None
    app_id: int | None
    created_at: str
    updated_at: str
    closed_at: str | None

    @property
    def author(self) -> Author:
        """Who opened it."""
        return Author(self.user_id, self.app_id)


class Comment(Record):
    """A comment on an issue."""

    id: int
    issue_id: int
    body: str
    user_id: int | None
    app_id: int | None
    created_at: str
    updated_at: str

    @property
    def author(self) -> Author:
        """Who wrote it."""
        return Author(self.user_id, self.app_id)


def create(
    db: Database, repository: Repository, author: Author, title: str, body: str | None
) -> Issue:
    """Open an issue under the repository's next number."""
    now = db.now()
    number = 1 + db.count(
        "SELECT COALESCE(MAX(number), 0) FROM issues WHERE repository_id = ?",
        repository.id,
    )
    db.run(
        "INSERT INTO issues (repository_id, number, title, body, state, user_id, "
        "app_id, created_at, updated_at) VALUES (?, ?, ?, ?, 'open', ?, ?, ?, ?)",
        repository.id,
        number,
        title,
        body,
        *author,
        now,
        now,
    )
    opened = by_number(db, repository, number)
    assert opened is not None  # noqa: S101  inserted in this transaction
    return opened


def by_number(db: Database, repository: Repository, number: int) -> Issue | None:
    """The repository's issue of that number."""
    return db.row(
        Issue,
        "SELECT * FROM issues WHERE repository_id = ? AND number = ?",
        repository.id,
        number,
    )


def all_of(db: Database, repository: Repository) -> list[Issue]:
    """The repository's issues, the newest first."""
    return db.rows(
        Issue,
        "SELECT * FROM issues WHERE repository_id = ? ORDER BY number DESC",
        repository.id,
    )


def change(
    db: Database,
    issue: Issue,
    *,
    title: str,
    body: str | None,
    state: State,
    state_reason: str | None,
) -> None:
    """Write what an issue says, and whether it is closed."""
    now = db.now()
    closed_at = (issue.closed_at or now) if state == "closed" else None
    db.run(
        "UPDATE issues SET title = ?, body = ?, state = ?, state_reason = ?, "
        "closed_at = ?, updated_at = ? WHERE id = ?",
        title,
        body,
        state,
        state_reason,
        closed_at,
        now,
        issue.id,
    )


def comments(db: Database, issue: Issue) -> list[Comment]:
    """The comments on an issue, the oldest first."""
    return db.rows(
        Comment, "SELECT * FROM issue_comments WHERE issue_id = ? ORDER BY id", issue.id
    )


def comment(db: Database, repository: Repository, number: int) -> Comment | None:
    """The repository's comment of that id."""
    return db.row(
        Comment,
        "SELECT issue_comments.* FROM issue_comments "
        "JOIN issues ON issues.id = issue_id "
        "WHERE repository_id = ? AND issue_comments.id = ?",
        repository.id,
        number,
    )


def of_comment(db: Database, found: Comment) -> Issue:
    """The issue that a comment is on."""
    issue = db.row(Issue, "SELECT * FROM issues WHERE id = ?", found.issue_id)
    assert issue is not None  # noqa: S101  a comment goes with its issue
    return issue


def add_comment(db: Database, issue: Issue, author: Author, body: str) -> int:
    """Add a comment, and return its id."""
    now = db.now()
    db.run("UPDATE issues SET updated_at = ? WHERE id = ?", now, issue.id)
    return db.insert(
        "INSERT INTO issue_comments (issue_id, body, user_id, app_id, created_at, "
        "updated_at) VALUES (?, ?, ?, ?, ?, ?)",
        issue.id,
        body,
        *author,
        now,
        now,
    )


def edit_comment(db: Database, found: Comment, body: str) -> None:
    """Have a comment say something else."""
    db.run(
        "UPDATE issue_comments SET body = ?, updated_at = ? WHERE id = ?",
        body,
        db.now(),
        found.id,
    )


def delete_comment(db: Database, found: Comment) -> None:
    """Remove a comment."""
    db.run("DELETE FROM issue_comments WHERE id = ?", found.id)
