"""The API about itself: its index, its build and the caller's rate limit."""

from __future__ import annotations

from localcloud.github.access import nobody
from localcloud.github.api.router import router
from localcloud.github.call import Call, Reply

_INDEX = {
    "current_user_url": "/user",
    "current_user_authorizations_html_url": "/settings/connections",
    "authorizations_url": "/authorizations",
    "code_search_url": "/search/code?q={query}",
    "commit_search_url": "/search/commits?q={query}",
    "emails_url": "/user/emails",
    "emojis_url": "/emojis",
    "events_url": "/events",
    "feeds_url": "/feeds",
    "followers_url": "/user/followers",
    "following_url": "/user/following{/target}",
    "gists_url": "/gists{/gist_id}",
    "hub_url": "/hub",
    "issue_search_url": "/search/issues?q={query}",
    "issues_url": "/issues",
    "keys_url": "/user/keys",
    "label_search_url": "/search/labels?q={query}&repository_id={repository_id}",
    "notifications_url": "/notifications",
    "organization_url": "/orgs/{org}",
    "organization_repositories_url": "/orgs/{org}/repos",
    "organization_teams_url": "/orgs/{org}/teams",
    "public_gists_url": "/gists/public",
    "rate_limit_url": "/rate_limit",
    "repository_url": "/repos/{owner}/{repo}",
    "repository_search_url": "/search/repositories?q={query}",
    "current_user_repositories_url": "/user/repos",
    "starred_url": "/user/starred{/owner}{/repo}",
    "starred_gists_url": "/gists/starred",
    "topic_search_url": "/search/topics?q={query}",
    "user_url": "/users/{user}",
    "user_organizations_url": "/user/orgs",
    "user_repositories_url": "/users/{user}/repos",
    "user_search_url": "/search/users?q={query}",
}


@router.route("GET", "/", nobody)
def index(call: Call, _: None) -> Reply:
    """List the API's addresses, as a first answer to a client that looks around."""
    return Reply(200, {name: call.urls.api + path for name, path in _INDEX.items()})


@router.route("GET", "/meta", nobody)
def meta(_call: Call, _: None) -> Reply:
    """Say what the service is; passwords are not accepted."""
    return Reply(200, {"verifiable_password_authentication": False})


@router.route("GET", "/rate_limit", nobody)
def rate_limit(call: Call, _: None) -> Reply:
    """Show what is left; asking costs nothing."""
    return Reply(200, call.limits)
