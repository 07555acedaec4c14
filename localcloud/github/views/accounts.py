"""Users and organizations on the wire."""

from __future__ import annotations

from typing import Any

from localcloud.github.store.accounts import Account
from localcloud.github.views.urls import Urls, node_id


def simple_user(account: Account, urls: Urls) -> dict[str, Any]:
    """An account as the owner, member or reviewer of something (`simple-user`)."""
    return {
        "login": account.login,
        "id": account.id,
        "node_id": node_id(account.type, account.id),
        **urls.account(account.login, account.type),
        "site_admin": account.site_admin,
        "user_view_type": "public",
    }


def public_user(account: Account, urls: Urls) -> dict[str, Any]:
    """An account's public profile (`public-user`)."""
    return simple_user(account, urls) | {
        "name": account.name,
        "company": None,
        "blog": "",
        "location": None,
        "email": account.email,
        "hireable": None,
        "bio": None,
        "twitter_username": None,
        "public_repos": 0,
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "created_at": account.created_at,
        "updated_at": account.updated_at,
    }


def private_user(account: Account, urls: Urls) -> dict[str, Any]:
    """What a user sees of their own profile (`private-user`)."""
    return public_user(account, urls) | {
        "user_view_type": "private",
        "private_gists": 0,
        "total_private_repos": 0,
        "owned_private_repos": 0,
        "disk_usage": 0,
        "collaborators": 0,
        "two_factor_authentication": True,
    }


def simple_organization(account: Account, urls: Urls) -> dict[str, Any]:
    """An organization in a list (`organization-simple`)."""
    api = f"{urls.api}/orgs/{account.login}"
    return {
        "login": account.login,
        "id": account.id,
        "node_id": node_id(account.type, account.id),
        "url": api,
        "repos_url": f"{api}/repos",
        "events_url": f"{api}/events",
        "hooks_url": f"{api}/hooks",
        "issues_url": f"{api}/issues",
        "members_url": f"{api}/members{{/member}}",
        "public_members_url": f"{api}/public_members{{/member}}",
        "avatar_url": f"{urls.web}/avatars/{account.login}",
        "description": None,
    }


def full_organization(
    account: Account, urls: Urls, *, public_repositories: int
) -> dict[str, Any]:
    """An organization by itself (`organization-full`)."""
    return simple_organization(account, urls) | {
        "name": account.name or account.login,
        "html_url": f"{urls.web}/{account.login}",
        "has_organization_projects": False,
        "has_repository_projects": False,
        "public_repos": public_repositories,
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "type": account.type,
        "default_repository_permission": "read",
        "created_at": account.created_at,
        "updated_at": account.updated_at,
        "archived_at": None,
    }
