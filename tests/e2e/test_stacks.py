"""Three environments of one program, side by side on one cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.canaries import files, spoken, texts
from tests.support.platform_project import STACKS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.platform_project import PlatformProject


@pytest.fixture(scope="module")
def stacks(platform: PlatformProject) -> PlatformProject:
    """Return the program with all its stacks up."""
    for stack in STACKS:
        platform.up(stack)
    return platform


@pytest.mark.parametrize("stack", STACKS)
def test_a_second_run_changes_nothing(stacks: PlatformProject, stack: str) -> None:
    """After an `up`, neither preview nor refresh finds anything to do."""
    stacks.assert_settled(stack)


@pytest.mark.parametrize("stack", STACKS)
def test_a_stack_makes_what_its_config_says(
    stacks: PlatformProject, stack: str
) -> None:
    """The outputs name what is really there."""
    platform = stacks.platform(stack)
    assert platform["stack"] == stack
    with stacks.api(stack) as api:
        for name, one in platform["prefect"]["deployments"].items():
            found = api.get(f"/deployments/{one['id']}").raise_for_status().json()
            assert found["name"] == name
        for name in platform["prefect"]["work_pools"]:
            api.get(f"/work_pools/{name}").raise_for_status()


def test_schedules_run_in_prod_and_rest_in_dev(stacks: PlatformProject) -> None:
    """The tier decides where the settings are silent."""
    for stack, active in (("dev", {False}), ("prod", {True})):
        with stacks.api(stack) as api:
            deployments = api.post("/deployments/filter", json={}).json()
        schedules = [s for d in deployments for s in d["schedules"]]
        assert len(schedules) == 2
        assert {schedule["active"] for schedule in schedules} == active


def test_no_secret_is_in_state_or_in_sight(
    stacks: PlatformProject, tmp_path: Path
) -> None:
    """Config secrets and minted keys are ciphertext wherever they are written."""
    held = stacks.credentials("dev")
    secrets = {
        "the config's secret": stacks.on("dev", "config", "get", "githubToken").strip(),
        "the service account's key": held["prefect"]["ci"],
        "the Modal token": held["modal"]["token_secret"],
        "the AWS key": held["s3"]["dags"]["secret_access_key"],
        **{
            f"the local cloud's {name}": stacks.cloud.env[name]
            for name in ("PREFECT_API_KEY", "MODAL_TOKEN_SECRET", "GITHUB_TOKEN")
        },
    }
    assert all(len(secret) > 20 for secret in secrets.values())
    # `--config` is kept in the stack's file: the plan is made of a file of its own.
    config = stacks.root / "Pulumi.dev.yaml"
    other = tmp_path / config.name
    other.write_text(config.read_text().replace("tier: dev", "tier: staging"))
    assert other.read_text() != config.read_text()
    changed = ("--config-file", str(other))
    plan = tmp_path / "plan.json"
    saved = ("--save-plan", str(plan))
    places = texts(
        text=stacks.on("dev", "preview", "--diff", *changed, *saved),
        json=stacks.on("dev", "preview", "--diff", "--json", *changed),
        drift=stacks.on("dev", "refresh", "--preview-only", "--diff"),
        outputs=stacks.on("dev", "stack", "output", "--json"),
        export=stacks.on("dev", "stack", "export"),
        plan=plan.read_text(),
    )
    places |= dict(files(stacks.root.parent / "state"))
    logs = dict(files(stacks.cloud.state_dir / "logs"))
    assert logs
    assert spoken(places | logs, secrets) == []


def test_a_service_account_gets_in_with_its_key(stacks: PlatformProject) -> None:
    """The minted key opens its own workspace and no other."""
    key = stacks.credentials("dev")["prefect"]["ci"]
    own = stacks.platform("dev")["prefect"]["api_url"]
    other = stacks.platform("prod")["prefect"]["api_url"]
    with stacks.cloud.client(api_key=key, base_url=own) as client:
        assert client.post("/flows/filter", json={}).status_code == 200
    with stacks.cloud.client(api_key=key, base_url=other) as client:
        assert client.post("/flows/filter", json={}).status_code in {403, 404}


def test_prod_is_protected_and_the_others_can_go(stacks: PlatformProject) -> None:
    """A destroy takes one environment and leaves its neighbours as they are."""
    refused = stacks.on("prod", "destroy", "--yes", code=None)
    assert "protected" in refused
    stacks.on("staging", "destroy", "--yes", "--skip-preview")
    with stacks.cloud.client() as account:
        left = account.post("/workspaces/filter", json={}).json()
    handles = {workspace["handle"] for workspace in left}
    assert f"staging-{stacks.suffix}" not in handles
    assert {f"dev-{stacks.suffix}", f"prod-{stacks.suffix}"} <= handles
    stacks.assert_settled("dev")
    stacks.assert_settled("prod")
