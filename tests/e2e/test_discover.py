"""A workspace made by hand is discovered, adopted without a write, and managed."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.support import hand_made
from tests.support.platform_project import PlatformProject
from tests.support.proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.localcloud import LocalCloud, Workspace
    from tests.support.proxy import Call

UNMANAGED = 7


class Team:
    """A workspace made by hand, and the program that is to manage it."""

    def __init__(
        self, project: PlatformProject, workspace: Workspace, proxy: Proxy
    ) -> None:
        self.project = project
        self.workspace = workspace
        self.proxy = proxy
        self.api = project.cloud.client(base_url=workspace.api_url)

    def discover(self, *arguments: str, code: int = 0) -> str:
        """Run the command, and return what it printed."""
        command = [sys.executable, "-m", "components.discover", *arguments]
        done = subprocess.run(
            command,
            cwd=self.project.root,
            env=self.project.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == code, (command, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def writes(self, calls: list[Call]) -> list[Call]:
        """Return the calls that could change something."""
        return [call for call in calls if call.writes]

    def set_secrets(self, stack: str) -> None:
        """Do what the discovered config asks for."""
        for name, value in hand_made.SECRETS.items():
            self.project.on(stack, "config", "set", "--secret", name, value)

    def forget(self, stack: str) -> None:
        """Leave a stack with no config but its tier."""
        path = self.project.root / f"Pulumi.{stack}.yaml"
        path.write_text("")


@pytest.fixture(scope="module")
def team(
    tmp_path_factory: pytest.TempPathFactory, local_cloud: LocalCloud
) -> Iterator[Team]:
    """Make a workspace by hand, and a program whose calls are recorded."""
    folder = tmp_path_factory.mktemp("team")
    with local_cloud.workspace() as workspace:
        origin = "/".join(local_cloud.cloud_api_url.split("/")[:3])
        with (
            PlatformProject(folder / "platform", local_cloud) as project,
            Proxy(origin) as proxy,
        ):
            url = local_cloud.cloud_api_url.replace(origin, proxy.url)
            project.env["PREFECT_CLOUD_API_URL"] = url
            made = Team(project, workspace, proxy)
            with made.api:
                hand_made.make(folder / "by-hand", made.api, workspace.env)
                yield made


def test_a_workspace_is_discovered_adopted_without_a_write_and_managed(
    team: Team,
) -> None:
    """150 objects and more: taken over as they are, and then one change is one."""
    project = team.project
    team.forget("dev")
    handle = ("--workspace", team.workspace.handle)
    with team.proxy.recording() as calls:
        said = team.discover("--stack", "dev", *handle)
    assert team.writes(calls) == []
    assert {call.path.rpartition("/")[2] for call in calls} == {"filter"}
    assert "Left out" not in said, said
    config = (project.root / "Pulumi.dev.yaml").read_text()
    for value in hand_made.SECRETS.values():
        assert value not in config
    team.set_secrets("dev")
    with team.proxy.recording() as calls:
        project.up("dev")
    assert team.writes(calls) == []
    project.assert_settled("dev")
    assert team.discover("--stack", "dev", "--unmanaged") == ""
    state = json.loads(project.on("dev", "stack", "export"))
    ours = [
        one
        for one in state["deployment"]["resources"]
        if one["type"].startswith("pulumi-python:dynamic/prefect:")
    ]
    assert len(ours) >= 150
    assert len({one["type"] for one in ours}) == 12
    _manage(team)


def _manage(team: Team) -> None:
    """Change one thing: exactly that is planned, and sent."""
    project = team.project
    settings = project.prefect_settings("dev")
    settings["concurrency_limits"]["licences"]["limit"] = 5
    project.set_prefect("dev", settings)
    with team.proxy.recording() as calls:
        project.up("dev")
    (call,) = team.writes(calls)
    assert call.method == "PATCH"
    team.api.post("/variables/", json={"name": "stranger", "value": 1})
    said = team.discover("--stack", "dev", "--unmanaged", code=UNMANAGED)
    assert said == "Variable stranger\n"


def test_a_part_is_adopted(team: Team) -> None:
    """What a filter leaves out is not the stack's, and is listed as such."""
    project = team.project
    team.forget("staging")
    chosen = ("--kind", "Variable", "--name", "raw_1?")
    team.discover("--stack", "staging", "--workspace", team.workspace.handle, *chosen)
    with team.proxy.recording() as calls:
        project.up("staging")
    assert team.writes(calls) == []
    project.assert_settled("staging")
    listing = ("--stack", "staging", "--unmanaged")
    listed = team.discover(*listing, code=UNMANAGED).splitlines()
    assert "Variable raw_2" in listed
    assert "Variable raw_12" not in listed
    assert team.discover(*listing, *chosen) == ""


def test_what_the_config_says_already_stays(team: Team) -> None:
    """A second discovery adds what is new, and changes nothing that is there."""
    handle = ("--workspace", team.workspace.handle)
    name = f"{team.project.name}:prefect"
    first = ("--stack", "prod", *handle, "--output", "-")
    team.forget("prod")
    whole: dict[str, Any] = yaml.safe_load(team.discover(*first))["config"][name]
    changed = {**whole["variables"], "raw_1": {"value": "mine"}}
    del changed["raw_2"]
    team.project._write("prod", {"config": {name: {**whole, "variables": changed}}})
    again = yaml.safe_load(team.discover(*first))["config"][name]
    assert again["variables"]["raw_1"] == {"value": "mine"}
    assert again["variables"]["raw_2"] == whole["variables"]["raw_2"]
    assert {**again, "variables": {}} == {**whole, "variables": {}}


def test_a_workspace_that_is_not_there_is_told(team: Team) -> None:
    """One sentence says which, and the way out."""
    said = team.discover("--stack", "dev", "--workspace", "nowhere", code=1)
    assert "no workspace 'nowhere'" in said
    assert "Traceback" not in said
