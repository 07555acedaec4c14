"""The build and push steps of a project: run when their inputs change, by `up` alone.

`prefect deploy` runs them at every deploy, once for each deployment; here each
distinct list of steps is run once, for all deployments that have it.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import pulumi

from components.kernel import FlowgroundError, canonical_json
from components.kernel.task import Task, TaskResource
from components.prefect.client import SETTINGS, connect_workspace

from .lookups import within
from .templating import BLOCK, names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from components.kernel import Config
    from components.kernel.model import Properties
    from components.prefect.client import PrefectApi

    from .model import Step

# Not a project's source: what tools keep in it, and what they make of it.
_SKIPPED: Final = {"__pycache__", "node_modules", "venv"}
_ROOT: Final = Path(__file__).resolve().parents[3]
# The end of what failed steps printed; the beginning is seldom the reason.
_TOLD: Final = 2000


class StepsFailedError(FlowgroundError):
    """A build or push step failed."""


class ProjectStepsTask(Task):
    """Runs steps in the project's folder."""

    token = "prefect:ProjectSteps"  # noqa: S105  # no secret

    def run(self, config: Config, inputs: Properties) -> Properties:
        """Run the steps; their results, also each by its step's id."""
        workspace = inputs.get("workspace_id")
        api = connect_workspace(config, UUID(workspace) if workspace else None)
        done = subprocess.run(
            [sys.executable, "-m", f"{__package__}.runner"],
            cwd=inputs["folder"],
            env={**os.environ, **_settings(api, config), "PYTHONPATH": str(_ROOT)},
            input=inputs["steps"],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            told = "" if self.tells_secrets(inputs) else done.stderr[-_TOLD:].strip()
            raise StepsFailedError(
                f"a build or push step in {inputs['folder']} failed; correct it, or "
                f"what it needs: {told or 'what it said may hold a secret'}"
            )
        results: Properties = json.loads(done.stdout)
        return results

    def tells_secrets(self, inputs: Properties) -> bool:
        """Tell whether a step is given anything of a block."""
        return BLOCK in inputs["steps"]


class ProjectSteps(TaskResource, task=ProjectStepsTask):
    """Build and push steps that the stack runs.

    Args:
        resource_name: Its name in the program and in state.
        steps: The steps, as in a prefect.yaml; their placeholders are filled when
            they run.
        folder: The project's folder.
        watched: The files that the steps depend on, as glob patterns in the folder.
        commit: The commit that the folder is of; files need not be looked at then.
        workspace: The id of the workspace whose blocks and variables they may use.
        opts: Pulumi's resource options.
    """

    settings = SETTINGS

    def __init__(
        self,
        resource_name: str,
        *,
        steps: list[Step],
        folder: Path,
        watched: Iterable[str] = ("**/*",),
        commit: str | None = None,
        workspace: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        digest = hashlib.sha256(canonical_json(_environment(steps)).encode())
        if commit is None:
            for file in _files(folder, watched):
                digest.update(f"\n{file.relative_to(folder)}\n".encode())
                digest.update(hashlib.sha256(file.read_bytes()).digest())
        super().__init__(
            resource_name,
            {
                "steps": canonical_json(steps),
                "folder": str(folder),
                "digest": digest.hexdigest(),
                "commit": commit,
                "workspace_id": workspace,
            },
            opts,
        )

    def output(self, name: str, default: str | None) -> pulumi.Output[Any]:
        """Return what a step gives, as `{{ name }}` means it.

        Args:
            name: The placeholder's.
            default: What it is if no step gives it; None makes that an error.
        """
        return self.outputs.apply(lambda known: within(known, name, default))


def _settings(api: PrefectApi, config: Config) -> dict[str, str]:
    """Return what Prefect must find in its environment to work in the workspace."""
    found = {"PREFECT_API_URL": api.scope}
    for variable, key in (
        ("PREFECT_API_KEY", "prefectApiKey"),
        ("PREFECT_API_AUTH_STRING", "prefectApiAuthString"),
    ):
        if value := os.environ.get(variable) or config.get(key):
            found[variable] = value
    return found


def _environment(steps: list[Step]) -> dict[str, str | None]:
    """Return what steps take from the environment; in state only as a digest."""
    used = sorted({name[1:] for name in names(steps) if name.startswith("$")})
    return {name: os.environ.get(name) for name in used}


def _files(folder: Path, watched: Iterable[str]) -> Iterator[Path]:
    found = {file for pattern in watched for file in folder.glob(pattern)}
    for file in sorted(found):
        parts = file.relative_to(folder).parts
        if file.is_file() and not any(p in _SKIPPED or p[0] == "." for p in parts):
            yield file
