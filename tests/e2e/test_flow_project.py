"""A flow project's life in a stack: what is edited, promoted and taken out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.pulumi_project import ROOT, Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

    from tests.support.localcloud import LocalCloud

CODE = """
    from prefect import flow

    @flow
    def hello(name: str = "world"):
        pass
"""
PROGRAM = """
    import pulumi

    from components.prefect import FlowProject, WorkPool
    from components.prefect.project import FlowProjectSettings, Surroundings

    config = pulumi.Config()
    types = {"small": config.get("small") or "process", "large": "process"}
    pools = {name: WorkPool(name, type=type_) for name, type_ in types.items()}
    overlay = config.get_object("overlay") or {}
    FlowProject(
        "hello",
        FlowProjectSettings(path="flows", **overlay),
        surroundings=Surroundings(work_pools=pools),
    )
"""
ONE = {
    "name": "one",
    "entrypoint": "hello.py:hello",
    "work_pool": {"name": "small"},
    "schedules": [{"cron": "1 1 * * *", "slug": "nightly"}],
    "triggers": [{"name": "arrival", "expect": ["arrived"]}],
}


class Stack:
    """A stack with one flow project."""

    def __init__(self, folder: Path, env: dict[str, str], api: httpx.Client) -> None:
        self.api = api
        self.project = Project(folder)
        self.project.env |= env
        (self.project.root / "components").symlink_to(ROOT / "components")
        self.project.write("flows/hello.py", CODE)
        self.project.program(PROGRAM)

    def deploy(self, *deployments: dict[str, Any]) -> None:
        """Write the prefect.yaml and bring the stack up."""
        content = json.dumps({"deployments": deployments})
        self.project.write("flows/prefect.yaml", content)
        self.project("up", "--yes", "--skip-preview")

    def held(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return what the server has of a kind, by name."""
        found = self.api.post(f"/{kind}/filter", json={}).raise_for_status().json()
        return {one["name"]: one for one in found}


@pytest.fixture(scope="module")
def stack(
    tmp_path_factory: pytest.TempPathFactory, local_cloud: LocalCloud
) -> Iterator[Stack]:
    """Return a stack with two deployments of one flow up."""
    with (
        local_cloud.workspace() as place,
        local_cloud.client(base_url=place.api_url) as api,
    ):
        made = Stack(tmp_path_factory.mktemp("project"), dict(place.env), api)
        made.deploy(ONE, {**ONE, "name": "two", "triggers": []})
        yield made


def test_what_is_edited_keeps_its_identity(stack: Stack) -> None:
    """Deployment, schedule and automation are changed, and not made anew."""
    before, automation = stack.held("deployments"), stack.held("automations")
    changed = {
        **ONE,
        "parameters": {"name": "you"},
        "schedules": [{"cron": "2 2 * * *", "slug": "nightly"}],
        "triggers": [{"name": "arrival", "expect": ["came"]}],
    }
    stack.deploy(changed, {**ONE, "name": "two", "triggers": []})
    after = stack.held("deployments")
    assert after["one"]["id"] == before["one"]["id"]
    assert after["one"]["parameters"] == {"name": "you"}
    (old,), (new,) = before["one"]["schedules"], after["one"]["schedules"]
    assert new["id"] == old["id"]
    assert new["schedule"]["cron"] == "2 2 * * *"
    found = stack.held("automations")["arrival"]
    assert found["id"] == automation["arrival"]["id"]
    assert found["trigger"]["expect"] == ["came"]


def test_a_promotion_is_a_change_of_config_that_the_preview_shows(
    stack: Stack,
) -> None:
    """Another pool for one environment, and the file stays as it is."""
    overlay = json.dumps({"overrides": {"two": {"work_pool": "large"}}})
    stack.project("config", "set", "overlay", overlay)
    try:
        plan = json.loads(stack.project("preview", "--json").stdout)
        (step,) = [step for step in plan["steps"] if step["op"] != "same"]
        assert step["urn"].endswith("hello/hello/two")
        assert {*step["detailedDiff"]} == {"work_pool_name", "work_pool_id"}
        stack.project("up", "--yes", "--skip-preview")
        assert stack.held("deployments")["two"]["work_pool_name"] == "large"
    finally:
        stack.project("config", "rm", "overlay")


def test_a_pool_that_is_replaced_keeps_its_deployments(stack: Stack) -> None:
    """The server takes them off it; the same update puts them back, as planned."""
    before = stack.held("deployments")["one"]
    stack.project("config", "set", "small", "docker")
    plan = json.loads(stack.project("preview", "--json").stdout)
    ops = {s["urn"].split("::")[-1]: s["op"] for s in plan["steps"]}
    assert ops["hello/hello/one"] == ops["hello/hello/two"] == "update"
    stack.project("up", "--yes", "--skip-preview")
    after = stack.held("deployments")["one"]
    assert stack.held("work_pools")["small"]["type"] == "docker"
    assert after["id"] == before["id"]
    assert after["work_pool_name"] == "small"
    stack.project("preview", "--expect-no-changes")
    stack.project("refresh", "--preview-only", "--expect-no-changes")


def test_what_is_taken_out_is_deleted(stack: Stack) -> None:
    """Its deployment and its automations go; the others stay as they were."""
    stack.deploy({**ONE, "name": "two", "triggers": []})
    assert stack.held("deployments").keys() == {"two"}
    assert stack.held("automations") == {}


def test_a_fault_in_the_file_changes_nothing(stack: Stack) -> None:
    """It is told at preview, with the file and the path."""
    before = stack.held("deployments")
    bad = {"deployments": [{**ONE, "name": "two", "entrypoint": "hello.py:nobody"}]}
    stack.project.write("flows/prefect.yaml", json.dumps(bad))
    said = stack.project("preview", code=None)
    told = said.stdout + said.stderr
    assert "flows/prefect.yaml is not valid" in told
    assert "deployments[0].entrypoint" in told
    assert stack.held("deployments") == before
