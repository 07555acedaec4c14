"""A Prefect work pool."""

from __future__ import annotations

from urllib.parse import quote

from tests.contract.sample import Object, Properties, Sample, World

TEMPLATE = (
    '{"job_configuration":{"command":"{{ command }}","env":{"EMPTY":null}},'
    '"variables":{"properties":{"command":{"default":null,"type":["string","null"]},'
    '"size":{"default":9007199254740993,"type":"integer"}},"type":"object"}}'
)


def _inputs(_: World, name: str) -> Properties:
    return {
        "name": f"{name} #1?",
        "type": "process",
        "description": "for tests",
        "base_job_template": TEMPLATE,
        "is_paused": True,
        "concurrency_limit": 3,
        "storage_configuration": {
            "bundle_upload_step": '{"upload":{"requires":null}}',
            "bundle_execution_step": '{"run":{}}',
            "default_result_storage_block_id": "6f9619ff-8b86-4011-b42d-00c04fc964ff",
        },
    }


def _path(live: Object) -> str:
    return f"/work_pools/{quote(live.inputs['name'], safe='')}"


def _drift(world: World, live: Object) -> set[str]:
    body = {
        "description": None,
        "base_job_template": {},
        "is_paused": False,
        "concurrency_limit": 4,
        "storage_configuration": {},
    }
    world.call("PATCH", _path(live), body)
    return set(body)


def _remove(world: World, live: Object) -> None:
    world.call("DELETE", _path(live))


def _exists(world: World, live: Object) -> int:
    body = {"work_pools": {"name": {"any_": [live.inputs["name"]]}}}
    return len(world.call("POST", "/work_pools/filter", body))


SAMPLE = Sample(
    token="prefect:WorkPool",
    inputs=_inputs,
    mutable={
        "description": {"description": "changed"},
        "no description": {"description": ""},
        "template": {"base_job_template": TEMPLATE.replace("null}", "0}", 1)},
        "resumed": {"is_paused": False},
        "limit": {"concurrency_limit": 0},
        "storage": {"storage_configuration": {"bundle_upload_step": "{}"}},
    },
    unset=(
        "description",
        "base_job_template",
        "is_paused",
        "concurrency_limit",
        "storage_configuration",
    ),
    immutable={"name": "another", "type": "docker"},
    invalid={
        "name": {"name": "Prefect-reserved"},
        "type": {"type": ""},
        "description": {"description": 1},
        "base_job_template.job_configuration.command": {
            "base_job_template": TEMPLATE.replace("{{ command }}", "{{ comand }}")
        },
        "is_paused": {"is_paused": "maybe"},
        "concurrency_limit": {"concurrency_limit": -1},
        "storage_configuration.bundle_upload_step": {
            "storage_configuration": {"bundle_upload_step": "[]"}
        },
    },
    drift=_drift,
    remove=_remove,
    exists=_exists,
    different={"concurrency_limit": 7, "description": "another"},
)
