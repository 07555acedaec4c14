"""Tutorial 000: Prefect, Modal and GitHub, from an empty account to a finished run.

Its `prefect.yaml` is deployed by the real command line and run on the push pool that
the program made. What differs from its text are the addresses, which are the local
cloud's, and that the flow's package needs only the Prefect that the image brings.
"""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import yaml

from tests.support.full_cloud import (
    ended,
    full_cloud,
    log_says,
    logged,
    prefect,
    tool_environment,
)
from tests.support.pulumi_project import ROOT, Project, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.localcloud import LocalCloud, Workspace

__all__ = ["full_cloud"]

POOL = "pref-modal-pool"
# A minute until the cron fires, and a run's clone and install.
SCHEDULED_SECONDS = 240
PROGRAM = """
import os

from components.prefect import Block, ModalPushPool

ModalPushPool(
    "pref-modal-pool",
    token_id=os.environ["MODAL_TOKEN_ID"],
    token_secret=os.environ["MODAL_TOKEN_SECRET"],
)
Block(
    "prefect-modal",
    type_slug="github-credentials",
    secrets={"token": os.environ["GITHUB_READER_TOKEN"]},
)
"""
PREFECT_YAML = """
name: prefect-modal
prefect-version: 3.1.15
build: null
push: null
pull:
- prefect.deployments.steps.git_clone:
    id: clone-step
    repository: REPOSITORY
    branch: main
    credentials: '{{ prefect.blocks.github-credentials.prefect-modal }}'
- prefect.deployments.steps.run_shell_script:
    directory: '{{ clone-step.directory }}'
    script: pip install --upgrade 'uv>=0.5.6,<0.6'
- prefect.deployments.steps.run_shell_script:
    directory: '{{ clone-step.directory }}'
    script: uv sync --no-editable --no-dev
deployments:
- name: prefect-modal-example
  description: "Your first deployment which runs daily at 12:00 on Modal"
  entrypoint: prefect_modal.flows.flow1:main
  schedules:
  - cron: '0 12 * * *'
    timezone: America/New_York
    active: true
  work_pool:
    name: "pref-modal-pool"
    work_queue_name: "default"
    job_variables: {
        "env": {"UV_PROJECT_ENVIRONMENT": "/usr/local"}
    }
"""


class Tutorial:
    """The tutorial's repository, pool and deployment, in a workspace of its own."""

    def __init__(
        self, folder: Path, cloud: LocalCloud, workspace: Workspace, api: httpx.Client
    ) -> None:
        self.folder = folder
        self.cloud = cloud
        self.workspace = workspace
        self.api = api
        self.env = tool_environment(workspace.env, folder)
        self.checkout = folder / "prefect-modal"
        self.reader_token = ""

    def publish(self) -> None:
        """Make the private repository on GitHub, and push the flows to it."""
        url = self.cloud.env["GITHUB_API_URL"]
        owner = self.workspace.handle
        root_token = self.cloud.env["GITHUB_TOKEN"]
        with httpx.Client(
            base_url=f"{url}/_local",
            headers={"Authorization": f"Bearer {root_token}"},
            trust_env=False,
        ) as admin:

            def make(what: str, **given: Any) -> Any:
                return admin.post(f"/{what}", json=given).raise_for_status().json()

            make("users", login=f"{owner}-dev")
            make("organizations", login=owner, owner=f"{owner}-dev")
            made = make("repositories", owner=owner, name="prefect-modal")
            assert made["private"]
            self.reader_token = make("tokens", user=f"{owner}-dev")["token"]
        server = self.cloud.env["GITHUB_SERVER_URL"]
        address = f"{server}/{owner}/prefect-modal.git"
        shutil.copytree(
            ROOT / "flows/prefect_modal",
            self.checkout,
            ignore=shutil.ignore_patterns("__pycache__", "prefect.yaml"),
        )
        pyproject = self.checkout / "pyproject.toml"
        text = pyproject.read_text()
        assert '["prefect>=3.4"]' in text
        pyproject.write_text(text.replace('["prefect>=3.4"]', "[]"))
        (self.checkout / "prefect.yaml").write_text(
            PREFECT_YAML.replace("REPOSITORY", address)
        )
        self._git("init", "--initial-branch", "main")
        self._git("add", ".")
        self._git("-c", "user.name=t", "-c", "user.email=t@t", "commit", "-m", "flows")
        shown = address.replace("://", f"://x-access-token:{self.reader_token}@")
        self._git("push", shown, "main")

    def provision(self) -> None:
        """Make the work pool and both blocks by `pulumi up`."""
        project = Project(self.folder / "pulumi")
        (project.root / "components").symlink_to(ROOT / "components")
        project.env |= self.env | {"GITHUB_READER_TOKEN": self.reader_token}
        project.program(PROGRAM)
        project("up", "--yes", "--skip-preview")
        project("preview", "--expect-no-changes")

    def deploy(self) -> None:
        """Run the tutorial's `prefect deploy`."""
        prefect(
            self.env | {"PYTHONPATH": str(self.checkout / "src")},
            self.checkout,
            *("deploy", "--prefect-file", "prefect.yaml", "--all"),
        )

    def run(self, *options: str) -> str:
        """Run the tutorial's `prefect deployment run`; return the run's id."""
        before = {run["id"] for run in self.runs()}
        prefect(
            self.env,
            self.folder,
            *("deployment", "run", "main/prefect-modal-example", *options),
        )
        [made] = [run["id"] for run in self.runs() if run["id"] not in before]
        return str(made)

    def runs(self) -> list[dict[str, Any]]:
        """Return the deployment's runs that no schedule made."""
        runs = self.api.post("/flow_runs/filter", json={}).raise_for_status().json()
        return [run for run in runs if not run["auto_scheduled"]]

    def _git(self, *arguments: str) -> None:
        subprocess.run(
            ["git", *arguments],
            cwd=self.checkout,
            env=self.env,
            check=True,
            capture_output=True,
            timeout=60,
        )


@pytest.fixture(scope="module")
def tutorial(
    tmp_path_factory: pytest.TempPathFactory, full_cloud: LocalCloud
) -> Iterator[Tutorial]:
    """Follow the tutorial up to its deployment."""
    with (
        full_cloud.workspace() as workspace,
        full_cloud.client(base_url=workspace.api_url) as api,
    ):
        tutorial = Tutorial(
            tmp_path_factory.mktemp("tutorial"), full_cloud, workspace, api
        )
        tutorial.publish()
        tutorial.provision()
        tutorial.deploy()
        yield tutorial


def test_the_deployment_runs_on_modal_by_hand(tutorial: Tutorial) -> None:
    """`prefect deployment run` clones, installs by uv, and greets, with no worker."""
    run = tutorial.run("--param", "name=Marvin", "--param", "goodbye=true")
    over = ended(tutorial.api, run)
    assert over["state_type"] == "COMPLETED", logged(tutorial.api, run)
    log_says(tutorial.api, run, "Goodbye Marvin!")
    said = logged(tutorial.api, run)
    assert "Hello Marvin from Prefect! 🤗" in said
    # The module is found because `uv sync` installed it: `src` is on no path.
    assert said.count("Deployment step 'run_shell_script' completed successfully") == 2
    assert tutorial.reader_token not in said
    assert over["work_pool_name"] == POOL


def test_the_schedule_is_noon_in_new_york(tutorial: Tutorial) -> None:
    """Runs are there for the next days at the hour that prefect.yaml names."""
    [deployment] = tutorial.api.post("/deployments/filter", json={}).json()
    [schedule] = deployment["schedules"]
    assert schedule["active"]
    shown = yaml.safe_load(PREFECT_YAML)["deployments"][0]["schedules"][0]
    assert schedule["schedule"]["cron"] == shown["cron"]
    assert schedule["schedule"]["timezone"] == shown["timezone"]


def test_a_schedule_starts_a_run_on_modal(tutorial: Tutorial) -> None:
    """What noon does, the next full minute does: a cron starts the run by itself."""
    [deployment] = tutorial.api.post("/deployments/filter", json={}).json()
    path = f"/deployments/{deployment['id']}/schedules"
    now = {"schedule": {"cron": "* * * * *"}, "active": True, "slug": "every-minute"}
    [made] = tutorial.api.post(path, json=[now]).raise_for_status().json()

    def done() -> list[str]:
        runs = tutorial.api.post("/flow_runs/filter", json={}).raise_for_status().json()
        return [
            run["id"]
            for run in runs
            if run["auto_scheduled"] and run["state_type"] == "COMPLETED"
        ]

    try:
        wait_until(done, SCHEDULED_SECONDS, "a scheduled run that completed")
    finally:
        tutorial.api.delete(f"{path}/{made['id']}").raise_for_status()
    log_says(tutorial.api, done()[0], "Hello world from Prefect! 🤗")


def test_a_token_that_modal_revoked_crashes_the_run(tutorial: Tutorial) -> None:
    """A run whose pool shows a bad token ends at once, with the way out."""
    wanted = {"block_documents": {"is_anonymous": {"eq_": False}}}
    blocks = tutorial.api.post("/block_documents/filter", json=wanted).json()
    [block] = [b for b in blocks if b["name"] == f"{POOL}-modal-credentials"]
    path = f"/block_documents/{block['id']}"
    good = tutorial.cloud.env["MODAL_TOKEN_SECRET"]

    def write(secret: str) -> None:
        body = {"data": {"token_secret": secret}, "merge_existing_data": True}
        tutorial.api.patch(path, json=body).raise_for_status()

    write("as-revoked")
    try:
        run = tutorial.run()
        over = ended(tutorial.api, run, 60)
    finally:
        write(good)
    assert over["state_type"] == "CRASHED"
    message = over["state"]["message"]
    assert f"Modal does not take the credentials of work pool '{POOL}'" in message
    assert "write a valid token into its modal-credentials block" in message
    assert "as-revoked" not in message + logged(tutorial.api, run)
