"""Where a workspace is: for clients, and for people."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pulumi

from .client import CLOUD_API_URL

if TYPE_CHECKING:
    from .workspace import Workspace


def api_url(workspace: Workspace | None) -> pulumi.Output[str]:
    """Return what PREFECT_API_URL must be set to; the server's without a workspace."""
    if workspace is None:
        return pulumi.Output.from_input(_server_url())
    return pulumi.Output.concat(
        _cloud_url(),
        *("/accounts/", workspace.account_id, "/workspaces/", workspace.id),
    )


def ui_url(workspace: Workspace | None) -> pulumi.Output[str]:
    """Return the address of the UI, derived as Prefect's own client derives it."""
    if workspace is None:
        given = os.environ.get("PREFECT_UI_URL")
        return pulumi.Output.from_input(given or _server_url().removesuffix("/api"))
    root = os.environ.get("PREFECT_CLOUD_UI_URL")
    if root is None:
        root = re.sub(r"^https://api\.", "https://app.", _cloud_url())
    return pulumi.Output.concat(
        root.removesuffix("/api"),
        *("/account/", workspace.account_id, "/workspace/", workspace.id),
    )


def _server_url() -> str:
    return os.environ.get("PREFECT_API_URL", "")


def _cloud_url() -> str:
    given = os.environ.get("PREFECT_CLOUD_API_URL")
    return given or pulumi.Config().get("prefectCloudApiUrl", CLOUD_API_URL)
