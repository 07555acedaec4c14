"""Repositories on the wire."""

from __future__ import annotations

from typing import Any

from localcloud.github.store.accounts import Account
from localcloud.github.store.repositories import ROLES, Repository
from localcloud.github.views.accounts import simple_user
from localcloud.github.views.urls import Urls, node_id

# Members `X_url` that are the repository's address and this tail.
_LINKS = {
    "archive": "/{archive_format}{/ref}",
    "assignees": "/assignees{/user}",
    "blobs": "/git/blobs{/sha}",
    "branches": "/branches{/branch}",
    "collaborators": "/collaborators{/collaborator}",
    "comments": "/comments{/number}",
    "commits": "/commits{/sha}",
    "compare": "/compare/{base}...{head}",
    "contents": "/contents/{+path}",
    "contributors": "/contributors",
    "deployments": "/deployments",
    "downloads": "/downloads",
    "events": "/events",
    "forks": "/forks",
    "git_commits": "/git/commits{/sha}",
    "git_refs": "/git/refs{/sha}",
    "git_tags": "/git/tags{/sha}",
    "hooks": "/hooks",
    "issue_comment": "/issues/comments{/number}",
    "issue_events": "/issues/events{/number}",
    "issues": "/issues{/number}",
    "keys": "/keys{/key_id}",
    "labels": "/labels{/name}",
    "languages": "/languages",
    "merges": "/merges",
    "milestones": "/milestones{/number}",
    "notifications": "/notifications{?since,all,participating}",
    "pulls": "/pulls{/number}",
    "releases": "/releases{/id}",
    "stargazers": "/stargazers",
    "statuses": "/statuses/{sha}",
    "subscribers": "/subscribers",
    "subscription": "/subscription",
    "tags": "/tags",
    "teams": "/teams",
    "trees": "/git/trees{/sha}",
}

# What this server has none of, as GitHub shows it for a new repository.
_NONE: dict[str, Any] = {
    "fork": False,
    "forks": 0,
    "forks_count": 0,
    "stargazers_count": 0,
    "watchers": 0,
    "watchers_count": 0,
    "open_issues": 0,
    "open_issues_count": 0,
    "size": 0,
    "language": None,
    "license": None,
    "mirror_url": None,
    "has_issues": True,
    "has_projects": False,
    "has_wiki": False,
    "has_pages": False,
    "has_downloads": False,
    "has_discussions": False,
    "disabled": False,
    "is_template": False,
    "topics": [],
}


def repository(
    found: Repository, owner: Account, role: str | None, urls: Urls
) -> dict[str, Any]:
    """A repository in a list (`repository` and `minimal-repository`).

    Args:
        found: The repository.
        owner: Its owner.
        role: What the one who asks may do in it, which is part of the answer.
        urls: The addresses to build on.
    """
    api = f"{urls.api}/repos/{found.full_name}"
    web = f"{urls.web}/{found.full_name}"
    return {
        "id": found.id,
        "node_id": node_id("Repository", found.id),
        "name": found.name,
        "full_name": found.full_name,
        "owner": simple_user(owner, urls),
        "private": found.private,
        "visibility": "private" if found.private else "public",
        "description": found.description,
        "homepage": found.homepage,
        "archived": found.archived,
        "default_branch": found.default_branch,
        "url": api,
        "html_url": web,
        "clone_url": f"{web}.git",
        "svn_url": web,
        "git_url": f"{urls.web.replace('http', 'git', 1)}/{found.full_name}.git",
        "ssh_url": f"git@127.0.0.1:{found.full_name}.git",
        **{f"{name}_url": api + tail for name, tail in _LINKS.items()},
        **_NONE,
        "created_at": found.created_at,
        "updated_at": found.updated_at,
        "pushed_at": found.pushed_at,
        "permissions": permissions(role),
    }


def full_repository(
    found: Repository, owner: Account, role: str | None, urls: Urls
) -> dict[str, Any]:
    """A repository by itself (`full-repository`)."""
    full = repository(found, owner, role, urls)
    full |= {"network_count": 0, "subscribers_count": 0}
    if owner.type == "Organization":
        full["organization"] = full["owner"]
    return full


def permissions(role: str | None) -> dict[str, bool]:
    """Every role that the held one includes."""
    held = -1 if role is None else ROLES.index(role)
    return {name: index <= held for index, name in enumerate(ROLES)}
