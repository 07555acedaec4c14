"""What Modal, GitHub and S3 hold by hand is discovered, taken over, and managed."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
import pytest
import yaml

from tests.support.modal_cli import session
from tests.support.platform_project import PlatformProject
from tests.support.pulumi_project import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.localcloud import LocalCloud

UNMANAGED = 7
REPOSITORY = "flowground/flows"
# Two buckets as somebody's script makes them, one of them with what code's have.
BUCKETS = """
import sys
from components.s3.bucket import BucketKind
from components.s3.bucket_model import BucketArgs
from components.s3.client import connect
from components.s3.dag_bucket import safe_for_code
safe = safe_for_code({"tls_only": False})
for name, more in ((sys.argv[1], safe), (sys.argv[2], {})):
    BucketKind().create(connect({}, f"bucket/{name}"), BucketArgs(name=name, **more))
"""


class ByHand:
    """An environment that a team made without any program."""

    def __init__(self, project: PlatformProject) -> None:
        self.project = project
        self.name = f"hand-{project.suffix}"
        self.file = project.root / "Pulumi.dev.yaml"
        project.on("dev", "stack", "ls")

    def make(self) -> None:
        """Make it by the services' own commands and calls."""
        env = ("--env", self.name)
        session(
            self.project.env,
            ("environment", "create", self.name),
            ("secret", "create", "db", "PASSWORD=theirs", "HOST=db", *env),
            ("volume", "create", "data", "--version=2", *env),
            ("dict", "create", "state", *env),
            ("queue", "create", "jobs", *env),
        )
        place = f"/repos/{REPOSITORY}/environments/{quote(self.name)}"
        self.github("PUT", place, {"wait_timer": 5})
        self.github("POST", f"{place}/variables", {"name": "REGION", "value": "eu"})
        names = [f"{self.name}-code", f"{self.name}-other"]
        self._run("-c", BUCKETS, *names)

    def github(self, method: str, path: str, body: Any) -> None:
        """Call GitHub as the repository's admin."""
        env = self.project.cloud.env
        httpx.request(
            method,
            f"{env['GITHUB_API_URL']}{path}",
            json=body,
            headers={"Authorization": f"Bearer {env['GITHUB_TOKEN']}"},
            trust_env=False,
        ).raise_for_status()

    def discover(self, service: str, *arguments: str, code: int = 0) -> str:
        """Run the command on the stack, and return what it said."""
        chosen = ("--stack", "dev", "--service", service)
        return self._run("-m", "components.discover", *chosen, *arguments, code=code)

    def _run(self, *arguments: str, code: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.project.root,
            env={**self.project.env, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture
def project(
    tmp_path_factory: pytest.TempPathFactory, full_cloud: LocalCloud
) -> Iterator[PlatformProject]:
    """Return the program for what was made without one."""
    with PlatformProject(tmp_path_factory.mktemp("by-hand"), full_cloud) as project:
        yield project


def test_what_other_services_hold_is_discovered_and_taken_over(
    project: PlatformProject,
) -> None:
    """As it is; only values that nobody can read are written, once."""
    team = ByHand(project)
    team.make()
    kept = {"workspace": {"handle": team.name, "force_destroy": True}}
    tier, prefect = f"{project.name}:tier", f"{project.name}:prefect"
    salt = {k: v for k, v in project._read("dev").items() if k == "encryptionsalt"}
    project._write("dev", {**salt, "config": {tier: "dev", prefect: kept}})

    said = team.discover("modal", "--environment", team.name)
    assert "pulumi config set --secret db-PASSWORD" in said
    team.discover("github", "--repository", REPOSITORY, "--environment", team.name)
    said = team.discover("s3", "--name", f"{team.name}-*")
    assert f"Bucket {team.name}-other: a bucket of code also has rules" in said
    config = yaml.safe_load(team.file.read_text())["config"]
    assert config[prefect] == kept
    assert config[f"{project.name}:modal"]["volumes"] == {"data": {"version": 2}}
    github = config[f"{project.name}:github"]
    assert github["environment"] == {"name": team.name, "wait_timer": 5}
    assert github["variables"] == {"REGION": "eu"}
    bucket = config[f"{project.name}:s3"]["dag_buckets"][f"{team.name}-code"]["bucket"]
    assert bucket["tls_only"] is False

    for key in ("PASSWORD", "HOST"):
        project.on("dev", "config", "set", "--secret", f"db-{key}", f"ours-{key}")
    project.up("dev")
    project.assert_settled("dev")
    state = json.loads(project.on("dev", "stack", "export"))
    ids = {one["id"] for one in state["deployment"]["resources"] if "id" in one}
    assert f"{team.name}-code" in ids
    listing = ("modal", "--unmanaged", "--environment", team.name)
    assert "Volume" not in team.discover(*listing)
    stranger = ("volume", "create", "stranger", "--env", team.name)
    session(project.env, stranger)
    said = team.discover(*listing, code=UNMANAGED)
    assert said.splitlines()[0] == "Volume stranger"
