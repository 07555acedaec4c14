"""Bad input: one clear error at preview, and nothing half-done."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.support.platform_project import PlatformProject

HELLO = {"project": "flows/hello", "entrypoint": "hello_flow.py:hello_flow"}


def _wrong(settings: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for key in parents:
        settings = settings[key]
    settings[last] = value


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("work_poolz", {}, ["prefect.work_poolz", "remove it or correct its name"]),
        ("workspace.layout", "mine", ["prefect.workspace.layout", "'own'"]),
        ("workspace.handle", None, ["prefect.workspace", "needs a `handle`"]),
        (
            "work_pools.my-pool.pool.concurrency_limit",
            "many",
            ["prefect.work_pools.my-pool.pool.concurrency_limit", "valid integer"],
        ),
        (
            "deployments",
            {"hello": HELLO | {"deployment": {"schedules": [{"cron": "every day"}]}}},
            ["deployments.hello.deployment.schedules[0]", "cron"],
        ),
        (
            "deployments",
            {"hello": HELLO | {"entrypoint": "hello_flow.py:nobody"}},
            ["hello_flow.py", "nobody"],
        ),
        (
            "flow_projects.hello.path",
            "flows/nowhere",
            ["flows/nowhere/prefect.yaml cannot be read", "correct the project's path"],
        ),
        (
            "flow_projects.hello.only",
            ["goodbye"],
            ["flows/hello/prefect.yaml", "has no 'goodbye'"],
        ),
        (
            "blocks.prefect-modal.secrets.token",
            "${secrets.nobody}",
            ["prefect.blocks.prefect-modal.secrets.token", "config set --secret"],
        ),
        (
            "variables.greeting.value",
            "x" * 5001,
            ["prefect.variables.greeting.value", "at most 5000"],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 60 else "",
)
def test_a_fault_is_one_error_that_names_stack_path_and_fix(
    platform: PlatformProject, path: str, value: Any, told: list[str]
) -> None:
    """Whatever is wrong is told once, in words, where the user can find it."""
    good = platform.prefect_settings("dev")
    broken = platform.prefect_settings("dev")
    _wrong(broken, path, value)
    platform.set_prefect("dev", broken)
    try:
        said = platform.on("dev", "preview", code=None)
    finally:
        platform.set_prefect("dev", good)
    assert "stack dev: " in said
    for words in told:
        assert words in said
    assert "Traceback" not in said
    assert "Exception" not in said


def test_all_faults_are_told_at_once(platform: PlatformProject) -> None:
    """Nobody mends one error only to be shown the next."""
    good = platform.prefect_settings("dev")
    broken = platform.prefect_settings("dev")
    _wrong(broken, "work_poolz", {})
    _wrong(broken, "schedules", "sometimes")
    platform.set_prefect("dev", broken)
    try:
        said = platform.on("dev", "preview", code=None)
    finally:
        platform.set_prefect("dev", good)
    assert "prefect.work_poolz" in said
    assert "prefect.schedules" in said


def test_a_missing_credential_is_told_when_it_is_needed(
    platform: PlatformProject,
) -> None:
    """A preview works without any; an `up` says which variable to set."""
    kept = platform.env
    platform.env = {k: v for k, v in kept.items() if not k.startswith("PREFECT_")}
    try:
        platform.on("dev", "preview")
        said = platform.up("dev", code=None)
    finally:
        platform.env = kept
    assert "PREFECT_CLOUD_ACCOUNT_ID" in said
    assert "Traceback" not in said


def test_what_only_a_provider_can_tell_stops_an_up_before_anything_is_made(
    platform: PlatformProject,
) -> None:
    """One of fifty resources is wrong: of the others, none is begun."""
    settings = platform.prefect_settings("staging")
    # The program's own models cannot look behind a reference; the check of a kind can.
    settings["concurrency_limits"]["warehouse"]["limit"] = "${secrets.limit}"
    platform.set_prefect("staging", settings)
    platform.on("staging", "config", "set", "--secret", "limit", "mañana")
    said = platform.on("staging", "up", "--yes", code=None)
    assert "warehouse" in said
    assert "limit" in said
    assert "Input should be a valid integer" in said
    for words in ("mañana", "Traceback", "Exception", "bug in flowground"):
        assert words not in said
    exported = json.loads(platform.on("staging", "stack", "export"))
    assert not exported["deployment"].get("resources")
    handle = settings["workspace"]["handle"]
    with platform.cloud.client() as account:
        spaces = account.post("/workspaces/filter", json={"limit": 200}).json()
    assert handle not in {space["handle"] for space in spaces}
