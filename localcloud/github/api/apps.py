"""GitHub Apps: who they are, where they are installed, and tokens to act there.

The App itself shows a JWT (RS256, at most ten minutes); what it does in repositories
it does with an installation's token, which lives for an hour.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from localcloud.github.access import find_organization, find_repository
from localcloud.github.actor import UNDECODABLE
from localcloud.github.api.repositories import owner_of
from localcloud.github.api.router import router
from localcloud.github.call import Call, Reply
from localcloud.github.errors import (
    ForbiddenError,
    NotFoundError,
    UnauthenticatedError,
    UnprocessableError,
)
from localcloud.github.paging import page_of
from localcloud.github.roles import LEVELS
from localcloud.github.store import accounts, apps, tokens
from localcloud.github.store.apps import App, Installation
from localcloud.github.store.repositories import Repository
from localcloud.github.views.apps import app as shown_app
from localcloud.github.views.apps import installation as shown_installation
from localcloud.github.views.repositories import repository as shown_repository

TOKEN_LIFETIME = dt.timedelta(hours=1)


def as_app(call: Call) -> App:
    """Guard of what an App does for itself, with its JWT."""
    if call.actor.app is None:
        raise UnauthenticatedError(UNDECODABLE)
    return call.actor.app


def as_installation(call: Call) -> Installation:
    """Guard of what an installation does with its token."""
    if call.actor.anonymous:
        raise UnauthenticatedError("Requires authentication")
    if call.actor.installation is None:
        raise ForbiddenError("You must authenticate with an installation access token")
    return call.actor.installation


@router.route("GET", "/app", as_app)
def get_app(call: Call, app: App) -> Reply:
    """The App whose JWT it is."""
    owner = accounts.by_id(call.db, app.owner_id)
    if owner is None:
        raise NotFoundError
    installed = apps.installations(call.db, app)
    return Reply(200, shown_app(app, owner, len(installed), call.urls))


@router.route("GET", "/app/installations", as_app)
def installations(call: Call, app: App) -> Reply:
    """Where the App is installed."""
    page, headers = page_of(call, apps.installations(call.db, app))
    return Reply(200, [_shown(call, app, each) for each in page], headers)


@router.route("GET", "/app/installations/{installation_id}", as_app)
def get_installation(call: Call, app: App) -> Reply:
    """One installation of the App."""
    return Reply(200, _shown(call, app, _named(call, app)))


@router.route("DELETE", "/app/installations/{installation_id}", as_app)
def delete_installation(call: Call, app: App) -> Reply:
    """Uninstall the App; its tokens there end."""
    apps.uninstall(call.db, _named(call, app))
    return Reply(204)


@router.route("POST", "/app/installations/{installation_id}/access_tokens", as_app)
def create_token(call: Call, app: App) -> Reply:
    """Make a token for an installation, with all that it may do or with less."""
    installed = _named(call, app)
    permissions = _narrowed(installed, call.fields.get("permissions"))
    chosen = _chosen(call, installed)
    token = tokens.new_secret(tokens.INSTALLATION)
    expires_at = tokens.add(
        call.db,
        token,
        installation_id=installed.id,
        permissions=permissions,
        repository_ids=None if chosen is None else [each.id for each in chosen],
        lifetime=TOKEN_LIFETIME,
    )
    body: dict[str, Any] = {
        "token": token,
        "expires_at": expires_at,
        "permissions": permissions,
        "repository_selection": installed.repository_selection,
    }
    if chosen is not None:
        body["repository_selection"] = "selected"
        body["repositories"] = _repositories(call, chosen)
    return Reply(201, body)


@router.route("GET", "/installation/repositories", as_installation)
def covered(call: Call, installed: Installation) -> Reply:
    """The repositories that the token reaches."""
    limit = call.actor.token.repository_ids if call.actor.token else None
    found = [
        each
        for each in apps.repositories(call.db, installed)
        if limit is None or each.id in limit
    ]
    page, headers = page_of(call, found)
    body = {
        "total_count": len(found),
        "repository_selection": installed.repository_selection,
        "repositories": _repositories(call, page),
    }
    return Reply(200, body, headers)


@router.route("DELETE", "/installation/token", as_installation)
def revoke(call: Call, _: Installation) -> Reply:
    """End the token that is shown."""
    if call.actor.token:
        tokens.revoke(call.db, call.actor.token.id)
    return Reply(204)


@router.route("GET", "/orgs/{org}/installation", as_app)
def in_organization(call: Call, app: App) -> Reply:
    """The App's installation in an organization."""
    return _in_account(call, app, find_organization(call).id)


@router.route("GET", "/users/{username}/installation", as_app)
def in_user(call: Call, app: App) -> Reply:
    """The App's installation with a user."""
    user = accounts.by_login(call.db, call.params["username"])
    if user is None:
        raise NotFoundError
    return _in_account(call, app, user.id)


@router.route("GET", "/repos/{owner}/{repo}/installation", as_app)
def in_repository(call: Call, app: App) -> Reply:
    """The App's installation that covers a repository."""
    for installed in apps.installations(call.db, app):
        for each in apps.repositories(call.db, installed):
            if (each.owner_login.lower(), each.name.lower()) == (
                call.params["owner"].lower(),
                call.params["repo"].lower(),
            ):
                return Reply(200, _shown(call, app, installed))
    find_repository(call)
    raise NotFoundError


def _in_account(call: Call, app: App, account_id: int) -> Reply:
    installed = apps.installation_in(call.db, app, account_id)
    if installed is None:
        raise NotFoundError
    return Reply(200, _shown(call, app, installed))


def _named(call: Call, app: App) -> Installation:
    found = apps.installation(call.db, call.id("installation_id"))
    if found is None or found.app_id != app.id:
        raise NotFoundError
    return found


def _shown(call: Call, app: App, installed: Installation) -> dict[str, Any]:
    account = accounts.by_id(call.db, installed.account_id)
    if account is None:
        raise NotFoundError
    return shown_installation(installed, app, account, call.urls)


def _narrowed(installed: Installation, asked: dict[str, str] | None) -> dict[str, str]:
    if not asked:  # PyGithub sends an empty object for all that is granted
        return installed.permissions
    for name, level in asked.items():
        granted = installed.permissions.get(name)
        if granted is None or LEVELS.index(level) > LEVELS.index(granted):
            raise UnprocessableError(
                "The permissions requested are not granted to this installation."
            )
    return asked


def _chosen(call: Call, installed: Installation) -> list[Repository] | None:
    names, ids = call.fields.get("repositories"), call.fields.get("repository_ids")
    if names is None and ids is None:
        return None
    chosen = [
        each
        for each in apps.repositories(call.db, installed)
        if each.name in (names or ()) or each.id in (ids or ())
    ]
    if len(chosen) < len(set(names or ())) + len(set(ids or ())):
        raise UnprocessableError(
            "There is at least one repository that does not exist or is not "
            "accessible to the parent installation."
        )
    return chosen


def _repositories(call: Call, found: list[Repository]) -> list[dict[str, Any]]:
    return [
        shown_repository(each, owner_of(call, each), "admin", call.urls)
        for each in found
    ]
