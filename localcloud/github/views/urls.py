"""Addresses in answers, built on the address by which the client came."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True)
class Urls:
    """`web` is where git and (on GitHub) people go, `api` is the API's root."""

    web: str
    api: str

    def account(self, login: str, kind: str) -> dict[str, str]:
        """The addresses of a user or an organization as an owner of things."""
        api, followed = f"{self.api}/users/{login}", "{/other_user}"
        return {
            "avatar_url": f"{self.web}/avatars/{login}",
            "gravatar_id": "",
            "url": api,
            "html_url": f"{self.web}/{login}",
            "followers_url": f"{api}/followers",
            "following_url": f"{api}/following{followed}",
            "gists_url": f"{api}/gists{{/gist_id}}",
            "starred_url": f"{api}/starred{{/owner}}{{/repo}}",
            "subscriptions_url": f"{api}/subscriptions",
            "organizations_url": f"{api}/orgs",
            "repos_url": f"{api}/repos",
            "events_url": f"{api}/events{{/privacy}}",
            "received_events_url": f"{api}/received_events",
            "type": kind,
        }

    def environment(self, full_name: str, name: str) -> str:
        """An environment's address; its name may hold slashes."""
        return f"{self.api}/repos/{full_name}/environments/{quote(name, safe='')}"


def node_id(kind: str, number: int) -> str:
    """The opaque global id, in the form that GitHub's first ones had."""
    return base64.b64encode(f"0{len(kind)}:{kind}{number}".encode()).decode()
