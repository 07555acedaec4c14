"""The addresses of the Prefect UI, one a workspace, for the table of addresses.

Runs in the supervisor, which asks the running service; standard library only.
"""

from __future__ import annotations

import json
import urllib.request
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def workspace_pages(environment: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """Yield each workspace's UI, and how to log in."""
    request = urllib.request.Request(  # noqa: S310 - our own loopback address
        f"{environment['PREFECT_CLOUD_API_URL']}/me/workspaces",
        headers={"Authorization": f"Bearer {environment['PREFECT_API_KEY']}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - as above
            workspaces = json.load(answer)
    except OSError:
        return
    ui = environment["PREFECT_CLOUD_UI_URL"]
    for workspace in workspaces:
        path = (
            f"account/{workspace['account_id']}/workspace/{workspace['workspace_id']}"
        )
        yield f"Prefect UI, workspace {workspace['workspace_handle']}", f"{ui}/{path}"
    yield "  to log in there", "the password is an API key (PREFECT_API_KEY of `env`)"
