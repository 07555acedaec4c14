"""Real `pulumi` commands on the real program, against the local cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.full_cloud import full_cloud
from tests.support.platform_project import PlatformProject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.localcloud import LocalCloud

__all__ = ["full_cloud"]


@pytest.fixture(scope="session")
def local_cloud(full_cloud: LocalCloud) -> LocalCloud:
    """Return the cloud of all services, so that no second one need run."""
    return full_cloud


@pytest.fixture(scope="module")
def platform(
    tmp_path_factory: pytest.TempPathFactory, local_cloud: LocalCloud
) -> Iterator[PlatformProject]:
    """Return the program as a project of the test module's own."""
    with PlatformProject(tmp_path_factory.mktemp("platform"), local_cloud) as project:
        yield project
