"""One control plane for all conformance tests; each test has its own environment."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import modal
import pytest

from tests.support.modal_plane import (
    IGNORE_LOCAL_WARNING,
    RunningPlane,
    running_plane,
    start,
)
from tests.support.modal_s3 import free_port

# modal 1.6.4's multipart upload leaves its readers to the garbage collector.
IGNORE_UNCLOSED = "ignore:unclosed file:ResourceWarning"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "localcloud/modal" in str(item.path):
            item.add_marker(pytest.mark.filterwarnings(IGNORE_LOCAL_WARNING))
            item.add_marker(pytest.mark.filterwarnings(IGNORE_UNCLOSED))


@pytest.fixture(scope="session")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPlane]:
    """A control plane shared by all tests of this folder."""
    state_dir = tmp_path_factory.mktemp("modal") / "state"
    threshold = f"--multipart-threshold={8 * 1024 * 1024}"
    port = free_port()
    env = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}
    with running_plane(state_dir, threshold, "--auto-approve", env=env) as running:
        running.s3_port = port
        yield running


@pytest.fixture(scope="session")
def client(plane: RunningPlane) -> Iterator[modal.Client]:
    """A client with the bootstrap token, the workspace owner's."""
    with plane.client() as opened:
        yield opened


@pytest.fixture
def environment(client: modal.Client) -> str:
    """The name of a fresh environment."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    modal.Environment.objects.create(name, client=client)
    return name


@pytest.fixture
def begin() -> Iterator[Callable[..., RunningPlane]]:
    """A way to start control planes of which none outlives the test."""
    begun: list[RunningPlane] = []

    def start_one(state_dir: Path, *arguments: str) -> RunningPlane:
        begun.append(start(state_dir, *arguments))
        return begun[-1]

    yield start_one
    for plane in begun:
        if plane.process.poll() is None:
            plane.kill()
