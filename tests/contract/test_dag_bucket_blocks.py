"""A code bucket as Prefect's own blocks take it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from components.s3.dag_bucket import DagBucket
from components.s3.settings import KeySettings
from tests.unit.kernel.program import run

if TYPE_CHECKING:
    from tests.contract.conftest import PrefectWorld, Worlds

BLOCK = "prefect:Block"
SECRET = "aws_secret_access_key"
MINTED = {
    "access_key_id": "AKIA1",
    "secret_access_key": "canary",
    "home_region": "eu-west-1",
}


def _fields() -> dict[str, Any]:
    def program() -> dict[str, Any]:
        made = DagBucket("flows", prefix="flows/", key=KeySettings())
        return {"aws": made.aws_credentials_block, "s3": made.s3_bucket_block}

    return run(program, respond=lambda _: MINTED).outputs


def _texts(fields: dict[str, Any]) -> dict[str, str]:
    return {key: json.dumps(value) for key, value in fields.items()}


def test_both_blocks_are_what_prefect_knows_them_as(
    worlds: Worlds, unique: str
) -> None:
    """Every field that is given is one of the type's; the bucket finds its key."""
    world: PrefectWorld = worlds.of(BLOCK)
    told = _fields()
    key = {field: told["aws"].pop(field) for field in [SECRET]}
    credentials = world.make(
        BLOCK,
        {
            "type_slug": "aws-credentials",
            "name": f"{unique}-key",
            "data": _texts(told["aws"]),
            "secrets": _texts(key),
        },
    )
    by = {"credentials": {"$ref": {"block_document_id": credentials.id}}}
    code = world.make(
        BLOCK,
        {
            "type_slug": "s3-bucket",
            "name": unique,
            "data": _texts({**told["s3"], **by}),
        },
    )
    path = f"/block_documents/{code.id}?include_secrets=true"
    stored = world.call("GET", path)
    assert stored["data"]["bucket_name"] == "flowground-unit-flows"
    assert stored["data"]["bucket_folder"] == "flows"
    assert stored["data"]["credentials"] == {**told["aws"], **key}
    known = stored["block_schema"]["fields"]["properties"].keys()
    assert told["s3"].keys() | by.keys() <= known
