"""Pools, queues and limits as a program writes them."""

from __future__ import annotations

import json
from typing import Any

import pulumi

from components.prefect import (
    GlobalConcurrencyLimit,
    StorageConfiguration,
    TagConcurrencyLimit,
    WorkPool,
    WorkQueue,
)
from tests.unit.kernel.program import run


def test_the_names_are_the_resources_unless_given() -> None:
    """A program says each name once."""

    def program() -> None:
        WorkPool("pool", type="process")
        WorkQueue("queue", work_pool="pool")
        GlobalConcurrencyLimit("database", limit=1)
        TagConcurrencyLimit("heavy", concurrency_limit=1)
        WorkPool("other", name="another pool", type="process")

    made = run(program)
    for name in ("pool", "queue", "database"):
        assert made[name].inputs["name"] == name
    assert made["heavy"].inputs["tag"] == "heavy"
    assert made["other"].inputs["name"] == "another pool"


def test_a_queue_depends_on_its_pool_by_name() -> None:
    """A pool can be given itself, or by the name of one that others own."""

    def program() -> None:
        WorkQueue("ours", work_pool=WorkPool("pool", type="process"))
        WorkQueue("theirs", work_pool="shared")

    made = run(program)
    assert made["ours"].inputs["work_pool_name"] == "pool"
    assert made["theirs"].inputs["work_pool_name"] == "shared"


def test_a_template_is_plain_python_with_outputs_in_it() -> None:
    """A block's id can be a variable's default, and nulls stay nulls."""

    def program() -> dict[str, Any]:
        id_ = pulumi.Output.from_input("an-id")
        reference = {"$ref": {"block_document_id": id_}}
        template = {
            "job_configuration": {"credentials": "{{ credentials }}", "cpu": None},
            "variables": {"properties": {"credentials": {"default": reference}}},
        }
        pool = WorkPool("pool", type="modal:push", base_job_template=template)
        return {"template": pool.base_job_template}

    made = run(program)
    told = json.loads(made["pool"].inputs["base_job_template"])
    default = told["variables"]["properties"]["credentials"]["default"]
    assert default == {"$ref": {"block_document_id": "an-id"}}
    assert told["job_configuration"]["cpu"] is None
    assert made.outputs["template"] == told


def test_storage_is_a_model_or_a_mapping() -> None:
    """Whatever a program finds handy, the engine is told the same."""
    step = {"upload": {"requires": None}}

    def program() -> None:
        model = StorageConfiguration(bundle_upload_step=step)
        WorkPool("model", type="process", storage_configuration=model)
        mapping = {"bundle_upload_step": step}
        WorkPool("mapping", type="process", storage_configuration=mapping)

    made = run(program)
    told = {"bundle_upload_step": '{"upload":{"requires":null}}'}
    assert made["model"].inputs["storage_configuration"] == told
    assert made["mapping"].inputs["storage_configuration"] == told
