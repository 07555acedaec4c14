"""Workspaces' servers: isolated, protected, restarted, stopped, and deleted."""

from __future__ import annotations

import os
import signal
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.support.localcloud import LocalCloud
from tests.support.prefect_servers import listeners, server_of
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def own_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A cloud in which nobody else starts servers while these tests look for theirs."""
    with LocalCloud.start(tmp_path_factory.mktemp("own")) as cloud:
        yield cloud


@pytest.fixture
def own_api(own_cloud: LocalCloud) -> Iterator[httpx.Client]:
    with own_cloud.client() as client:
        yield client


def test_workspaces_do_not_share_anything(local_cloud, api, workspace):
    """What is made in one workspace is not in another; ids differ, too."""
    with local_cloud.workspace() as other:
        made = api.post(
            f"{workspace.api_url}/variables/", json={"name": "only_here", "value": 1}
        )
        assert made.status_code == 201
        assert api.get(f"{other.api_url}/variables/name/only_here").status_code == 404
        slug = "/block_types/slug/secret"
        ours = api.get(workspace.api_url + slug).json()["id"]
        assert api.get(other.api_url + slug).json()["id"] != ours


def test_a_workspace_has_modals_block_type(api, workspace):
    """A new workspace knows `modal-credentials`, with its secret marked as one."""
    url = workspace.api_url
    block_type = api.get(f"{url}/block_types/slug/modal-credentials").json()
    (schema,) = api.post(
        f"{url}/block_schemas/filter",
        json={"block_schemas": {"block_type_id": {"any_": [block_type["id"]]}}},
    ).json()
    assert schema["fields"]["secret_fields"] == ["token_secret"]
    block = {
        "name": "modal",
        "data": {"token_id": "ak-1", "token_secret": "as-canary"},
        "block_type_id": block_type["id"],
        "block_schema_id": schema["id"],
    }
    made = api.post(f"{url}/block_documents/", json=block).json()
    assert made["data"] == {"token_id": "ak-1", "token_secret": "********"}


def test_a_server_answers_its_front_only(own_cloud, own_api):
    """Behind the front's back, a server's port on loopback asks for its password."""
    with own_cloud.workspace() as workspace:
        port, _ = server_of(own_cloud, workspace.api_url, own_api)
        direct = f"http://127.0.0.1:{port}/api"
        assert httpx.get(f"{direct}/admin/version").status_code == 401
        key = {"Authorization": f"Bearer {own_cloud.api_key}"}
        assert httpx.get(f"{direct}/admin/version", headers=key).status_code == 401


def test_a_server_that_dies_is_started_by_the_next_request(own_cloud, own_api):
    """A killed server is back with its data, without anybody's doing."""
    with own_cloud.workspace() as workspace:
        _, process = server_of(own_cloud, workspace.api_url, own_api)
        url = f"{workspace.api_url}/variables"
        assert own_api.post(f"{url}/", json={"name": "kept", "value": [1]}).is_success
        os.kill(process.pid, signal.SIGKILL)
        until(lambda: not process.is_alive())
        assert own_api.get(f"{url}/name/kept").json()["value"] == [1]


def test_deleting_a_workspace_ends_its_server_and_its_data(own_cloud, own_api):
    """Nothing of a deleted workspace is left: no process, no file, no answer."""
    with own_cloud.workspace() as workspace:
        port, process = server_of(own_cloud, workspace.api_url, own_api)
        home = own_cloud.state_dir / "prefect/workspaces" / workspace.id
        assert home.is_dir()
        assert own_api.delete(f"/workspaces/{workspace.id}").status_code == 204
        assert not process.is_alive()
        assert port not in listeners(own_cloud)
        assert not home.exists()
        assert own_api.get(f"{workspace.api_url}/health").status_code == 404


def test_parallel_writers_are_all_served(api, workspace):
    """Ten writers at once see no 503, which SQLite would have answered."""
    url = f"{workspace.api_url}/variables/"

    def write(number: int) -> int:
        return api.post(url, json={"name": f"v{number}", "value": 0}).status_code

    with ThreadPoolExecutor(10) as pool:
        assert Counter(pool.map(write, range(60))) == {201: 60}


def test_a_write_that_reads_beside_itself_is_served(api, workspace):
    """Pausing a queue, which opens a second session, does not wait for itself."""
    url = f"{workspace.api_url}/work_pools"
    assert api.post(f"{url}/", json={"name": "paused", "type": "process"}).is_success
    queue = {"name": "q", "is_paused": False}
    assert api.post(f"{url}/paused/queues", json=queue).status_code == 201
    for is_paused in (True, False):
        body = {"is_paused": is_paused}
        assert api.patch(f"{url}/paused/queues/q", json=body).status_code == 204
        assert api.get(f"{url}/paused/queues/q").json()["is_paused"] is is_paused


def test_errors_of_the_server_arrive_unchanged(api, workspace):
    """The server's own 404, 409 and 422 bodies pass through the front."""
    url = f"{workspace.api_url}/variables/"
    assert api.get(f"{url}name/none").json() == {"detail": "Variable not found."}
    api.post(url, json={"name": "twice", "value": 1})
    assert api.post(url, json={"name": "twice", "value": 1}).status_code == 409
    bad = api.post(url, json={"nme": "x"})
    assert bad.status_code == 422
    assert bad.json()["exception_message"] == "Invalid request received."


def test_a_servers_own_services_run(api, workspace):
    """Schedules make runs, and automations act, without anybody's asking."""
    url = workspace.api_url
    flow = api.post(f"{url}/flows/", json={"name": "served"}).json()
    schedule = {"schedule": {"interval": 3600}, "slug": "hourly", "active": True}
    body = {"name": "served", "flow_id": flow["id"], "schedules": [schedule]}
    deployment = api.post(f"{url}/deployments/", json=body).json()
    automation = {
        "name": "on demand",
        "trigger": {
            "type": "event",
            "posture": "Reactive",
            "expect": ["test.wanted"],
            "threshold": 1,
            "within": 0,
        },
        "actions": [
            {
                "type": "run-deployment",
                "source": "selected",
                "deployment_id": deployment["id"],
            }
        ],
    }
    assert api.post(f"{url}/automations/", json=automation).status_code == 201
    wanted = {"deployments": {"id": {"any_": [deployment["id"]]}}, "limit": 200}

    def runs(automatic: bool) -> list[dict]:
        found = api.post(f"{url}/flow_runs/filter", json=wanted).json()
        return [run for run in found if run["auto_scheduled"] is automatic]

    assert until(lambda: runs(automatic=True), what="a scheduled run")

    def triggered() -> list[dict]:
        event = {
            "id": str(uuid.uuid4()),
            "event": "test.wanted",
            "occurred": datetime.now(UTC).isoformat(),
            "resource": {"prefect.resource.id": "test"},
        }
        assert api.post(f"{url}/events", json=[event]).status_code == 204
        return runs(automatic=False)

    assert until(triggered, what="the automation's run")
    api.delete(f"{url}/deployments/{deployment['id']}")


def test_names_with_escapes_reach_the_server_as_they_are(api, workspace):
    """A percent-encoded name in a path is neither decoded nor encoded twice."""
    url = f"{workspace.api_url}/work_pools/"
    name = "a pool #1?"
    assert api.post(url, json={"name": name, "type": "process"}).status_code == 201
    assert api.get(f"{url}a%20pool%20%231%3F").json()["name"] == name


def test_worker_metadata_needs_no_internet(api, workspace):
    """The view that the server would fetch from GitHub comes from its package."""
    view = api.get(f"{workspace.api_url}/collections/views/aggregate-worker-metadata")
    assert "process" in view.json()["prefect"]
    missing = api.get(f"{workspace.api_url}/collections/views/demo-flows")
    assert missing.status_code == 404
