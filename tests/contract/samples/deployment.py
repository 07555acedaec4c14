"""A Prefect deployment."""

from __future__ import annotations

import json
import uuid
from typing import Any

from tests.contract.sample import Object, Properties, Sample, World

POOL = "pool-of-deployments"
BLOCK = "storage-of-deployments"
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}}
CRON = {"cron": "0 9 * * MON#1", "timezone": "Europe/Berlin", "day_or": False}
SCHEDULES: list[dict[str, Any]] = [
    {**CRON, "slug": "working-days", "active": False, "parameters": '{"n":2}'},
    {"interval": 3600, "active": False, "max_scheduled_runs": 3},
    {"rrule": "FREQ=MINUTELY;INTERVAL=7", "timezone": "Asia/Tokyo", "active": False},
]


def pool(world: World) -> str:
    """Return the name of a process pool, made at first need."""
    asked = {"work_pools": {"name": {"any_": [POOL]}}}
    if not world.call("POST", "/work_pools/filter", asked):
        world.call("POST", "/work_pools/", {"name": POOL, "type": "process"})
    return POOL


def storage(world: World) -> str:
    """Return the id of a storage block, made at first need."""
    asked = {"block_documents": {"name": {"any_": [BLOCK]}}}
    if found := world.call("POST", "/block_documents/filter", asked):
        return str(found[0]["id"])
    type_ = world.call("GET", "/block_types/slug/local-file-system")["id"]
    of_type = {"block_schemas": {"block_type_id": {"any_": [type_]}}}
    schema = world.call("POST", "/block_schemas/filter", of_type)[0]["id"]
    body = {
        "name": BLOCK,
        "data": {"basepath": "/flows"},
        "block_type_id": type_,
        "block_schema_id": schema,
    }
    return str(world.call("POST", "/block_documents/", body)["id"])


def _inputs(world: World, name: str) -> Properties:
    step = {"prefect.deployments.steps.git_clone": {"repository": "r", "branch": None}}
    return {
        "flow_id": world.make("prefect:Flow", {"name": name}).id,
        "name": name,
        "entrypoint": "flows/hello.py:hello",
        "path": "/work",
        "pull_steps": json.dumps([step, {"my.own.step": {"x": "{{ $HOME }}"}}]),
        "storage_document_id": storage(world),
        "version": "1.2",
        "description": "Says *hello*.",
        "tags": ["b", "a"],
        "labels": '{"n":1,"on":true,"team":"data"}',
        "paused": True,
        "schedules": SCHEDULES,
        "parameters": '{"big":9007199254740993,"n":1,"none":null,"o":{}}',
        "parameter_openapi_schema": json.dumps(SCHEMA),
        "enforce_parameter_schema": False,
        "work_pool_name": pool(world),
        "work_queue_name": "fast",
        "job_variables": '{"env":{"A":"b"},"none":null}',
        "concurrency_limit": 3,
        "concurrency_options": {
            "collision_strategy": "CANCEL_NEW",
            "grace_period_seconds": 60,
        },
    }


def _drift(world: World, live: Object) -> set[str]:
    body = {"tags": ["c"], "parameters": {"n": 3}, "concurrency_limit": None}
    world.call("PATCH", f"/deployments/{live.id}", body)
    schedules = world.call("GET", f"/deployments/{live.id}/schedules")
    world.call("DELETE", f"/deployments/{live.id}/schedules/{schedules[0]['id']}")
    return {"tags", "parameters", "concurrency_limit", "schedules"}


def _remove(world: World, live: Object) -> None:
    world.call("DELETE", f"/deployments/{live.id}")


def _exists(world: World, live: Object) -> int:
    body = {
        "flows": {"id": {"any_": [live.inputs["flow_id"]]}},
        "deployments": {"name": {"any_": [live.inputs["name"]]}},
    }
    return len(world.call("POST", "/deployments/filter", body))


SAMPLE = Sample(
    token="prefect:Deployment",
    inputs=_inputs,
    mutable={
        "entrypoint": {"entrypoint": "pkg.module.flow"},
        "path": {"path": "/elsewhere"},
        "pull_steps": {"pull_steps": '[{"other.step":{}}]'},
        "version and description": {"version": "2", "description": "Bye."},
        "tags": {"tags": ["z"]},
        "labels": {"labels": '{"team":"platform"}'},
        "paused": {"paused": False},
        "a schedule's timing": {
            "schedules": [{**SCHEDULES[0], "cron": "0 8 * * *"}, *SCHEDULES[1:]]
        },
        "a schedule's limit is unset": {
            "schedules": [SCHEDULES[0], {"interval": 60, "active": False}]
        },
        "schedules of other sorts": {
            "schedules": [{"cron": "@daily"}, {"cron": "1 1 1 1 *", "active": False}]
        },
        "parameters": {"parameters": '{"n":5}'},
        "parameter_openapi_schema": {"parameter_openapi_schema": "{}"},
        "enforcement": {"enforce_parameter_schema": True},
        "work_queue_name": {"work_queue_name": "slow"},
        "job_variables": {"job_variables": '{"env":{}}'},
        "concurrency_limit": {"concurrency_limit": 9},
        "concurrency_options": {
            "concurrency_options": {"collision_strategy": "ENQUEUE"}
        },
    },
    unset=(
        *("entrypoint", "path", "pull_steps", "storage_document_id", "version"),
        *("description", "tags", "labels", "paused", "schedules", "parameters"),
        *("parameter_openapi_schema", "enforce_parameter_schema", "work_queue_name"),
        *("job_variables", "concurrency_limit", "concurrency_options"),
    ),
    immutable={"name": "renamed", "flow_id": str(uuid.UUID(int=1))},
    invalid={
        "flow_id": {"flow_id": "none"},
        "name": {"name": "not/allowed"},
        "labels": {"labels": '{"prefect.flow.id":"x"}'},
        "schedules[0].cron": {"schedules": [{"cron": "often"}]},
        "concurrency_limit": {"concurrency_limit": 0},
        "concurrency_options.grace_period_seconds": {
            "concurrency_options": {
                "collision_strategy": "ENQUEUE",
                "grace_period_seconds": 1,
            }
        },
        "job_variables": {"job_variables": "[]"},
    },
    drift=_drift,
    remove=_remove,
    exists=_exists,
    different={"description": "Somebody else's."},
)
