"""Kill anything, anywhere; run the documented recovery; it converges."""

from __future__ import annotations

import os
import signal
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from components.kernel.journal import VARIABLE as JOURNAL
from tests.support.platform_project import PlatformProject
from tests.support.proxy import Proxy
from tests.support.pulumi_project import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.localcloud import LocalCloud

# What a workspace holds of a stack's, where to list it, and what names it.
LISTED = {
    "/work_pools/filter": "name",
    "/work_queues/filter": "name",
    "/variables/filter": "name",
    "/block_documents/filter": "name",
    "/v2/concurrency_limits/filter": "name",
    "/flows/filter": "name",
    "/deployments/filter": "name",
    "/automations/filter": "name",
}


@pytest.fixture
def proxied(
    tmp_path: Path, local_cloud: LocalCloud
) -> Iterator[tuple[PlatformProject, Proxy]]:
    """Return the program behind a proxy that counts its writes."""
    origin = local_cloud.cloud_api_url.removesuffix("/api")
    with PlatformProject(tmp_path, local_cloud) as project, Proxy(origin) as proxy:
        project.env["PREFECT_CLOUD_API_URL"] = f"{proxy.url}/api"
        yield project, proxy
        project.on("dev", "destroy", "--yes", "--skip-preview")


def _provider(project: PlatformProject) -> int:
    """Return the process of the dynamic provider, the one that talks to Prefect."""
    found = [
        pid for pid, line in project.processes().items() if "pulumi.dynamic" in line
    ]
    assert found
    return found[0]


@pytest.mark.parametrize(
    ("victim", "writes", "kept"),
    [
        # Each takes a minute: the torture has the others.
        ("the command", 13, "a journal"),
        ("the provider", 7, "checkpoints"),
    ],
)
def test_a_kill_in_the_middle_is_mended_by_the_next_run(
    proxied: tuple[PlatformProject, Proxy],
    tmp_path: Path,
    victim: str,
    writes: int,
    kept: str,
) -> None:
    """Killed after any number of writes: no duplicate, no orphan, no diff."""
    project, proxy = proxied
    if kept == "a journal":  # as the make targets have it
        project.env[JOURNAL] = str(tmp_path / "journal")
        project.env["PULUMI_SKIP_CHECKPOINTS"] = "true"
    project.on("dev", "stack", "output")
    running = project.start("up", "--yes", "--skip-preview", "--stack", "dev")
    made = lambda: sum(call.writes for call in proxy.calls)  # noqa: E731
    wait_until(lambda: made() >= writes, 120, f"{writes} writes")
    pid = running.pid if victim == "the command" else _provider(project)
    os.kill(pid, signal.SIGKILL)
    running.communicate()
    wait_until(lambda: not project.processes(), 60, "the end of all processes")

    # README: `make recover`, then `make up`.
    if victim == "the command":
        project.on("dev", "cancel", "--yes")
    recover = ("refresh", "--yes", "--skip-preview", "--clear-pending-creates")
    project.on("dev", *recover)
    project.up("dev")
    project.assert_settled("dev")

    with project.api("dev") as api:
        for path, name in LISTED.items():
            names = Counter(
                (one.get("work_pool_name"), one[name])
                for one in api.post(path, json={}).json()
            )
            assert all(count == 1 for count in names.values()), (path, names)
    with project.cloud.client() as account:
        bots = account.post("/bots/filter", json={"limit": 200}).json()
        ours = [bot["name"] for bot in bots if bot["name"].startswith(project.name)]
        spaces = account.post("/workspaces/filter", json={"limit": 200}).json()
        handles = [one["handle"] for one in spaces]
    assert ours == [f"{project.name}-dev-ci"]
    assert handles.count(f"dev-{project.suffix}") == 1
