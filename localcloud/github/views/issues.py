"""Issues and comments on the wire."""

from __future__ import annotations

from typing import Any

from localcloud.github.store.accounts import Account
from localcloud.github.store.apps import App
from localcloud.github.store.issues import Comment, Issue
from localcloud.github.store.repositories import Repository
from localcloud.github.views.accounts import simple_user
from localcloud.github.views.urls import Urls, node_id

# Bots are accounts of their own on GitHub; here their ids stand apart from users'.
_BOT_IDS = 1_000_000_000


def writer(author: Account | App | None, urls: Urls) -> dict[str, Any] | None:
    """Who wrote it; an App writes as its bot, `slug[bot]`."""
    if author is None:
        return None
    if isinstance(author, Account):
        return simple_user(author, urls)
    login, number = f"{author.slug}[bot]", _BOT_IDS + author.id
    return {
        "login": login,
        "id": number,
        "node_id": node_id("Bot", number),
        **urls.account(login.replace("[", "%5B").replace("]", "%5D"), "Bot"),
        "site_admin": False,
        "user_view_type": "public",
    }


def issue(
    found: Issue,
    repository: Repository,
    author: Account | App | None,
    urls: Urls,
    *,
    comments: int,
) -> dict[str, Any]:
    """An issue (`issue`)."""
    api = f"{urls.api}/repos/{repository.full_name}"
    url = f"{api}/issues/{found.number}"
    return {
        "id": found.id,
        "node_id": node_id("Issue", found.id),
        "number": found.number,
        "url": url,
        "repository_url": api,
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "html_url": f"{urls.web}/{repository.full_name}/issues/{found.number}",
        "title": found.title,
        "body": found.body,
        "user": writer(author, urls),
        "state": found.state,
        "state_reason": found.state_reason,
        "labels": [],
        "assignee": None,
        "assignees": [],
        "milestone": None,
        "locked": False,
        "comments": comments,
        "created_at": found.created_at,
        "updated_at": found.updated_at,
        "closed_at": found.closed_at,
    }


def comment(
    found: Comment,
    on: Issue,
    repository: Repository,
    author: Account | App | None,
    urls: Urls,
) -> dict[str, Any]:
    """A comment (`issue-comment`)."""
    api = f"{urls.api}/repos/{repository.full_name}/issues"
    web = f"{urls.web}/{repository.full_name}/issues/{on.number}"
    return {
        "id": found.id,
        "node_id": node_id("IssueComment", found.id),
        "url": f"{api}/comments/{found.id}",
        "html_url": f"{web}#issuecomment-{found.id}",
        "issue_url": f"{api}/{on.number}",
        "body": found.body,
        "user": writer(author, urls),
        "author_association": "NONE",
        "created_at": found.created_at,
        "updated_at": found.updated_at,
    }
