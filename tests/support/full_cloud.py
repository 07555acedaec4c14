"""A local cloud with all its services, shared by the tests that need them all.

from tests.support.full_cloud import full_cloud  # in a conftest.py: a fixture
"""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Any, Final

import httpx
import pytest

from tests.support.checkout import PYTHON
from tests.support.localcloud import LocalCloud, shared
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SERVICES: Final = ("prefect", "modal", "github", "s3")
ENDED: Final = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
RUN_SECONDS: Final = 300


@pytest.fixture(scope="session")
def full_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """Give all tests of the session, in all its workers, the same whole cloud."""
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    with shared(root, SERVICES) as cloud:
        yield cloud


def tool_environment(env: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Return the environment of a user's command line, without the user's profile."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")}
    own = {"PREFECT_HOME": str(folder / "prefect"), "DO_NOT_TRACK": "1"}
    return {**kept, **env, **own}


def prefect(env: Mapping[str, str], folder: Path, *arguments: str) -> str:
    """Run the real `prefect` command in a folder, and return what it said."""
    done = subprocess.run(
        [PYTHON, "-m", "prefect", "--no-prompt", *arguments],
        cwd=folder,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, (arguments, done.stdout, done.stderr)
    return done.stdout


def ended(api: httpx.Client, run_id: str, seconds: float = RUN_SECONDS) -> Any:
    """Wait until a flow run is over, and return it."""

    def look() -> Any:
        run = api.get(f"/flow_runs/{run_id}").raise_for_status().json()
        return run if run["state_type"] in ENDED else None

    return until(look, seconds, what=f"the end of run {run_id}")


def logged(api: httpx.Client, run_id: str) -> str:
    """Return a run's log."""
    wanted = {"logs": {"flow_run_id": {"any_": [run_id]}}}
    lines = api.post("/logs/filter", json=wanted).raise_for_status().json()
    return "\n".join(line["message"] for line in lines)


def log_says(api: httpx.Client, run_id: str, text: str) -> None:
    """Wait for a text in a run's log, which is written in batches."""
    until(lambda: text in logged(api, run_id), 20, what=f"{text!r} in the log")
