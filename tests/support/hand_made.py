"""A workspace as a team makes it by hand: by the CLI, the client and raw calls."""

from __future__ import annotations

import os
import subprocess
import textwrap
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from tests.support.checkout import PYTHON
from tests.support.localcloud import clean_environment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import httpx

SECRETS = {
    "secret-api-key-value": "s3cr3t-value",
    "warehouse-main-password": "0123",
    "gcp-credentials-bigquery-service_account_info": '{"private_key":"k","type":"sa"}',
}

# What a team's own code does with Prefect's client, in its own environment.
CLIENT = """
    from pydantic import SecretStr
    from prefect.blocks.core import Block
    from prefect.blocks.system import Secret
    from prefect.filesystems import LocalFileSystem
    from prefect.variables import Variable

    class Warehouse(Block):
        '''Where the *numbers* are.'''
        _block_type_slug = "warehouse"
        host: str
        port: int = 5432
        password: SecretStr | None = None
        dumps: LocalFileSystem | None = None

    Secret(value="s3cr3t-value").save("api-key")
    dumps = LocalFileSystem(basepath="/dumps")
    dumps.save("dumps")
    Warehouse(host="db.example", password="0123", dumps=dumps).save("main")
    for number in range(20):
        Variable.set(f"client_{number}", {"n": number, "none": None, "big": 2**53 + 1})
"""

CLI = (
    ("work-pool", "create", "by-cli", "--type", "process"),
    (
        "work-queue",
        "create",
        "fast",
        "--pool",
        "by-cli",
        "--limit",
        "3",
        "--priority",
        "1",
    ),
    ("gcl", "create", "licences", "--limit", "4", "--slot-decay-per-second", "0.5"),
    ("concurrency-limit", "create", "database", "7"),
    ("variable", "set", "motd", "1e3", "--tag", "b", "--tag", "a"),
)


def make(folder: Path, api: httpx.Client, env: Mapping[str, str]) -> None:
    """Fill a workspace with at least 150 objects of all kinds.

    Args:
        folder: For Prefect's own files.
        api: The workspace's API.
        env: What points Prefect's client and CLI at it.
    """
    surroundings = {**clean_environment(), **env, "PREFECT_HOME": str(folder)}
    surroundings["PATH"] = os.environ["PATH"]
    script = folder.joinpath("client.py")
    folder.mkdir(parents=True, exist_ok=True)
    script.write_text(textwrap.dedent(CLIENT))
    _run(surroundings, PYTHON, str(script))
    prefect = PYTHON.removesuffix("python") + "prefect"
    for command in CLI:
        _run(surroundings, prefect, *command)
    _Raw(api).make()


def _run(env: Mapping[str, str], *command: str) -> None:
    done = subprocess.run(
        command, env=dict(env), capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, (command, done.stdout, done.stderr)


class _Raw:
    """What the Terraform provider, a script or the UI would send."""

    def __init__(self, api: httpx.Client) -> None:
        self.api = api

    def call(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.api.request(method, path, json=body)
        assert answer.is_success, (method, path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    def post(self, path: str, body: Any) -> Any:
        return self.call("POST", path, body)

    def make(self) -> None:
        """Make what is many in parallel, and then what refers to it."""
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(self._variable, range(40)))
            list(threads.map(self._limit, range(10)))
            list(threads.map(self._tag_limit, range(10)))
            pools = list(threads.map(self._pool, range(6)))
            deployments = list(threads.map(self._deployment, range(24)))
        self._odd(pools[0], deployments)
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(lambda n: self._automation(n, deployments[n]), range(14)))

    def _variable(self, n: int) -> None:
        values: list[Any] = ["on", "0777", "1_000", "2020-01-01", "", " x: #y", True]
        values += [
            None,
            1.5,
            2**62,
            [1, None, {}],
            {"a": {"b": []}},
            "lines\n  two\n",
            "é🤗",
        ]
        value = values[n % len(values)]
        self.post("/variables/", {"name": f"raw_{n}", "value": value})

    def _limit(self, n: int) -> None:
        body = {"name": f"limit {n}", "limit": n, "active": n % 2 == 0}
        self.post("/v2/concurrency_limits/", body)

    def _tag_limit(self, n: int) -> None:
        self.post("/concurrency_limits/", {"tag": f"tag-{n}", "concurrency_limit": n})

    def _pool(self, n: int) -> Any:
        body = {"name": f"raw {n}", "type": ("process", "docker", "my-own")[n % 3]}
        pool = self.post("/work_pools/", body)
        for queue in range(2):
            body = {"name": f"q{queue}", "description": "Served"}
            self.post(f"/work_pools/raw {n}/queues", body)
        return pool

    def _deployment(self, n: int) -> Any:
        flow = self.post("/flows/", {"name": f"flow {n % 8}", "tags": ["x"] * (n % 2)})
        body = {
            "flow_id": flow["id"],
            # The same name in several flows, as `prefect deploy` users have them.
            "name": "prod" if n < 8 else f"deployment {n}",
            "entrypoint": "flows/x.py:main",
            "work_pool_name": "by-cli",
            "work_queue_name": "fast" if n % 2 else None,
            "tags": ["b", "a"],
            "parameters": {"when": "2020-01-01", "none": None},
            "parameter_openapi_schema": {"type": "object", "properties": {"n": {}}},
            "pull_steps": [{"prefect.deployments.steps.git_clone": {"branch": None}}],
            "job_variables": {"env": {"A": "$HOME", "B": "1.0"}},
            "schedules": [
                {"schedule": {"cron": "0 9 * * *"}, "active": n == 3},
                {"schedule": {"interval": 3600}, "active": False},
            ][: n % 3],
        }
        if n % 5 == 0:
            body |= {"concurrency_limit": 2}
        return self.post("/deployments/", body)

    def _automation(self, n: int, deployment: Any) -> None:
        id_ = deployment["id"]
        trigger = {
            "type": "event",
            "posture": "Reactive",
            "expect": ["prefect.flow-run.Failed"],
            "match_related": {"prefect.resource.id": f"prefect.deployment.{id_}"},
            "threshold": n + 1,
            "within": 60,
        }
        action = {"type": "pause-deployment", "deployment_id": id_}
        body = {"name": f"When {n} fails", "trigger": trigger, "actions": [action]}
        self.post("/automations/", body)

    def _odd(self, pool: Any, deployments: list[Any]) -> None:
        """Make what is rare: references between objects, secrets that are objects."""
        type_ = self.call("GET", "/block_types/slug/gcp-credentials")["id"]
        of_type = {"block_schemas": {"block_type_id": {"any_": [type_]}}}
        schema = self.post("/block_schemas/filter", of_type)[0]["id"]
        info = {"type": "sa", "private_key": "k"}
        block = {"name": "bigquery", "block_type_id": type_, "block_schema_id": schema}
        block["data"] = {"service_account_info": info, "project": "p"}
        self.post("/block_documents/", block)
        limit = self.post("/v2/concurrency_limits/", {"name": "shared", "limit": 1})
        self.call(
            "PATCH",
            f"/deployments/{deployments[11]['id']}",
            {"global_concurrency_limit_id": limit["id"]},
        )
        for n in range(2):
            template = '{"event": "{{ body.what }}", "resource": {}}'
            self.post("/webhooks/", {"name": f"Hook {n}", "template": template})
        queue = self.call("GET", f"/work_pools/{pool['name']}/queues/default")
        self.call("PATCH", f"/work_queues/{queue['id']}", {"is_paused": True})
