"""What a flow author copies to start with in an environment.

All of it is made from the contract (`components.outputs`), so it works for whoever has
the page, with keys of their own: none is in it.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from components.outputs import Outputs
    from components.outputs.contract import S3, Airflow, Github, Modal, Prefect


@dataclass(frozen=True)
class Snippet:
    """Something to copy.

    Attributes:
        title: What it is for.
        language: What it is written in: `shell`, `python`, `yaml`.
        text: The text.
        note: What to know about it.
    """

    title: str
    language: str
    text: str
    note: str = ""


def snippets(told: Outputs, program: str) -> Iterator[Snippet]:
    """Yield what one starts with in an environment.

    Args:
        told: What its stack tells.
        program: The full name of the stack: `organization/flowground/dev`.
    """
    stack = shlex.quote(told.stack)
    yield Snippet(
        "Point this shell at it",
        "shell",
        f'eval "$(make -s outputs STACK={stack} FORMAT=env)"',
        "Your own keys stay as they are; ARGS=--show-secrets sets the environment's.",
    )
    if told.prefect:
        yield from _prefect(told.prefect)
    if told.modal:
        yield from _modal(told.modal)
    if told.s3:
        yield from _s3(told.s3)
    if told.github:
        yield _github(told.github)
    yield Snippet(
        "Build on it from another Pulumi program",
        "python",
        "from components.outputs import PlatformOutputs\n\n"
        f"platform = PlatformOutputs.from_stack({quoted(program)})",
        "Credentials come as secrets: platform.credentials.",
    )


def _prefect(prefect: Prefect) -> Iterator[Snippet]:
    address = f"export PREFECT_API_URL={shlex.quote(prefect.api_url)}"
    yield Snippet("See what runs", "shell", f"{address}\nprefect deployment ls")
    for pool in list(prefect.work_pools.values())[:1]:
        queue = next((one for one in pool.queues if one != "default"), "")
        lines = [
            "deployments:",
            "  - name: my-deployment",
            "    entrypoint: flows/my_flow.py:my_flow",
            "    work_pool:",
            f"      name: {quoted(pool.name)}",
            *([f"      work_queue_name: {quoted(queue)}"] if queue else []),
        ]
        yield Snippet(
            "Deploy a flow",
            "prefect.yaml",
            "\n".join(lines),
            "Then: prefect deploy --name my-deployment",
        )


def _modal(modal: Modal) -> Iterator[Snippet]:
    name = shlex.quote(modal.environment)
    yield Snippet(
        "Run and deploy on Modal",
        "shell",
        f"export MODAL_ENVIRONMENT={name}\nmodal run my_app.py\nmodal deploy my_app.py",
    )
    if modal.airflow:
        yield from _airflow(modal.airflow)


def _airflow(airflow: Airflow) -> Iterator[Snippet]:
    # They are whole: the variables that they need are in them.
    for what, command in airflow.commands.items():
        yield Snippet(f"Airflow on Modal: {what}", "shell", command)


def _s3(s3: S3) -> Iterator[Snippet]:
    for name, one in s3.dag_buckets.items():
        prefix = one.uri.removeprefix(f"s3://{one.bucket}/")
        yield Snippet(
            f"Put code into {name}",
            "python",
            "import boto3\n\n"
            f's3 = boto3.client("s3", region_name={quoted(one.region)})\n'
            f's3.upload_file("my_dag.py", {quoted(one.bucket)}, '
            f"{quoted(prefix + 'my_dag.py')})",
        )


def _github(github: Github) -> Snippet:
    held = [("secrets", name) for name in github.secrets]
    held += [("vars", name) for name in github.variables]
    env = [f"      {name}: ${{{{ {kind}.{name} }}}}" for kind, name in held]
    return Snippet(
        f"Deploy from {github.repository}",
        "yaml",
        "\n".join(
            [
                "jobs:",
                "  deploy:",
                "    runs-on: ubuntu-latest",
                f"    environment: {quoted(github.environment)}",
                *(["    env:", *env] if env else []),
            ]
        ),
    )


def quoted(text: str) -> str:
    """Return a text as Python, YAML and JSON write it."""
    return json.dumps(text, ensure_ascii=False)
