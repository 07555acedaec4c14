"""Show what flowground does: provision an environment, run its flows, change nothing.

    python -m tools.demo

Each step prints what it runs; the second time around it is quick.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, Final

from components.outputs import Outputs
from tools.demo_runs import run_flow, say
from tools.stack import command, ensure, run
from tools.surroundings import HOME, ROOT, environment, uses_localcloud

if TYPE_CHECKING:
    from collections.abc import Iterator

STACK: Final = "dev"
# Each on a pool of its own: a worker's, and one that Modal runs.
RUNS: Final = (
    ("hello-flow-deployment", "my-pool"),
    ("prefect-modal-example", "modal"),
)


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
    told = Outputs.model_validate(outputs["flowground"])
    prefect = told.prefect
    assert prefect is not None  # noqa: S101  # every stack has one

    heading("What there is now")
    show(told)

    env["PREFECT_API_URL"] = prefect.api_url
    env.setdefault("PREFECT_HOME", str(HOME / "prefect"))
    for name, pool in RUNS:
        heading(f"A run of the deployed flow '{name}'")
        type_ = prefect.work_pools[pool].type
        state = run_flow(env, prefect.deployments[name].id, pool, type_)
        if state != "COMPLETED":
            say(f"The run ended as {state}.")
            return 1

    heading("The stack's outputs, which other teams consume")
    for line in json.dumps(outputs, indent=2).splitlines():
        say(line)

    heading("pulumi up again: nothing changes")
    pulumi(env, "up", "--expect-no-changes")

    heading("Where to look next")
    whats_next(prefect.api_url)
    return 0


def heading(text: str) -> None:
    """Begin a step."""
    print(f"\n\033[1m── {text} \033[0m", flush=True)


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


def show(told: Outputs) -> None:
    """Print what the environment has, a line a thing."""
    for what, names in _having(told):
        if names:
            say(f"{what:<20} {', '.join(names)}")


def _having(told: Outputs) -> Iterator[tuple[str, list[str]]]:
    if prefect := told.prefect:
        yield "workspace", [prefect.workspace.handle] if prefect.workspace else []
        for name, pool in prefect.work_pools.items():
            yield "work pool", [f"{name} ({pool.type})", *pool.queues]
        yield "blocks", list(prefect.blocks.values())
        yield "variables", list(prefect.variables)
        yield "concurrency limits", list(prefect.concurrency_limits)
        yield "deployments", list(prefect.deployments)
        yield "automations", list(prefect.automations)
        yield "service accounts", list(prefect.service_accounts.values())
    if modal := told.modal:
        yield "Modal environment", [modal.environment]
        yield "secrets", list(modal.secrets)
        yield "volumes", [f"{n} (v{v.version})" for n, v in modal.volumes.items()]
        yield "dicts", list(modal.dicts)
        if modal.service_user:
            until = modal.token_expires_at or "for ever"
            yield "service user", [f"{modal.service_user}, its token until {until}"]
        if modal.airflow:
            yield "Airflow: deploy by", [modal.airflow.commands["deploy"]]
    if s3 := told.s3:
        for bucket in s3.dag_buckets.values():
            reader = f"read by {bucket.reader}" if bucket.reader else "with no reader"
            yield "DAG bucket", [bucket.uri, bucket.region, reader]
    if github := told.github:
        yield "GitHub environment", [f"{github.environment} of {github.repository}"]
        yield "delivered there", [*github.variables, *github.secrets]


def whats_next(api_url: str) -> None:
    """Tell where to look and what to try."""
    if uses_localcloud():
        say("the Prefect UI      make status            its address, and how to log in")
    else:
        say(f"the Prefect API     {api_url}")
    say("a change            edit Pulumi.dev.yaml, then `make preview STACK=dev`")
    say("what drifted        make drift STACK=dev   fails if anything did")
    say("the outputs         make outputs STACK=dev FORMAT=table")
    say('a shell in it       eval "$(make -s outputs FORMAT=env ARGS=--show-secrets)"')
    say("all of it, a page   make catalogue")
    say("other environments  make up STACK=staging; make up STACK=prod")
    say("tear down           make down")


if __name__ == "__main__":
    sys.exit(main())
