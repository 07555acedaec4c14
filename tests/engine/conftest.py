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


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """Yield an empty project; whatever a failed test leaves running is ended."""
    made = Project(tmp_path)
    yield made
    for pid in made.processes():
        os.kill(pid, signal.SIGKILL)
