"""The policy pack in real previews: what it stops, and what it lets pass."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.support.pulumi_project import ROOT, Project

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.platform_project import PlatformProject

PACK: Final = str(ROOT / "policy")
GUARDED: Final = ("--policy-pack", PACK)
STACK: Final = "dev"
# Of the form of GitHub's, and never issued.
TOKEN: Final = "ghp_" + "k2Q" * 12

PREFECT_YAML: Final = """
    name: clones
    pull:
      - prefect.deployments.steps.git_clone:
          repository: https://git.example/acme/flows
          branch: main
    deployments:
      - name: cloned
        entrypoint: cloned.py:cloned
        work_pool: {name: pool, job_variables: {}}
    """
FLOW: Final = """
    from prefect import flow

    @flow
    def cloned():
        pass
    """


class Guarded:
    """A stack that is up, to be previewed with one thing or another changed."""

    def __init__(self, platform: PlatformProject) -> None:
        self.platform = platform
        own = f"guarded-{platform.suffix}"
        self.config: dict[str, Any] = {
            "tier": "dev",
            "modal": {
                "environment": {"name": own, "force_destroy": True},
                "volumes": {"data": {"version": 1, "force_destroy": True}},
            },
            "prefect": {
                "workspace": {
                    "layout": "own",
                    "handle": own,
                    "name": own,
                    "force_destroy": True,
                },
                "work_pools": {"pool": {"pool": {"type": "process"}}},
                "variables": {f"v{n}": {"value": n} for n in range(6)},
                "flow_projects": {"clones": {"path": "clones"}},
            },
        }
        platform.write("clones/prefect.yaml", PREFECT_YAML)
        platform.write("clones/cloned.py", FLOW)
        self.apply(self.config)
        self.told = platform.on(STACK, "up", "--yes", *GUARDED)

    def apply(self, config: dict[str, Any]) -> None:
        """Write the stack's config; whose passphrase it is stays."""
        file = self.platform._read(STACK)
        name = self.platform.name
        file["config"] = {f"{name}:{key}": value for key, value in config.items()}
        self.platform._write(STACK, file)

    def preview(
        self, config: dict[str, Any], *, stopped: bool = False, **env: str
    ) -> str:
        """Preview with another config, which the pack must stop or let pass."""
        self.apply(config)
        before = dict(self.platform.env)
        self.platform.env |= env
        try:
            return self.platform.on(
                STACK, "preview", *GUARDED, code=None if stopped else 0
            )
        finally:
            self.platform.env = before

    def changed(self, tier: str) -> dict[str, Any]:
        """Return a copy of the config, of another tier."""
        return {**deepcopy(self.config), "tier": tier}


@pytest.fixture(scope="module")
def guarded(platform: PlatformProject) -> Guarded:
    """Return a small stack that is up."""
    return Guarded(platform)


def test_dev_is_told_nothing_of_prod(guarded: Guarded) -> None:
    """The pack sees a dev stack through, and has nothing to say of its branches."""
    assert "✅ flowground" in guarded.told
    assert "pinned-code" not in guarded.told


def test_prod_is_stopped(guarded: Guarded) -> None:
    """Moving code, a token in plain and too many deletions each stop a preview."""
    config = guarded.changed("prod")
    config["prefect"]["variables"] = {"greeting": {"value": TOKEN}}
    shown = guarded.preview(config, stopped=True)
    for rule in (
        *("pinned-code", "plain-credentials", "plain-credentials-in-config"),
        "few-deletions",
    ):
        assert f"[mandatory]  {rule} " in shown
    assert "delete 6 objects (v0, v1, v2, v3, v4, …), and 5 are allowed" in shown
    # The engine shows a variable's value as it is, in the diff; the pack never does.
    assert TOKEN not in shown.partition("Policies:")[2].partition("Diagnostics:")[0]


def test_prod_passes_with_what_was_asked_for(guarded: Guarded) -> None:
    """A tag, a secret's place and a raised limit are the ways out."""
    config = guarded.changed("prod")
    config["prefect"]["variables"] = {}
    config["prefect"]["flow_projects"]["clones"]["tag"] = "v1.4.0"
    shown = guarded.preview(config, FLOWGROUND_MAX_DELETIONS="6")
    assert "✅ flowground" in shown


def test_prod_passes_with_an_exemption(guarded: Guarded) -> None:
    """An exemption in the config is of one rule and one resource."""
    config = guarded.changed("prod")
    config["guardrails"] = {
        "exempt": {"pinned-code": {"clones/*": "main is only ever fast-forwarded"}}
    }
    assert "✅ flowground" in guarded.preview(config)


def test_data_is_kept_in_staging(guarded: Guarded) -> None:
    """Where nothing is protected, a replacement of data is stopped all the same."""
    config = guarded.changed("staging")
    config["modal"]["volumes"]["data"]["version"] = 2
    shown = guarded.preview(config, stopped=True)
    assert "[mandatory]  kept-data " in shown
    assert "replace modal:Volume 'data'" in shown
    # What is only told in staging.
    assert "[advisory]  pinned-code " in shown
    shown = guarded.preview(config, FLOWGROUND_EXEMPT="kept-data:data")
    assert "kept-data" not in shown


PROGRAM: Final = """
    from components.modal import ModalVolume
    from components.prefect import Deployment, Flow
    from components.s3 import Bucket

    ModalVolume("data", environment="main")
    Bucket("open", public_access={"block_policy": False})
    Deployment(
        "nightly", flow=Flow("etl"), schedules=[{"cron": "0 2 * * *"}],
    )
    """


@pytest.fixture
def program(tmp_path: Path) -> Project:
    """Return a program of a user's own, which no settings keep in line."""
    project = Project(tmp_path)
    (project.root / "components").symlink_to(ROOT / "components")
    project.program(PROGRAM)
    return project


@pytest.mark.parametrize(
    ("tier", "level", "rules", "passed"),
    [
        (
            "prod",
            "mandatory",
            {"protected-data", "tls-buckets", "private-buckets", "owners"},
            {"resting-schedules"},
        ),
        (
            "dev",
            "advisory",
            {"resting-schedules", "tls-buckets", "private-buckets", "owners"},
            {"protected-data"},
        ),
    ],
)
def test_own_programs_are_guarded(
    program: Project, tier: str, level: str, rules: set[str], passed: set[str]
) -> None:
    """What somebody declares by hand is held to the same rules."""
    program("config", "set", "tier", tier)
    code = None if level == "mandatory" else 0
    shown = program("preview", *GUARDED, code=code).stdout
    for rule in rules:
        assert f"[{level}]  {rule} " in shown, json.dumps(shown)
    for rule in passed:
        assert rule not in shown


RENAMED: Final = """
    import pulumi
    from pulumi.dynamic import CreateResult, Resource, ResourceProvider

    class Provider(ResourceProvider):
        def create(self, props):
            return CreateResult("one", props)

    class Thing(Resource, module="own", name="Thing"):
        pass

    config = pulumi.Config()
    was = config.get("was")
    for number in range(6):
        old = [pulumi.Alias(name=f"{was}{number}")] if was else []
        name = f"{config.require('name')}{number}"
        opts = pulumi.ResourceOptions(aliases=old)
        Thing(Provider(), name, {"name": name}, opts)
    """


def test_what_is_renamed_is_not_deleted(program: Project) -> None:
    """Names that change are deletions, unless aliases say what they were."""
    program.program(RENAMED)
    program("config", "set", "tier", "prod")
    program("config", "set", "name", "old")
    program("up", "--yes", *GUARDED)
    program("config", "set", "name", "new")
    shown = program("preview", *GUARDED, code=None).stdout
    assert "delete 6 objects (old0," in shown
    program("config", "set", "was", "old")
    assert "few-deletions" not in program("preview", *GUARDED).stdout
