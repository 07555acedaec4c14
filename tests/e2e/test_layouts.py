"""The other places an environment can live in: a shared workspace, a bare server."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.localcloud import LocalCloud
    from tests.support.platform_project import PlatformProject


def test_stacks_share_a_workspace_and_leave_each_other_alone(
    platform: PlatformProject, local_cloud: LocalCloud
) -> None:
    """Each keeps to its own prefix; one that goes takes nothing of the other's."""
    with local_cloud.workspace() as workspace:
        for stack in ("dev", "staging"):
            settings = platform.prefect_settings(stack)
            settings["workspace"] = {"layout": "shared", "handle": workspace.handle}
            platform.set_prefect(stack, settings)
            platform.up(stack)
        for stack in ("dev", "staging"):
            platform.assert_settled(stack)
            pools = platform.platform(stack)["prefect"]["work_pools"]
            assert pools["my-pool"]["name"] == f"{stack}-my-pool"
        platform.on("staging", "destroy", "--yes")
        platform.assert_settled("dev")
        with local_cloud.client(base_url=workspace.api_url) as api:
            left = api.post("/work_pools/filter", json={}).json()
            assert [pool["name"] for pool in left] == ["dev-modal", "dev-my-pool"]
        platform.on("dev", "destroy", "--yes")
        with local_cloud.client(base_url=workspace.api_url) as api:
            assert api.post("/deployments/count", json={}).json() == 0


def test_a_server_without_workspaces_will_do(
    platform: PlatformProject, local_cloud: LocalCloud
) -> None:
    """With PREFECT_API_URL alone, a stack manages what that server holds."""
    with local_cloud.workspace() as workspace:
        settings = platform.prefect_settings("staging")
        settings["workspace"] = {"layout": "server"}
        settings["service_accounts"] = {}
        platform.set_prefect("staging", settings)
        platform.env["PREFECT_API_URL"] = workspace.api_url
        platform.up("staging")
        platform.assert_settled("staging")
        assert platform.platform("staging")["prefect"]["api_url"] == workspace.api_url
        platform.on("staging", "destroy", "--yes")
