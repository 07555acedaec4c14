"""Unmodified clients: the `prefect` CLI, its worker, and prefect-client."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.support.checkout import PYTHON
from tests.support.localcloud import clean_environment
from tests.support.waiting import until

PREFECT = str(Path(PYTHON).parent / "prefect")
FLOW = """
from prefect import flow

@flow(log_prints=True)
def greet(name: str = "nobody"):
    print(f"hello {name}")
    return 42
"""


@pytest.fixture
def prefect(tmp_path, local_cloud):
    """Run the `prefect` CLI with a home of its own, told only where the cloud is."""
    known = ("PREFECT_CLOUD_API_URL", "PREFECT_CLOUD_UI_URL")
    env = clean_environment() | {name: local_cloud.env[name] for name in known}
    env |= {"PREFECT_HOME": str(tmp_path / "home"), "NO_COLOR": "1", "COLUMNS": "300"}

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [PREFECT, "--no-prompt", *arguments],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def test_the_cli_logs_in_deploys_and_works(prefect, tmp_path, local_cloud, workspace):
    """From `cloud login` to a Completed run by a worker, with its logs and events."""
    handle = f"local/{workspace.handle}"
    said = prefect("cloud", "login", "-k", local_cloud.api_key, "-w", handle)
    assert f"Using workspace '{handle}'" in said
    assert f"* {handle}" in prefect("cloud", "workspace", "ls")
    (tmp_path / "greeting.py").write_text(FLOW)
    prefect("work-pool", "create", "greeters", "--type", "process")
    prefect("deploy", "greeting.py:greet", "-n", "main", "-p", "greeters")
    prefect("deployment", "run", "greet/main", "-p", "name=front")
    prefect("worker", "start", "-p", "greeters", "--run-once")
    with local_cloud.client(base_url=workspace.api_url) as api:
        wanted = {"flows": {"name": {"any_": ["greet"]}}}
        (run,) = api.post("/flow_runs/filter", json=wanted).json()
        assert run["state"]["type"] == "COMPLETED"
        assert run["parameters"] == {"name": "front"}
        logs = api.post("/logs/filter", json={}).json()
        assert "hello front" in {log["message"] for log in logs}
        wanted = {"filter": {"event": {"name": ["prefect.flow-run.Completed"]}}}
        (event,) = until(  # the server writes events down in batches
            lambda: api.post("/events/filter", json=wanted).json()["events"]
        )
        assert event["resource"]["prefect.resource.id"].endswith(run["id"])


SUBSCRIBE = """
import asyncio
from prefect.events.clients import get_events_client, get_events_subscriber
from prefect.events.filters import EventFilter, EventNameFilter
from prefect.events.schemas.events import Event
from prefect.logging.clients import get_logs_subscriber

async def main():
    wanted = EventFilter(event=EventNameFilter(name=["test.happened"]))
    async with get_events_subscriber(filter=wanted) as subscriber:
        async with get_events_client() as client:
            print(type(subscriber).__name__, type(client).__name__)
            event = Event(event="test.happened", resource={"prefect.resource.id": "x"})
            await client.emit(event)
        async for seen in subscriber:
            print("seen" if seen.id == event.id else "other")
            break
    async with get_logs_subscriber():
        print("logs connected")

asyncio.run(asyncio.wait_for(main(), 60))
"""


def run_python(
    code: str, env: dict[str, str], home: Path
) -> subprocess.CompletedProcess:
    return subprocess.run(
        [PYTHON, "-c", code],
        env=clean_environment() | env | {"PREFECT_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_events_and_logs_stream_in_cloud_mode(tmp_path, workspace):
    """The clients that Prefect uses with Cloud publish and subscribe by websocket."""
    done = run_python(SUBSCRIBE, dict(workspace.env), tmp_path)
    assert done.stdout.splitlines() == [
        "PrefectCloudEventSubscriber PrefectCloudEventsClient",
        "seen",
        "logs connected",
    ], done.stderr


@pytest.mark.parametrize(
    ("subscribing", "error"),
    [(True, "Invalid authentication credentials"), (False, "HTTP 401")],
    ids=["by message", "by header"],
)
def test_websockets_need_a_key(tmp_path, workspace, subscribing, error):
    """A websocket without a live key is refused in both of the ways to show one."""
    opened = "get_events_subscriber()" if subscribing else "get_events_client()"
    code = f"""
import asyncio
from prefect.events.clients import get_events_client, get_events_subscriber
async def main():
    async with {opened}:
        print("connected")
asyncio.run(main())
"""
    env = {**workspace.env, "PREFECT_API_KEY": "pnu_nobody"}
    done = run_python(code, env, tmp_path)
    assert "connected" not in done.stdout
    assert error in done.stderr


def test_the_ui_is_served_and_accepts_a_key_as_its_password(
    local_cloud, api, workspace
):
    """The address in `status` is the UI, which knows its base and its API."""
    shown = local_cloud.command("status").stdout
    ui = f"/account/{local_cloud.account_id}/workspace/{workspace.id}"
    assert f"{local_cloud.env['PREFECT_CLOUD_UI_URL']}{ui}" in shown
    front = local_cloud.env["PREFECT_CLOUD_UI_URL"]
    page = api.get(f"{front}{ui}/runs/flow-run/x")
    assert page.headers["content-type"].startswith("text/html")
    assert f'src="{ui}/assets/' in page.text
    script = page.text.split(f'src="{ui}/assets/')[1].split('"')[0]
    assert f"`{ui}`" in api.get(f"{front}{ui}/assets/{script}").text
    settings = api.get(f"{front}{ui}/ui-settings").json()
    assert settings["api_url"] == workspace.api_url
    assert settings["auth"] == "BASIC"
    password = local_cloud.api_key.encode()
    assert api.get(
        f"{workspace.api_url}/admin/version", auth=(b"", password)
    ).is_success
    bad = api.get(f"{workspace.api_url}/admin/version", auth=(b"", b"wrong"))
    assert bad.status_code == 401
