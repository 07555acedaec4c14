"""Push and managed pools: the local cloud itself runs what they are given."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.full_cloud import ended, full_cloud, log_says, logged
from tests.support.localcloud import LocalCloud
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

__all__ = ["full_cloud"]

FLOWS = '''
import os
import sys
import time
from pathlib import Path

from prefect import flow


@flow(log_prints=True)
def show():
    """Print what a run finds around itself."""
    names = ("TOKEN", "LOCALCLOUD_PREFECT_API_KEY", "MODAL_TOKEN_SECRET", "WHERE")
    print({name: os.environ.get(name) for name in names})
    print("prefix", sys.prefix)


@flow
def wait(marker: str):
    """Run until it is ended."""
    Path(marker).write_text(str(os.getpid()))
    time.sleep(600)
'''


class Pools:
    """A workspace whose pools need no worker."""

    def __init__(self, folder: Path, api: httpx.Client) -> None:
        self.folder = folder
        self.api = api
        (folder / "flows.py").write_text(FLOWS)

    def post(self, path: str, **body: Any) -> Any:
        """Make an object."""
        return self.api.post(path, json=body).raise_for_status().json()

    def pool(self, type_: str, package: str = "prefect") -> str:
        """Make a pool with the template that its type is served with."""
        types = self.api.get("/collections/work_pool_types").json()
        template = types[package][type_]["default_base_job_configuration"]
        name = f"pool-{uuid.uuid4().hex[:8]}"
        self.post("/work_pools/", name=name, type=type_, base_job_template=template)
        return name

    def run(self, pool: str, flow: str, **fields: Any) -> str:
        """Deploy a flow to a pool and ask for a run of it; return the run's id."""
        parameters = fields.pop("parameters", {})
        step = "prefect.deployments.steps.set_working_directory"
        deployment = self.post(
            "/deployments/",
            name=f"{flow}-{uuid.uuid4().hex[:8]}",
            flow_id=self.post("/flows/", name=flow)["id"],
            entrypoint=f"flows.py:{flow}",
            work_pool_name=pool,
            pull_steps=[{step: {"directory": str(self.folder)}}],
            parameter_openapi_schema={"type": "object", "properties": {}},
            enforce_parameter_schema=False,
            **fields,
        )
        made = self.post(
            f"/deployments/{deployment['id']}/create_flow_run",
            state={"type": "SCHEDULED"},
            parameters=parameters,
        )
        return str(made["id"])


@pytest.fixture(scope="module")
def pools(
    tmp_path_factory: pytest.TempPathFactory, full_cloud: LocalCloud
) -> Iterator[Pools]:
    with (
        full_cloud.workspace() as workspace,
        full_cloud.client(base_url=workspace.api_url) as api,
    ):
        yield Pools(tmp_path_factory.mktemp("push"), api)


def test_a_run_has_exactly_its_pools_environment(pools: Pools) -> None:
    """Job variables reach the run; the cloud's own secrets and programs do not."""
    pools.post("/variables/", name="word", value="sesame")
    env = {"TOKEN": "{{ prefect.variables.word }}", "WHERE": "/usr/local"}
    pool = pools.pool("prefect:managed")
    run = pools.run(pool, "show", job_variables={"env": env})
    over = ended(pools.api, run)
    assert over["state_type"] == "COMPLETED", logged(pools.api, run)
    log_says(pools.api, run, "prefix")
    said = logged(pools.api, run)
    assert "'TOKEN': 'sesame'" in said
    assert "'LOCALCLOUD_PREFECT_API_KEY': None, 'MODAL_TOKEN_SECRET': None" in said
    prefix = f"{run}/usr/local"  # the image's Python, a virtual environment here
    assert f"prefix {said.split('prefix ')[1].splitlines()[0]}".endswith(prefix)
    assert f"{prefix}'}}" in said


def test_a_pool_without_credentials_says_what_it_needs(pools: Pools) -> None:
    """A Modal pool that nobody gave a token crashes its runs with the way out."""
    run = pools.run(pools.pool("modal:push", "prefect-modal"), "show")
    over = ended(pools.api, run, 60)
    assert over["state_type"] == "CRASHED"
    assert "has no Modal credentials: set the default" in over["state"]["message"]


def test_cancelling_ends_the_process(pools: Pools, tmp_path: Path) -> None:
    """A cancelled run's process is gone, and the run is Cancelled."""
    marker = tmp_path / "pid"
    pool = pools.pool("prefect:managed")
    run = pools.run(pool, "wait", parameters={"marker": str(marker)})
    until(marker.exists, 120, what="the run's process")
    pid = until(marker.read_text)
    state = {"type": "CANCELLING", "name": "Cancelling"}
    pools.post(f"/flow_runs/{run}/set_state", state=state)
    assert ended(pools.api, run, 60)["state_type"] == "CANCELLED"
    until(lambda: not Path(f"/proc/{pid}").exists(), 20, what="the process's end")


def test_a_pools_timeout_ends_the_run(pools: Pools, tmp_path: Path) -> None:
    """A run that takes longer than its pool allows is ended, and says so."""
    run = pools.run(
        pools.pool("prefect:managed"),
        "wait",
        parameters={"marker": str(tmp_path / "pid")},
        job_variables={"job_watch_timeout_seconds": 1},
    )
    over = ended(pools.api, run, 120)
    assert over["state_type"] == "CRASHED"
    assert over["state"]["message"] == "The run took longer than its pool's timeout."


def test_runs_of_a_stopped_cloud_do_not_seem_to_run(tmp_path: Path) -> None:
    """Stopping ends the process of a run, and the next start says so to the server."""
    with LocalCloud.start(tmp_path) as cloud:
        with cloud.client(base_url=cloud.api_url) as api:
            marker = tmp_path / "pid"
            pools = Pools(tmp_path, api)
            run = pools.run(
                pools.pool("prefect:managed"),
                "wait",
                parameters={"marker": str(marker)},
            )
            until(marker.exists, 120, what="the run's process")
            pid = until(marker.read_text)
        cloud.stop()
        assert not Path(f"/proc/{pid}").exists()
        cloud.up()
        with cloud.client(base_url=cloud.api_url) as api:
            over = ended(api, run, 120)
            assert over["state_type"] == "CRASHED"
            assert "was stopped while it ran this" in over["state"]["message"]
