"""What survives what: kills of the front and of the supervisor, and idleness."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from localcloud.processes import ProcessId
from tests.support.localcloud import LocalCloud
from tests.support.prefect_servers import listeners, server_of
from tests.support.waiting import until


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A cloud to be mistreated, whose servers stop after a second of idleness."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOCALCLOUD_PREFECT_IDLE_SECONDS", "1")
        with LocalCloud.start(tmp_path_factory.mktemp("durable")) as started:
            yield started


def keep(cloud: LocalCloud, name: str, value: object) -> None:
    with cloud.client() as client:
        body = {"name": name, "value": value}
        made = client.post(f"{cloud.api_url}/variables/", json=body)
        assert made.status_code == 201, made.text


def kept(cloud: LocalCloud, name: str) -> object:
    with cloud.client() as client:
        return client.get(f"{cloud.api_url}/variables/name/{name}").json()["value"]


def children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def front(cloud: LocalCloud) -> ProcessId:
    return ProcessId(**cloud.run_record()["services"]["prefect"]["process"])


def is_replaced(cloud: LocalCloud, before: ProcessId) -> bool:
    service = cloud.run_record()["services"]["prefect"]
    return service["phase"] == "ready" and front(cloud) != before


def test_an_idle_server_is_stopped_and_comes_back(cloud):
    """A workspace costs nothing while nobody uses it, and keeps what it has."""
    with cloud.client() as client:
        _, process = server_of(cloud, cloud.api_url, client)
    keep(cloud, "idle", 7)
    until(lambda: not process.is_alive(), what="the idle server's end")
    assert kept(cloud, "idle") == 7


def test_a_killed_front_is_restarted_with_all_its_state(cloud):
    """`kill -9` of the front costs a pause: same address, keys, workspaces, data."""
    keep(cloud, "front", {"a": None})
    with cloud.client() as client:
        bot = client.post("/bots/", json={"name": "survivor"}).json()
    killed, servers = front(cloud), set(listeners(cloud).values())
    os.kill(killed.pid, signal.SIGKILL)
    until(lambda: is_replaced(cloud, killed), 90, what="the front's restart")
    assert not any(process.is_alive() for process in servers)
    assert kept(cloud, "front") == {"a": None}
    with cloud.client(bot["api_key"]["key"]) as client:
        me = client.get(f"{cloud.cloud_api_url}/me/").json()
    assert me["id"] == bot["id"]
    assert "prefect ended by signal SIGKILL" in (cloud.state_dir / "up.log").read_text()


def test_without_its_host_the_front_starts_anew(cloud):
    """When the process that forks servers dies, all is replaced and works again."""
    keep(cloud, "host", "here")
    before = front(cloud)
    (host,) = until(lambda: children(before.pid))
    os.kill(host, signal.SIGKILL)
    until(lambda: is_replaced(cloud, before), 90, what="the front's restart")
    assert kept(cloud, "host") == "here"


def test_a_killed_supervisors_services_are_replaced_by_the_next_up(cloud):
    """After `kill -9` of the supervisor, `up` leaves one cloud, on the old address."""
    keep(cloud, "supervisor", "here")
    before, left = dict(cloud.env), front(cloud)
    cloud.kill()
    assert left.is_alive()
    assert cloud.command("status").returncode == 3
    cloud.up()
    assert not left.is_alive()
    assert cloud.env == before
    assert kept(cloud, "supervisor") == "here"


def test_down_ends_everything_and_frees_the_ports(cloud):
    """After `down` no process and no listener of the cloud is left."""
    with cloud.client() as client:
        assert client.get(f"{cloud.api_url}/health").json() is True
    processes = set(listeners(cloud).values())
    assert len(processes) == 2, "the front, and the workspace's server"
    answer = cloud.command("down")
    assert answer.returncode == 0, answer.stdout
    assert not any(process.is_alive() for process in processes)
    cloud.stop()  # wait for the process that `down` has ended
    cloud.up()
