"""Run a deployed flow and follow it to its end, as the demonstration shows it."""

from __future__ import annotations

import contextlib
import shlex
import subprocess
import time
from typing import TYPE_CHECKING, Any, Final

import httpx

from tools.surroundings import HOME, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFECT: Final = ROOT / ".venv-localcloud/bin/prefect"
RUN_DEADLINE_SECONDS: Final = 180
LOGS_DEADLINE_SECONDS: Final = 15
FINAL: Final = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


def say(text: str) -> None:
    """Print a line under a step."""
    print(f"   {text}", flush=True)


def run_flow(env: dict[str, str], deployment: str, pool: str, type_: str) -> str:
    """Trigger a deployment, see its run to the end, and show the logs.

    Args:
        env: What the clients run in.
        deployment: Its id.
        pool: The work pool that runs it.
        type_: The pool's type; one that pushes needs no worker.
    """
    pushes = type_.endswith(":push")
    with api(env) as client, contextlib.ExitStack() as while_it_runs:
        if not pushes:
            while_it_runs.enter_context(worker(env, pool))
        body = {"state": {"type": "SCHEDULED"}}
        path = f"/deployments/{deployment}/create_flow_run"
        run = client.post(path, json=body).raise_for_status().json()
        who = "Prefect starts it in Modal" if pushes else f"a worker of '{pool}'"
        say(f"created run '{run['name']}' on pool '{pool}' ({type_}): {who}")
        state = wait_for_end(client, run["id"])
        for line in logs(client, run["id"]):
            say(f"│ {line['timestamp'][11:19]}  {line['message']}")
    say(f"ended as {state}")
    return state


def wait_for_end(client: httpx.Client, run_id: str) -> str:
    """Follow a flow run until it is over, and return the type of its last state."""
    deadline = time.monotonic() + RUN_DEADLINE_SECONDS
    seen = ""
    while time.monotonic() < deadline:
        run = client.get(f"/flow_runs/{run_id}").json()
        if run["state_name"] != seen:
            seen = run["state_name"]
            say(f"… {seen}")
        if run["state_type"] in FINAL:
            return str(run["state_type"])
        time.sleep(0.5)
    return f"nothing within {RUN_DEADLINE_SECONDS} s"


def logs(client: httpx.Client, run_id: str) -> list[dict[str, Any]]:
    """Return a run's logs, which reach the server a little after its end."""
    wanted = {
        "logs": {"flow_run_id": {"any_": [run_id]}},
        "sort": "TIMESTAMP_ASC",
    }
    deadline = time.monotonic() + LOGS_DEADLINE_SECONDS
    while True:
        lines: list[dict[str, Any]] = client.post("/logs/filter", json=wanted).json()
        whole = any("Finished in state" in line["message"] for line in lines)
        if whole or time.monotonic() > deadline:
            return lines
        time.sleep(0.2)


@contextlib.contextmanager
def api(env: dict[str, str]) -> Iterator[httpx.Client]:
    """Open the workspace's API."""
    key = env["PREFECT_API_KEY"]
    with httpx.Client(
        base_url=env["PREFECT_API_URL"],
        headers={"Authorization": f"Bearer {key}"},
        timeout=60,
    ) as client:
        yield client


@contextlib.contextmanager
def worker(env: dict[str, str], pool: str) -> Iterator[None]:
    """Run a worker of a pool for the duration of the block."""
    log = HOME / "worker.log"
    run = [str(PREFECT), "worker", "start", "--pool", pool, "--install-policy", "never"]
    say(f"$ prefect {shlex.join(run[1:])}")
    with (
        log.open("w") as out,
        subprocess.Popen(run, cwd=HOME, env=env, stdout=out, stderr=out) as process,
    ):
        try:
            yield
        finally:
            process.terminate()
            process.wait(30)
