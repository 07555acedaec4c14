"""An environment's Prefect, as its settings say."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from components.kernel import ConfigurationError
from components.prefect.environment import PrefectEnvironment
from components.prefect.settings import PrefectSettings
from tests.unit.kernel.program import Run, run

SECRET = "as-canary"


def declared(**groups: Any) -> Run:
    """Declare an environment on a server without workspaces."""
    given = {"workspace": {"layout": "server"}, **groups}

    def program() -> None:
        PrefectEnvironment(
            "prefect",
            PrefectSettings.model_validate(given),
            protect=False,
            schedules=False,
            groups={"secrets": {"s": pulumi.Output.secret(SECRET)}.get},
        )

    return run(program)


def test_a_push_pool_with_a_modal_token_gets_its_credentials() -> None:
    """What `--provision-infra` makes, the pool's queues beside it."""
    pool = {
        "pool": {"type": "modal:push", "description": "in Modal"},
        "modal_token": {"id": "ak-1", "secret": "${secrets.s}"},
        "queues": {"urgent": {"priority": 1}},
    }
    made = {
        one.type.rpartition(":")[2]: one
        for one in declared(work_pools={"p": pool}).registered
    }
    assert made["Block"].inputs["name"] == "p-modal-credentials"
    assert "secrets" in made["Block"].secret
    assert made["WorkPool"].inputs["type"] == "modal:push"
    assert made["WorkPool"].inputs["description"] == "in Modal"
    assert made["WorkQueue"].inputs["work_pool_name"] == "p"


def test_blocks_may_refer_to_blocks_in_any_order() -> None:
    """The engine hands the config's mappings over sorted, whoever wrote them how."""
    reader = {"type_slug": "aws-credentials", "secrets": {"key": "${secrets.s}"}}
    refer = {"$ref": {"block_document_id": "${blocks.z}"}}
    bucket = {"type_slug": "s3-bucket", "data": {"credentials": refer}}
    made = declared(blocks={"a": bucket, "z": reader}).registered
    assert [one.name for one in made if one.type.endswith(":Block")] == ["z", "a"]


def test_blocks_that_refer_to_each_other_are_refused() -> None:
    """Neither could be made first; the sentence names one of them."""
    refer = {"type_slug": "x", "data": {"f": "${blocks.b}"}}
    back = {"type_slug": "x", "data": {"f": "${blocks.a}"}}
    with pytest.raises(
        ConfigurationError, match=r"prefect\.blocks\.a: refers to itself"
    ):
        declared(blocks={"a": refer, "b": back})
