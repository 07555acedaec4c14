"""Secrets and variables on the wire."""

from __future__ import annotations

from localcloud.github.store.entries import Entry, Kind
from localcloud.github.views.urls import Urls

_COLLECTIONS = {
    Kind.ACTIONS_SECRET: "actions/secrets",
    Kind.ACTIONS_VARIABLE: "actions/variables",
    Kind.DEPENDABOT_SECRET: "dependabot/secrets",
}


def secret(entry: Entry, urls: Urls, organization: str | None) -> dict[str, str]:
    """A secret: its name, its dates and, in an organization, who may use it."""
    shown = {
        "name": entry.name,
        "created_at": entry.created_at,
        "updated_at": entry.updated_at,
    }
    if organization and entry.visibility:
        shown["visibility"] = entry.visibility
    if organization and entry.visibility == "selected":
        collection = f"{urls.api}/orgs/{organization}/{_COLLECTIONS[entry.kind]}"
        shown["selected_repositories_url"] = f"{collection}/{entry.name}/repositories"
    return shown


def variable(entry: Entry, urls: Urls, organization: str | None) -> dict[str, str]:
    """A variable: as a secret, with its value."""
    return {**secret(entry, urls, organization), "value": entry.value}
