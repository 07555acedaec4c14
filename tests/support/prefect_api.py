"""Prefect's API in the test's own process: for what a provider process hides."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import UUID

from components.prefect.client import Endpoint, PrefectApi

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.localcloud import LocalCloud


@contextmanager
def connected(cloud: LocalCloud, workspace_id: str) -> Iterator[PrefectApi]:
    """Yield the API of a workspace, and close its connections afterwards."""
    url = f"{cloud.account_url}/workspaces/{workspace_id}"
    api = PrefectApi(Endpoint(url, cloud.api_key, None), UUID(workspace_id))
    try:
        yield api
    finally:
        api._client.__exit__(None, None, None)
