"""Tutorial 000's CD with no click: what `up` delivers is all that a push needs.

The stack makes the workspace, the service account and the environment on GitHub; the
generated workflow is pushed with the flows; its steps are run with what GitHub holds.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import uuid
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import yaml

from tests.support.actions_runner import Runner
from tests.support.full_cloud import full_cloud
from tests.support.pulumi_project import ROOT, Project

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.localcloud import LocalCloud

__all__ = ["full_cloud"]

PROGRAM = """
    import json

    import pulumi

    from components.github.delivery import GitHubDelivery
    from components.github.settings import GithubSettings
    from components.prefect.environment import PrefectEnvironment
    from components.prefect.settings import PrefectSettings

    config = pulumi.Config()
    groups = {"secrets": config.get_secret, "json_secrets": {}.get}
    prefect = PrefectEnvironment(
        "prefect",
        PrefectSettings.model_validate(config.require_object("prefect")),
        protect=False,
        schedules=True,
        groups=groups,
    )
    GitHubDelivery(
        "github",
        GithubSettings.model_validate(config.require_object("github")),
        groups={**groups, **prefect.groups},
        protect=False,
    )
    pulumi.export("api_url", prefect.api_url)
    """


class Tutorial:
    """A stack, and the flows' repository that it delivers to."""

    def __init__(self, folder: Path, cloud: LocalCloud) -> None:
        self.folder = folder
        self.cloud = cloud
        self.owner = f"t{uuid.uuid4().hex[:8]}"
        self.repository = f"{self.owner}/prefect-modal"
        self.project = Project(folder)
        self.project.env |= cloud.env
        (self.project.root / "components").symlink_to(ROOT / "components")
        self.project.program(PROGRAM)

    def configure(self, rotation: str = "") -> None:
        """Write the stack's config, as users write it."""
        path = self.project.root / "Pulumi.dev.yaml"
        config = yaml.safe_load(path.read_text()) if path.exists() else {}
        account = {"account": {"rotation": rotation}, "workspace_role": "Developer"}
        config["config"] = {
            "probe:tier": "dev",
            "probe:prefect": {
                "workspace": {
                    "layout": "own",
                    "handle": self.owner,
                    "force_destroy": True,
                },
                "service_accounts": {"ci": account},
                "work_pools": {"my-pool": {"pool": {"type": "process"}}},
            },
            "probe:github": {
                "repository": self.repository,
                "variables": {"flowground_flows": "/srv/flows"},
            },
        }
        path.write_text(yaml.safe_dump(config))

    def admin(self, method: str, route: str, **given: Any) -> Any:
        """Do what only the local GitHub's administrator can."""
        token = self.cloud.env["GITHUB_TOKEN"]
        with httpx.Client(
            base_url=f"{self.cloud.env['GITHUB_API_URL']}/_local/",
            headers={"Authorization": f"Bearer {token}"},
            trust_env=False,
        ) as http:
            body = {"params": given} if method == "GET" else {"json": given}
            return http.request(method, route, **body).raise_for_status().json()

    def key(self) -> str:
        """Return the API key that GitHub holds."""
        place = {"repository": self.repository, "environment": "dev"}
        return str(self.admin("GET", "secrets", **place)["PREFECT_API_KEY"])

    def workflow(self) -> str:
        """Generate the workflow, as a user does."""
        done = subprocess.run(
            [sys.executable, "-m", "components.github.workflow"],
            cwd=self.project.root,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return done.stdout

    def publish(self) -> None:
        """Make the private repository, and push the flows with their workflow."""
        self.admin("POST", "users", login=f"{self.owner}-dev")
        self.admin("POST", "organizations", login=self.owner, owner=f"{self.owner}-dev")
        self.admin("POST", "repositories", owner=self.owner, name="prefect-modal")
        checkout = self.folder / "checkout"
        shutil.copytree(ROOT / "flows/prefect_modal", checkout)
        written = checkout / ".github/workflows/prefect_cd.yaml"
        written.write_text(self.workflow())
        # Prefect itself is there: see `tests.support.actions_runner`.
        pyproject = checkout / "pyproject.toml"
        text = pyproject.read_text()
        assert '["prefect>=3.4"]' in text
        pyproject.write_text(text.replace('["prefect>=3.4"]', "[]"))
        token = self.admin("POST", "tokens", user=f"{self.owner}-dev")["token"]
        server = self.cloud.env["GITHUB_SERVER_URL"]
        shown = server.replace("://", f"://x-access-token:{token}@")
        for command in (
            ("init", "--quiet", "--initial-branch", "main"),
            ("add", "."),
            ("-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "flows"),
            ("push", "--quiet", f"{shown}/{self.repository}.git", "main"),
        ):
            subprocess.run(
                ["git", *command],
                cwd=checkout,
                env={**os.environ, **self.cloud.env},
                check=True,
                capture_output=True,
                timeout=60,
            )

    def run(self) -> str:
        """Run the pushed workflow's job as GitHub would; return what it printed."""
        folder = self.folder / "runner"
        folder.mkdir()
        runner = Runner(folder, self.cloud.env, self.repository)
        pushed = self.folder / "checkout/.github/workflows/prefect_cd.yaml"
        [job] = yaml.safe_load(pushed.read_text())["jobs"].values()
        runner.run(job)
        return runner.output


@pytest.fixture
def tutorial(tmp_path: Path, full_cloud: LocalCloud) -> Tutorial:
    """Return a stack that is not up yet, and a repository that has its flows."""
    tutorial = Tutorial(tmp_path, full_cloud)
    tutorial.configure()
    tutorial.publish()
    return tutorial


def test_a_push_deploys_with_what_the_stack_delivered(tutorial: Tutorial) -> None:
    """The deployment appears; nobody copied an address or a key."""
    project = tutorial.project
    shown = project("preview", "--json").stdout
    project("up", "--yes", "--skip-preview")
    project("preview", "--expect-no-changes")
    printed = tutorial.run()
    first = tutorial.key()
    url = project.outputs()["api_url"]
    with tutorial.cloud.client(first, base_url=url) as api:
        [made] = api.post("/deployments/filter", json={}).raise_for_status().json()
    assert made["name"] == "prefect-modal-example"
    assert made["entrypoint"] == "prefect_modal.flows.flow1:main"
    assert made["work_pool_name"] == "my-pool"

    # A key that is rotated is on GitHub after the same `up`.
    tutorial.configure(rotation="2")
    said = project("up", "--yes", "--skip-preview", "--json").stdout
    second = tutorial.key()
    assert second != first
    with tutorial.cloud.client(second, base_url=url) as api:
        assert len(api.post("/deployments/filter", json={}).json()) == 1

    project("destroy", "--yes", "--skip-preview")
    state = project.root.parent / "state"
    kept = [path.read_text() for path in state.rglob("*") if path.is_file()]
    logs = [path.read_text() for path in tutorial.cloud.state_dir.rglob("*.log")]
    for text in (shown, printed, said, json.dumps(kept), *logs):
        assert first not in text
        assert second not in text
