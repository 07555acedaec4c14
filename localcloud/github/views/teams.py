"""Teams on the wire."""

from __future__ import annotations

from typing import Any

from localcloud.github.store.accounts import Account
from localcloud.github.store.teams import Team
from localcloud.github.views.accounts import full_organization
from localcloud.github.views.urls import Urls, node_id


def team(found: Team, urls: Urls) -> dict[str, Any]:
    """A team in a list or as a reviewer (`team`)."""
    api = f"{urls.api}/organizations/{found.organization_id}/team/{found.id}"
    return {
        "id": found.id,
        "node_id": node_id("Team", found.id),
        "name": found.name,
        "slug": found.slug,
        "description": found.description,
        "privacy": found.privacy,
        "notification_setting": found.notification_setting,
        "permission": found.permission,
        "url": api,
        "html_url": f"{urls.web}/orgs/{found.organization_login}/teams/{found.slug}",
        "members_url": f"{api}/members{{/member}}",
        "repositories_url": f"{api}/repos",
        "type": "organization",
        "organization_id": found.organization_id,
        "parent": None,
    }


def full_team(
    found: Team, organization: Account, urls: Urls, *, members: int, repositories: int
) -> dict[str, Any]:
    """A team by itself (`team-full`)."""
    return team(found, urls) | {
        "members_count": members,
        "repos_count": repositories,
        "created_at": found.created_at,
        "updated_at": found.updated_at,
        "organization": full_organization(organization, urls, public_repositories=0),
    }
