"""Real `pulumi` commands on the real program, against the local cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.localcloud import local_cloud
from tests.support.platform_project import PlatformProject

if TYPE_CHECKING:
    from tests.support.localcloud import LocalCloud

__all__ = ["local_cloud"]


@pytest.fixture(scope="module")
def platform(
    tmp_path_factory: pytest.TempPathFactory, local_cloud: LocalCloud
) -> PlatformProject:
    """Return the program as a project of the test module's own."""
    return PlatformProject(tmp_path_factory.mktemp("platform"), local_cloud)
