"""Throw-away projects for the engine's tests."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from tests.support.pulumi_project import Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a project that has its stack, to copy."""
    return Project(tmp_path_factory.mktemp("template"))


@pytest.fixture
def project(tmp_path: Path, template: Project) -> Iterator[Project]:
    """Yield an empty project; whatever a failed test leaves running is ended."""
    made = Project(tmp_path, template)
    yield made
    for pid in made.processes():
        os.kill(pid, signal.SIGKILL)
