"""What a stack expects of GitHub to be there, made on a local one before a rehearsal.

The repository that it delivers to, and the people and teams who review its
deployments: things that a stack names and does not make.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import httpx

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECONDS: Final = 30
_HEADERS: Final = {"User-Agent": "flowground"}


def prepare(settings: Mapping[str, Any], services: Mapping[str, str]) -> None:
    """Make what is not there yet.

    Args:
        settings: The stack's config.
        services: The variables that lead to the local cloud.
    """
    for key, wanted in settings.items():
        is_ours = key.endswith(":github") and isinstance(wanted, dict)
        if is_ours and "GITHUB_API_URL" in services:
            owner, _, name = str(wanted.get("repository", "")).partition("/")
            reviewers = (wanted.get("environment") or {}).get("reviewers") or []
            with _local(services) as github:
                _repository(github, owner, name)
                for reviewer in reviewers:
                    _reviewer(github, str(reviewer), f"{owner}/{name}")


def _local(services: Mapping[str, str]) -> httpx.Client:
    token = services["GITHUB_TOKEN"]
    return httpx.Client(
        base_url=services["GITHUB_API_URL"],
        headers={**_HEADERS, "Authorization": f"Bearer {token}"},
        timeout=_SECONDS,
    )


def _repository(github: httpx.Client, owner: str, name: str) -> None:
    if github.get(f"/repos/{owner}/{name}").status_code == 404:
        _make(github, "/_local/organizations", login=owner)
        _make(github, "/_local/repositories", owner=owner, name=name)


def _reviewer(github: httpx.Client, reviewer: str, repository: str) -> None:
    """Let a user, or a team `organization/slug`, read the repository."""
    organization, _, slug = reviewer.rpartition("/")
    if not organization:
        if github.get(f"/users/{reviewer}").status_code == 404:
            _make(github, "/_local/users", login=reviewer)
        reads = {"repository": repository, "user": reviewer, "permission": "pull"}
        _make(github, "/_local/collaborators", **reads)
        return
    teams = f"/orgs/{organization}/teams"
    if github.get(f"{teams}/{slug}").status_code == 404:
        _make(github, teams, name=slug)
    path = f"{teams}/{slug}/repos/{repository}"
    github.put(path, json={"permission": "pull"}).raise_for_status()


def _make(github: httpx.Client, path: str, **wanted: str) -> None:
    github.post(path, json=wanted).raise_for_status()
