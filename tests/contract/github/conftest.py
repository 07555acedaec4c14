"""An organization on GitHub, and names that no other test uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.github_world import GithubWorld

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.conftest import Worlds


@pytest.fixture
def world(worlds: Worlds) -> Iterator[GithubWorld]:
    """Return the organization; what a test broke in it is mended."""
    world = worlds.of("github:ActionsSecret")
    assert isinstance(world, GithubWorld)
    yield world
    world.github.admin("DELETE", "faults")


@pytest.fixture
def name(unique: str) -> str:
    """Return a secret's or variable's name that no other test uses."""
    return unique.upper().replace("-", "_")
