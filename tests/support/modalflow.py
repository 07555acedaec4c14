"""modalflow's own code, unmodified, on the oldest and the newest `modal` it can use."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import modal
from modal_proto import api_pb2

from tests.support.checkout import environment
from tests.support.modal_plane import RunningPlane
from tests.support.modal_raw import call

if TYPE_CHECKING:
    from collections.abc import Sequence

APP = "modalflow-main"
KEY = "dag:task:run:1"


def oldest() -> dict[str, str]:
    """Have commands be those of modal 1.3.0, the newest that modalflow works with."""
    return {"PATH": _path(environment("modalflow") / "bin")}


def newest(folder: Path) -> dict[str, str]:
    """Have commands be those of this environment's modal, with modalflow beside it."""
    (package,) = environment("modalflow").glob("lib/python*/site-packages/modalflow")
    (folder / "modalflow").symlink_to(package)
    # What an installer would make of modalflow's entry point.
    script = folder / "bin/modalflow"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -m modalflow.cli "$@"\n')
    script.chmod(0o755)
    path = _path(script.parent, Path(sys.executable).parent)
    return {"PYTHONPATH": str(folder), "PATH": path}


def _path(*folders: Path) -> str:
    return os.pathsep.join([*map(str, folders), os.environ["PATH"]])


def shell(
    plane: RunningPlane,
    folder: Path,
    command: str,
    variables: dict[str, str],
    *,
    ok: bool = True,
) -> str:
    """Run a command as a user would who pastes it, and return what it said."""
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=plane.env(**variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    said = done.stdout + done.stderr
    assert (done.returncode == 0) == ok, (command, said)
    return said


def deployed_by(plane: RunningPlane, environment: str) -> str:
    """Return the version of `modal` that modalflow's app was last deployed with."""
    lookup = api_pb2.AppLookupRequest(app_name=APP, environment_name=environment)
    app_id = call(plane, "AppLookup", lookup).app_id
    history = api_pb2.AppDeploymentHistoryRequest(app_id=app_id)
    latest = call(plane, "AppDeploymentHistory", history).app_deployment_histories[0]
    version: str = latest.client_version
    return version


def task(client: modal.Client, environment: str, command: Sequence[str]) -> Any:
    """Have modalflow's deployed function run a command, as its executor would.

    Returns:
        What the function wrote to the dict that the executor reads.
    """
    where: Any = {"environment_name": environment, "client": client}
    run = modal.Function.from_name(APP, "execute_modal_task", **where)
    run.remote({"task_key": KEY, "command": list(command)})
    return modal.Dict.from_name("airflow-state-main", **where).pop(KEY)
