"""Tutorial 001: a flow on a process pool, run by hand and by its schedule."""

from __future__ import annotations

import re
import shutil
import subprocess
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.support.checkout import PYTHON
from tests.support.full_cloud import (
    ended,
    log_says,
    logged,
    prefect,
    tool_environment,
)
from tests.support.localcloud import local_cloud
from tests.support.pulumi_project import ROOT, Project
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

    from tests.support.localcloud import LocalCloud

__all__ = ["local_cloud"]

DEPLOYMENT = "hello-flow/hello-flow-deployment"
PROGRAM = """
from components.prefect import WorkPool

WorkPool("my-pool", type="process")
"""


class Tutorial:
    """The tutorial's project and pool, in a workspace of its own."""

    def __init__(self, folder: Path, api: httpx.Client, env: dict[str, str]) -> None:
        self.api = api
        self.env = env
        self.project = folder / "prefect-demo"
        self._folder = folder

    def provision(self) -> None:
        """Make the work pool by `pulumi up`, and write the project."""
        program = Project(self._folder / "pulumi")
        (program.root / "components").symlink_to(ROOT / "components")
        program.env |= self.env
        program.program(PROGRAM)
        program("up", "--yes", "--skip-preview")
        shutil.copytree(
            ROOT / "flows/hello",
            self.project,
            ignore=shutil.ignore_patterns("__pycache__", "prefect.yaml"),
        )

    def deploy(self, anchor: datetime) -> None:
        """Deploy what the tutorial's prefect.yaml says, its schedule active."""
        schedule = {
            "interval": 60.0,
            "anchor_date": anchor.isoformat(),
            "timezone": "UTC",
            "active": True,
        }
        deployment = {
            "name": "hello-flow-deployment",
            "version": None,
            "tags": [],
            "concurrency_limit": None,
            "description": None,
            "entrypoint": "hello_flow.py:hello_flow",
            "parameters": {},
            "work_pool": {
                "name": "my-pool",
                "work_queue_name": None,
                "job_variables": {},
            },
            "schedules": [schedule],
        }
        file = self.project / "prefect.yaml"
        file.write_text(yaml.safe_dump({"deployments": [deployment]}))
        prefect(self.env, self.project, "deploy", "-n", "hello-flow-deployment")

    @contextmanager
    def worker(self) -> Iterator[None]:
        """Run the tutorial's `prefect worker start`."""
        log = self._folder / "worker.log"
        arguments = ("worker", "start", "--pool", "my-pool", "--install-policy=never")
        with log.open("wb") as output:
            process = subprocess.Popen(
                [PYTHON, "-m", "prefect", *arguments],
                cwd=self._folder,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        try:
            yield
        finally:
            process.terminate()
            # It ends when the run does that the schedule may just have started; a
            # worker that has stopped answering is not what is tested here.
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def runs(self, **wanted: Any) -> list[dict[str, Any]]:
        """Return the runs that have these values."""
        runs = self.api.post("/flow_runs/filter", json={}).raise_for_status().json()
        return [run for run in runs if wanted.items() <= run.items()]


@pytest.fixture
def tutorial(tmp_path: Path, local_cloud: LocalCloud) -> Iterator[Tutorial]:
    """Follow the tutorial up to its work pool."""
    with (
        local_cloud.workspace() as workspace,
        local_cloud.client(base_url=workspace.api_url) as api,
    ):
        env = tool_environment(workspace.env, tmp_path)
        env["PREFECT_WORKER_QUERY_SECONDS"] = "2"
        tutorial = Tutorial(tmp_path, api, env)
        tutorial.provision()
        yield tutorial


def test_a_worker_runs_the_deployment_by_hand_and_on_schedule(
    tutorial: Tutorial,
) -> None:
    """Both a run that somebody asks for and one that is due greet and complete."""
    # The server makes an interval's runs from the anchor on; the next is soon.
    tutorial.deploy(datetime.now(UTC) + timedelta(seconds=20))
    with tutorial.worker():
        told = prefect(tutorial.env, tutorial.project, "deployment", "run", DEPLOYMENT)
        assert re.search(r"UUID: [0-9a-f-]{36}", told)
        [by_hand] = tutorial.runs(auto_scheduled=False)
        due = until(
            lambda: [
                run
                for run in tutorial.runs(auto_scheduled=True)
                if run["state_type"] != "SCHEDULED"
            ],
            180,
            what="a run by the schedule",
        )
        for run_id in (by_hand["id"], due[0]["id"]):
            over = ended(tutorial.api, run_id)
            assert over["state_type"] == "COMPLETED", logged(tutorial.api, run_id)
            log_says(tutorial.api, run_id, "Finished in state Completed()")
