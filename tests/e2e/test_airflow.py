"""A task of a real Airflow, run in Modal by modalflow's executor.

Set FLOWGROUND_AIRFLOW_VENV to a virtual environment with Airflow, modalflow and modal;
docs/airflow-on-modal.md says how to make it. With two hundred packages it is too much
for CI.
"""

from __future__ import annotations

import os
import re
import secrets
import signal
import subprocess
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import modal
import pytest
from httpx import HTTPError, get

from tests.support.checkout import ROOT
from tests.support.modal_plane import IGNORE_LOCAL_WARNING, running_plane
from tests.support.modal_s3 import free_port
from tests.support.pulumi_project import Project
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

VENV = os.environ.get("FLOWGROUND_AIRFLOW_VENV", "")
pytestmark = [
    pytest.mark.skipif(not VENV, reason="FLOWGROUND_AIRFLOW_VENV names no Airflow"),
    pytest.mark.filterwarnings(IGNORE_LOCAL_WARNING),
]

PROGRAM = """
    import pulumi
    from components.modal import AirflowOnModal, DagVolume, ModalEnvironment

    airflow = AirflowOnModal(
        "airflow",
        environment=ModalEnvironment("staging", force_destroy=True),
        dags=DagVolume(folder="dags"),
        force_destroy=True,
    )
    pulumi.export("commands", airflow.commands)
    pulumi.export("airflow_variables", airflow.airflow_variables)
    """
DAG = """
    import os
    from airflow.sdk import dag, task

    @dag(schedule=None)
    def one():
        @task
        def where():
            print("canary", os.environ["MODAL_TASK_ID"], "of", __file__)

        where()

    one()
    """


def run(command: str, folder: Path, env: dict[str, str]) -> str:
    """Run a command in a shell, and return what it said."""
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


@contextmanager
def running(command: str, folder: Path, env: dict[str, str]) -> Iterator[None]:
    """Run one of Airflow's processes, its children included, beside the test."""
    with (folder / f"{command.split()[1]}.log").open("wb") as log:
        process = subprocess.Popen(
            ["bash", "-c", f"exec {command}"],
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=30)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _answers(port: int) -> bool:
    try:
        return get(f"http://127.0.0.1:{port}/api/v2/monitor/health").is_success
    except HTTPError:
        return False


def shown_log(home: Path) -> str:
    """Return the task's log as Airflow shows it, once modalflow has brought it back."""
    logs = home.glob("logs/*/*/task_id=where/attempt=1.log")
    return "".join(log.read_text() for log in logs)


def task_log(client: modal.Client) -> str:
    """Return the task's log as it left it on the volume."""
    volume = modal.Volume.from_name(
        "airflow-logs-main", environment_name="staging", client=client
    )
    paths = [entry.path for entry in volume.iterdir("/", recursive=True)]
    logs = [path for path in paths if path.endswith("task_id=where/attempt=1.log")]
    return b"".join(part for path in logs for part in volume.read_file(path)).decode()


def test_airflow_task_runs_in_modal(tmp_path):
    """It runs the volume's DAG in a container, and its log comes back to Airflow."""
    venv = Path(VENV).resolve()
    options = (f"--python={venv}/bin/python", "--image-env=AIRFLOW_HOME=/opt/airflow")
    with running_plane(tmp_path / "modal", *options) as plane:
        project = Project(tmp_path / "stack")
        (project.root / "components").symlink_to(ROOT / "components")
        project.env |= plane.env()
        project.program(PROGRAM)
        project.write("dags/one.py", DAG)
        project("up", "--yes", "--skip-preview")
        made = project.outputs()
        port, home = free_port(), tmp_path / "airflow"
        env = {
            **plane.env(),
            "PATH": os.pathsep.join([str(venv / "bin"), os.environ["PATH"]]),
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(project.root / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": (
                f"http://127.0.0.1:{port}/execution/"
            ),
            **made["airflow_variables"],
        }
        run(made["commands"]["deploy"], project.root, env)
        run("airflow db migrate", project.root, env)
        server = f"airflow api-server -H 127.0.0.1 -p {port} --workers 1"
        with (
            running(server, tmp_path, env),
            running("airflow scheduler", tmp_path, env),
        ):
            until(lambda: _answers(port), 120, what="Airflow's API server")
            run("airflow dags reserialize", project.root, env)
            run("airflow dags trigger one", tmp_path, env)
            shown = until(lambda: shown_log(home), 180, what="the log in Airflow")
            listing = "airflow dags list-runs one --output json"
            ended = '"state": "success"'
            until(lambda: ended in run(listing, tmp_path, env), 60, what=ended)
        assert re.search("canary ta-[A-Za-z0-9]+ of /opt/airflow/dags/one.py", shown)
        with plane.client() as client:
            assert task_log(client) == shown
        project("refresh", "--preview-only", "--expect-no-changes", "--diff")
