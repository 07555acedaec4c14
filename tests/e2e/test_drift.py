"""What people do by hand with the real `prefect` command is seen, and put right."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.support.platform_project import PlatformProject

DRIFT = ("refresh", "--preview-only", "--expect-no-changes", "--diff")
CHANGES = 7


@pytest.fixture(scope="module")
def dev(platform: PlatformProject) -> PlatformProject:
    """Return the program with stack dev up."""
    platform.up("dev")
    return platform


def test_drift_shows_property_by_property_and_is_repaired(
    dev: PlatformProject,
) -> None:
    """One refresh names every change; one `up --refresh` undoes them all."""
    deployment = "hello-flow/hello-flow-deployment"
    dev.prefect("dev", "variable", "set", "greeting", "hi", "--overwrite")
    dev.prefect("dev", "work-pool", "pause", "my-pool")
    dev.prefect("dev", "gcl", "update", "warehouse", "--limit", "9")
    dev.prefect("dev", "concurrency-limit", "delete", "shared-db")
    dev.prefect("dev", "deployment", "delete", deployment)
    said = dev.on("dev", *DRIFT, code=CHANGES)
    assert "is_paused: false => true" in said
    assert "limit: 2 => 9" in said
    assert "- pulumi-python:dynamic/prefect:TagConcurrencyLimit" in said
    assert "- pulumi-python:dynamic/prefect:Deployment" in said
    assert "~ 3 to update" in said
    assert "- 2 to delete" in said
    dev.up("dev", "--refresh")
    dev.assert_settled("dev")
    with dev.api("dev") as api:
        assert api.get("/work_pools/my-pool").json()["is_paused"] is False
        value = api.get("/variables/name/greeting").json()["value"]
        assert value == {"language": "en", "punctuation": None}


def test_a_run_is_no_drift(dev: PlatformProject) -> None:
    """A worker that connects and a flow that runs change nothing of the stack's."""
    run = ("deployment", "run", "hello-flow/hello-flow-deployment")
    dev.prefect("dev", *run)
    once = ("--run-once", "--install-policy", "never")
    dev.prefect("dev", "worker", "start", "--pool", "my-pool", *once)
    with dev.api("dev") as api:
        runs = api.post("/flow_runs/filter", json={}).json()
        (ran,) = (one for one in runs if one["deployment_id"])
        wanted = {"logs": {"flow_run_id": {"any_": [ran["id"]]}}}
        logs = [
            line["message"] for line in api.post("/logs/filter", json=wanted).json()
        ]
    assert ran["state_type"] == "COMPLETED"
    assert "Hello, flow!" in logs
    dev.assert_settled("dev")


def test_a_change_of_config_is_planned_exactly(dev: PlatformProject) -> None:
    """A preview names the resource and the property, and nothing else."""
    settings = dev.prefect_settings("dev")
    settings["variables"]["greeting"]["value"]["language"] = "fr"
    dev.set_prefect("dev", settings)
    plan = json.loads(dev.on("dev", "preview", "--json"))
    (step,) = _changing(plan)
    assert step["urn"].endswith("prefect:Variable::greeting")
    assert step["op"] == "update"
    assert [*step["detailedDiff"]] == ["value"]
    dev.up("dev")
    dev.assert_settled("dev")


def test_a_renamed_resource_keeps_its_object(dev: PlatformProject) -> None:
    """Another key, the same object: it is moved, not deleted and made again."""
    settings = dev.prefect_settings("dev")
    before = dev.platform("dev")["prefect"]["automations"]["pause-on-crash"]
    dev.set_prefect("dev", settings | {"automations": {}})
    moved = settings["automations"]["pause-on-crash"]
    dev.set_prefect("dev", settings | {"automations": {"stop-on-crash": moved}})
    dev.up("dev")
    with dev.api("dev") as api:
        names = [one["name"] for one in api.post("/automations/filter", json={}).json()]
        assert names == ["stop-on-crash"]
    after = dev.platform("dev")["prefect"]["automations"]["stop-on-crash"]
    assert before != after
    dev.assert_settled("dev")


def _changing(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for step in plan["steps"] if step["op"] != "same"]
