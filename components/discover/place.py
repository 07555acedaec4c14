"""Which workspace is read: one of the account by its handle, or a server."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from components.kernel import NotFoundError
from components.prefect.client import connect_account, connect_workspace
from components.prefect.workspace import WorkspaceKind, WorkspaceState

if TYPE_CHECKING:
    from components.prefect.client import PrefectApi

    from .stack_file import StackFile

_WORKSPACE: Final = re.compile(r"/workspaces/(?P<id>[0-9a-f-]{36})")


class Place(NamedTuple):
    """A workspace to read.

    Attributes:
        api: Its API.
        workspace: What the account says of it; None for a server.
    """

    api: PrefectApi
    workspace: WorkspaceState | None

    @classmethod
    def of(cls, file: StackFile, handle: str | None) -> Place:
        """Find a workspace.

        Args:
            file: The stack's config, which may say where Prefect is.
            handle: The workspace's; None for the one that the config has, and if it
                has none, for what PREFECT_API_URL names.

        Raises:
            NotFoundError: The account has no such workspace.
        """
        configured = (file.get("prefect") or {}).get("workspace") or {}
        handle = handle or configured.get("handle")
        url = os.environ.get("PREFECT_API_URL") or file.get("prefectApiUrl") or ""
        named = _WORKSPACE.search(url)
        if handle is None and (named is None or configured.get("layout") == "server"):
            return cls(connect_workspace(file, None), None)
        account, kind = connect_account(file), WorkspaceKind()
        for wire in kind.list(account):
            found = kind.parse(account, wire)
            if found.handle == handle or (
                handle is None and named and str(found.id) == named["id"]
            ):
                return cls(connect_workspace(file, found.id), found)
        raise NotFoundError(
            f"the account has no workspace '{handle or (named and named['id'])}'; "
            f"correct it, or use a key that may see it"
        )

    def settings(self, *, whole: bool) -> dict[str, Any]:
        """Return the settings of the workspace.

        Args:
            whole: Whether the stack is to have it; else it only uses it, as it is.
        """
        if self.workspace is None:
            return {"layout": "server"}
        if not whole:
            return {"layout": "shared", "handle": self.workspace.handle, "prefix": ""}
        said: dict[str, Any] = {"layout": "own", "handle": self.workspace.handle}
        if self.workspace.name != self.workspace.handle:
            said["name"] = self.workspace.name
        if self.workspace.description:
            said["description"] = self.workspace.description
        return said
