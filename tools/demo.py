"""Show what flowground does: provision an environment, run its flow, change nothing.

    python -m tools.demo

Each step prints what it runs; the second time around it is quick.
"""

from __future__ import annotations

import contextlib
import json
import shlex
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, Final

import httpx

from tools.stack import command, ensure, run
from tools.surroundings import HOME, ROOT, environment, uses_localcloud

if TYPE_CHECKING:
    from collections.abc import Iterator

STACK: Final = "dev"
DEPLOYMENT: Final = "hello-flow-deployment"
PREFECT: Final = ROOT / ".venv-localcloud/bin/prefect"
RUN_DEADLINE_SECONDS: Final = 180
LOGS_DEADLINE_SECONDS: Final = 15
FINAL: Final = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


def main() -> int:
    """Run the demonstration; exit with 1 if anything is not as it should be."""
    heading("The engine and the local cloud")
    env = environment()
    ensure(STACK, env)

    heading(f"pulumi up: everything that stack '{STACK}' describes")
    started = time.monotonic()
    pulumi(env, "up")
    say(f"took {time.monotonic() - started:.0f} s")
    outputs = stack_outputs(env)
    prefect = outputs["flowground"]["prefect"]

    heading("What there is now")
    show(prefect)

    heading(f"A run of the deployed flow '{DEPLOYMENT}'")
    env["PREFECT_API_URL"] = prefect["api_url"]
    env.setdefault("PREFECT_HOME", str(HOME / "prefect"))
    state = run_flow(env, prefect)
    if state != "COMPLETED":
        say(f"The run ended as {state}.")
        return 1

    heading("The stack's outputs, which other teams consume")
    for line in json.dumps(outputs, indent=2).splitlines():
        say(line)

    heading("pulumi up again: nothing changes")
    pulumi(env, "up", "--expect-no-changes")

    heading("Where to look next")
    whats_next(prefect)
    return 0


def heading(text: str) -> None:
    """Begin a step."""
    print(f"\n\033[1m── {text} \033[0m", flush=True)


def say(text: str) -> None:
    """Print a line under a step."""
    print(f"   {text}", flush=True)


def pulumi(env: dict[str, str], name: str, *options: str) -> None:
    """Run a `pulumi` command in sight.

    Raises:
        SystemExit: It failed, and has said why.
    """
    shown = ["--suppress-progress", "--suppress-outputs", *options]
    if code := run(name, STACK, shown, env):
        sys.exit(code)


def stack_outputs(env: dict[str, str]) -> dict[str, Any]:
    """Return the stack's outputs, with its secrets masked."""
    shown = subprocess.run(
        command("outputs", STACK, []),
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        check=True,
    )
    return dict(json.loads(shown.stdout))


def show(prefect: dict[str, Any]) -> None:
    """Print what the environment's workspace holds."""
    say(f"workspace           {prefect['workspace']['handle']}")
    for name, pool in prefect["work_pools"].items():
        queues = ", ".join(pool["queues"])
        say(f"work pool           {name} ({pool['type']}; queues {queues})")
    for group in ("blocks", "variables", "concurrency_limits", "deployments"):
        for name in prefect[group]:
            say(f"{group[:-1].replace('_', ' '):<19} {name}")
    for name in prefect["automations"]:
        say(f"automation          {name}")
    for name, account in prefect["service_accounts"].items():
        say(f"service account     {name}: {account} (its key is a secret output)")


def run_flow(env: dict[str, str], prefect: dict[str, Any]) -> str:
    """Trigger the deployment, run a worker until the run has ended, show its logs."""
    pool = next(iter(prefect["work_pools"]))
    deployment = prefect["deployments"][DEPLOYMENT]["id"]
    with api(env) as client, worker(env, pool):
        body = {"state": {"type": "SCHEDULED"}}
        path = f"/deployments/{deployment}/create_flow_run"
        run = client.post(path, json=body).raise_for_status().json()
        say(f"created run '{run['name']}'; a worker of '{pool}' picks it up")
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


def whats_next(prefect: dict[str, Any]) -> None:
    """Tell where to look and what to try."""
    if uses_localcloud():
        say("the Prefect UI      make status            its address, and how to log in")
    else:
        say(f"the Prefect API     {prefect['api_url']}")
    say("a change            edit Pulumi.dev.yaml, then `make preview STACK=dev`")
    say("what drifted        make drift STACK=dev   exit code 7 if anything did")
    say("the outputs         make outputs STACK=dev")
    say("other environments  make up STACK=staging; make up STACK=prod")
    say("tear down           make down")


if __name__ == "__main__":
    sys.exit(main())
