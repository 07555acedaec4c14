"""GitHub Apps and installations on the wire."""

from __future__ import annotations

from typing import Any

from localcloud.github.store.accounts import Account
from localcloud.github.store.apps import App, Installation
from localcloud.github.views.accounts import simple_user
from localcloud.github.views.urls import Urls, node_id


def app(found: App, owner: Account, installations: int, urls: Urls) -> dict[str, Any]:
    """An App (`integration`)."""
    return {
        "id": found.id,
        "slug": found.slug,
        "client_id": found.client_id,
        "node_id": node_id("App", found.id),
        "owner": simple_user(owner, urls),
        "name": found.name,
        "description": None,
        "external_url": urls.web,
        "html_url": f"{urls.web}/apps/{found.slug}",
        "created_at": found.created_at,
        "updated_at": found.updated_at,
        "permissions": found.permissions,
        "events": [],
        "installations_count": installations,
    }


def installation(
    found: Installation, owner_app: App, account: Account, urls: Urls
) -> dict[str, Any]:
    """An App in an account (`installation`)."""
    api = f"{urls.api}/app/installations/{found.id}"
    return {
        "id": found.id,
        "account": simple_user(account, urls),
        "app_id": owner_app.id,
        "app_slug": owner_app.slug,
        "client_id": owner_app.client_id,
        "target_id": account.id,
        "target_type": account.type,
        "permissions": found.permissions,
        "events": [],
        "repository_selection": found.repository_selection,
        "access_tokens_url": f"{api}/access_tokens",
        "repositories_url": f"{urls.api}/installation/repositories",
        "html_url": f"{urls.web}/settings/installations/{found.id}",
        "single_file_name": None,
        "has_multiple_single_files": False,
        "single_file_paths": [],
        "created_at": found.created_at,
        "updated_at": found.updated_at,
        "suspended_by": None,
        "suspended_at": None,
    }
