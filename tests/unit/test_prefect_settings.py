"""What a stack's config for Prefect may say, beyond what each kind says itself."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from components.kernel.check import failures_of
from components.prefect.settings import PrefectSettings

SERVER = {"workspace": {"layout": "server"}}
CODE = {"project": "flows/hello", "entrypoint": "hello.py:hello"}
SCHEMA = {"parameter_openapi_schema": {"type": "object"}}


def faults(**groups: Any) -> dict[str, str]:
    """Return what is wrong with settings, by path."""
    given = {**SERVER, **groups}
    try:
        PrefectSettings.model_validate(given)
    except ValidationError as error:
        return {fault.path: fault.reason for fault in failures_of(error, given)}
    return {}


@pytest.mark.parametrize(
    "deployment",
    [
        CODE,
        {"flow": "etl"},
        {"flow": "etl", "name": "prod", "deployment": {"path": "/x", **SCHEMA}},
    ],
    ids=["code", "flow", "whole"],
)
def test_a_deployment_has_its_code_or_its_flow(deployment: dict[str, Any]) -> None:
    """Without the code, all that it would say may be written."""
    assert faults(deployments={"d": deployment}) == {}


@pytest.mark.parametrize(
    ("deployment", "told"),
    [
        ({}, "give either `project` and `entrypoint`, or `flow`"),
        ({"project": "x"}, "give either"),
        ({**CODE, "flow": "etl"}, "give either"),
        ({"flow": "etl", "project": "x"}, "give either"),
        ({**CODE, "deployment": SCHEMA}, "which its code says"),
    ],
    ids=["neither", "half", "both", "mixed", "twice"],
)
def test_a_deployment_cannot_have_two_flows_or_none(
    deployment: dict[str, Any], told: str
) -> None:
    """One error on the deployment says what to give."""
    (fault,) = faults(deployments={"d": deployment}).items()
    assert fault[0] == "deployments.d"
    assert told in fault[1]


def test_no_two_queues_of_a_pool_have_one_priority() -> None:
    """The server would move one of the two, and the stack never settle."""
    queues = {"a": {"priority": 1}, "b": {"priority": 2}, "c": {"priority": 1}}
    pools = {"p": {"pool": {"type": "process"}, "queues": queues}}
    ((path, reason),) = faults(work_pools=pools).items()
    assert path == "work_pools.p"
    assert "queues 'a' and 'c' both have priority 1" in reason
    queues["c"] = {}
    assert faults(work_pools=pools) == {}


def test_a_name_may_stand_beside_the_key_where_keys_could_clash() -> None:
    """Blocks of two types may share a name."""
    block = {"type_slug": "secret", "name": "key"}
    assert faults(blocks={"secret/key": block, "key": {"type_slug": "webhook"}}) == {}
    assert "variables.v.name" in faults(variables={"v": {"value": 1, "name": "w"}})


TOKEN = {"id": "ak-1", "secret": "${secrets.modalTokenSecret}"}


def test_a_push_pool_may_bring_its_modal_token() -> None:
    """The token's secret is a reference, so that no config holds it in plaintext."""
    pool = {"pool": {"type": "modal:push"}, "modal_token": TOKEN}
    assert faults(work_pools={"p": pool}) == {}
    plain = {**pool, "modal_token": {**TOKEN, "secret": "as-plaintext"}}
    assert [*faults(work_pools={"p": plain})] == ["work_pools.p.modal_token.secret"]


@pytest.mark.parametrize(
    ("pool", "told"),
    [
        ({"type": "process"}, "only a pool of type modal:push takes"),
        ({"type": "modal:push", "storage_configuration": {}}, "stores nothing"),
    ],
)
def test_a_modal_token_belongs_to_a_modal_push_pool(
    pool: dict[str, Any], told: str
) -> None:
    """Anything else is one error on the pool."""
    (fault,) = faults(work_pools={"p": {"pool": pool, "modal_token": TOKEN}}).items()
    assert fault[0] == "work_pools.p"
    assert told in fault[1]
