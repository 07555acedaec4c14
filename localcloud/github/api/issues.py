"""Issues and the comments on them, by which workflows talk to people.

A pull request's comments are those of the issue of its number; there are no pull
requests here, and an issue stands for one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from localcloud.github.access import RepositoryGuard, role_in
from localcloud.github.api.router import router
from localcloud.github.call import Call, Reply
from localcloud.github.errors import (
    ForbiddenError,
    NotFoundError,
    UnauthenticatedError,
    UnprocessableError,
)
from localcloud.github.paging import page_of
from localcloud.github.store import accounts, apps, issues
from localcloud.github.store.accounts import Account
from localcloud.github.store.apps import App
from localcloud.github.store.issues import Author, Comment, Issue
from localcloud.github.store.repositories import ROLES, Repository
from localcloud.github.views.issues import comment as shown_comment
from localcloud.github.views.issues import issue as shown_issue
from localcloud.github.views.issues import writer

LONGEST_BODY = 65_536
LONGEST_TITLE = 256
# What is kept of an issue; the rest would be dropped without a word.
_NOT_KEPT = ("assignee", "assignees", "labels", "milestone", "type")

_COLLECTION = "/repos/{owner}/{repo}/issues"
_ONE = f"{_COLLECTION}/{{issue_number}}"
_COMMENTS = f"{_ONE}/comments"
_COMMENT = f"{_COLLECTION}/comments/{{comment_id}}"
# Whoever can read may open an issue and comment on one.
visitors = RepositoryGuard("issues", write_role="pull", public=True)


@dataclass(frozen=True)
class OnIssue:
    """An issue, a comment on it where the path names one, and their repository."""

    repository: Repository
    issue: Issue
    comment: Comment | None = None


def on_issue(call: Call) -> OnIssue:
    """Guard of what is about one issue."""
    repository = visitors(call)
    found = issues.by_number(call.db, repository, call.id("issue_number"))
    if found is None:
        raise NotFoundError
    return OnIssue(repository, found)


def on_comment(call: Call) -> OnIssue:
    """Guard of what is about one comment: its author, or who may push, changes it."""
    repository = visitors(call)
    found = issues.comment(call.db, repository, call.id("comment_id"))
    if found is None:
        raise NotFoundError
    if call.writes:
        _own(call, repository, found.author)
    return OnIssue(repository, issues.of_comment(call.db, found), found)


@router.route("GET", _COLLECTION, visitors)
def listed(call: Call, repository: Repository) -> Reply:
    """The issues, open ones unless asked, the newest first."""
    state, creator = call.query.get("state", "open"), call.query.get("creator")
    found = [
        each
        for each in issues.all_of(call.db, repository)
        if state in {"all", each.state}
        and (creator is None or _login(call, each.author) == creator)
    ]
    page, headers = page_of(call, found)
    return Reply(200, [_shown(call, repository, each) for each in page], headers)


@router.route("POST", _COLLECTION, visitors)
def create(call: Call, repository: Repository) -> Reply:
    """Open an issue."""
    author = _author(call)
    title, body = _title(call.fields.get("title")), _body(call.fields.get("body"))
    _refuse_what_is_not_kept(call.fields)
    opened = issues.create(call.db, repository, author, title, body)
    return Reply(201, _shown(call, repository, opened))


@router.route("GET", _ONE, on_issue)
def get(call: Call, found: OnIssue) -> Reply:
    """One issue."""
    return Reply(200, _shown(call, found.repository, found.issue))


@router.route("PATCH", _ONE, on_issue)
def update(call: Call, found: OnIssue) -> Reply:
    """Change an issue, close it or open it again; absent members stay."""
    _own(call, found.repository, found.issue.author)
    fields, old = call.fields, found.issue
    _refuse_what_is_not_kept(fields)
    state = fields.get("state", old.state)
    if state == old.state:
        reason = old.state_reason
    else:
        usual = "completed" if state == "closed" else "reopened"
        reason = fields.get("state_reason") or usual
    issues.change(
        call.db,
        old,
        title=old.title if fields.get("title") is None else _title(fields["title"]),
        body=_body(fields["body"]) if "body" in fields else old.body,
        state=state,
        state_reason=reason,
    )
    changed = issues.by_number(call.db, found.repository, old.number)
    return Reply(200, _shown(call, found.repository, changed or old))


@router.route("GET", _COMMENTS, on_issue)
def comments(call: Call, found: OnIssue) -> Reply:
    """The comments on an issue, the oldest first."""
    page, headers = page_of(call, issues.comments(call.db, found.issue))
    shown = [_comment(call, found.repository, found.issue, each) for each in page]
    return Reply(200, shown, headers)


@router.route("POST", _COMMENTS, on_issue)
def add_comment(call: Call, found: OnIssue) -> Reply:
    """Comment on an issue."""
    author, body = _author(call), _body(call.fields.get("body"), empty=False)
    number = issues.add_comment(call.db, found.issue, author, body)
    return Reply(201, _one_comment(call, found, number))


@router.route("GET", _COMMENT, on_comment)
def get_comment(call: Call, found: OnIssue) -> Reply:
    """One comment."""
    return Reply(200, _one_comment(call, found, call.id("comment_id")))


@router.route("PATCH", _COMMENT, on_comment)
def edit_comment(call: Call, found: OnIssue) -> Reply:
    """Have a comment say something else."""
    body = _body(call.fields.get("body"), empty=False)
    if found.comment is not None:
        issues.edit_comment(call.db, found.comment, body)
    return Reply(200, _one_comment(call, found, call.id("comment_id")))


@router.route("DELETE", _COMMENT, on_comment)
def delete_comment(call: Call, found: OnIssue) -> Reply:
    """Remove a comment."""
    if found.comment is not None:
        issues.delete_comment(call.db, found.comment)
    return Reply(204)


def _author(call: Call) -> Author:
    if call.actor.user:
        return Author(call.actor.user.id, None)
    if call.actor.installation:
        return Author(None, call.actor.installation.app_id)
    raise UnauthenticatedError("Requires authentication")


def _own(call: Call, repository: Repository, author: Author) -> None:
    """Admit the author, and who may push."""
    asks = _author(call)
    held = role_in(call, repository)
    pushes = held is not None and ROLES.index(held) >= ROLES.index("push")
    if asks != author and not pushes:
        raise ForbiddenError("Must have admin rights to Repository.")


def _written_by(call: Call, author: Author) -> Account | App | None:
    if author.user_id is not None:
        return accounts.by_id(call.db, author.user_id)
    return None if author.app_id is None else apps.by_id(call.db, author.app_id)


def _login(call: Call, author: Author) -> str | None:
    shown = writer(_written_by(call, author), call.urls)
    return str(shown["login"]) if shown else None


def _shown(call: Call, repository: Repository, found: Issue) -> dict[str, Any]:
    number = len(issues.comments(call.db, found))
    author = _written_by(call, found.author)
    return shown_issue(found, repository, author, call.urls, comments=number)


def _comment(
    call: Call, repository: Repository, on: Issue, found: Comment
) -> dict[str, Any]:
    author = _written_by(call, found.author)
    return shown_comment(found, on, repository, author, call.urls)


def _one_comment(call: Call, found: OnIssue, number: int) -> dict[str, Any]:
    written = issues.comment(call.db, found.repository, number)
    if written is None:
        raise NotFoundError
    return _comment(call, found.repository, found.issue, written)


def _title(given: Any) -> str:
    text = str(given or "").strip()
    if not text or len(text) > LONGEST_TITLE:
        raise UnprocessableError.field(
            "Issue",
            "title",
            "invalid",
            f"title is blank or too long (maximum is {LONGEST_TITLE} characters)",
        )
    return text


def _body(given: Any, *, empty: bool = True) -> str:
    text = str(given or "")
    if len(text) > LONGEST_BODY:
        raise UnprocessableError.field(
            "IssueComment",
            "body",
            "unprocessable",
            f"body is too long (maximum is {LONGEST_BODY} characters)",
        )
    if not empty and not text.strip():
        raise UnprocessableError.field(
            "IssueComment", "body", "unprocessable", "Body can't be blank"
        )
    return text


def _refuse_what_is_not_kept(fields: dict[str, Any]) -> None:
    for name in _NOT_KEPT:
        if fields.get(name):
            raise UnprocessableError(f"This local GitHub keeps no {name} of issues")
