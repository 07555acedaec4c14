"""A local GitHub as a workflow sees it: a repository, and the job's own token."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import jwt

if TYPE_CHECKING:
    from tests.support.github import Project

ACTIONS = "github-actions"
PERMISSIONS = {"issues": "write", "metadata": "read"}


def job_token(project: Project) -> str:
    """Return a token like `github.token`: of the App `github-actions`, installed."""
    github = project.github
    if github.url not in _apps:
        _apps[github.url] = github.admin(
            "POST", "apps", slug=ACTIONS, owner=project.owner, permissions=PERMISSIONS
        )
    app = _apps[github.url]
    installed = github.admin(
        "POST", "installations", app=ACTIONS, account=project.organization
    )
    now = int(time.time())
    claims = {"iat": now - 10, "exp": now + 300, "iss": str(app["id"])}
    with github.http(jwt.encode(claims, app["private_key"], algorithm="RS256")) as http:
        path = f"/app/installations/{installed['id']}/access_tokens"
        return str(http.post(path, json={}).raise_for_status().json()["token"])


# A server makes an App once, and gives its key away then.
_apps: dict[str, dict[str, str]] = {}
