"""A Prefect block."""

from __future__ import annotations

import json

from tests.contract.sample import Object, Properties, Sample, World

FIELDS = json.dumps(
    {
        "type": "object",
        "properties": {
            "region": {"type": "string"},
            "options": {"type": "object"},
            "token": {"type": "string"},
            "headers": {"type": "object"},
        },
        "secret_fields": ["token", "headers.*"],
    }
)


def _inputs(world: World, name: str) -> Properties:
    made = world.make(
        "prefect:BlockType", {"slug": f"{name}-type", "name": name, "fields": FIELDS}
    )
    return {
        "type_slug": made.outputs["slug"],
        "name": name,
        "data": {
            "region": '"eu"',
            "options": '{"big":9007199254740993,"empty":{},"list":[],"none":null}',
        },
        "secrets": {
            "token": json.dumps(world.canary),
            "headers": json.dumps({"Authorization": f"Bearer {world.canary}"}),
        },
    }


def _drift(world: World, live: Object) -> set[str]:
    body = {"data": {"region": "us", "token": "somebody else's"}}
    world.call("PATCH", f"/block_documents/{live.id}", body)
    return {"data", "secrets"}


def _remove(world: World, live: Object) -> None:
    world.call("DELETE", f"/block_documents/{live.id}")


def _exists(world: World, live: Object) -> int:
    body = {
        "block_documents": {"name": {"any_": [live.inputs["name"]]}},
        "block_types": {"slug": {"any_": [live.inputs["type_slug"]]}},
    }
    return len(world.call("POST", "/block_documents/filter", body))


SAMPLE = Sample(
    token="prefect:Block",
    inputs=_inputs,
    mutable={
        "data": {"data": {"region": '"us"'}},
        "secrets": {"secrets": {"token": '"another"'}},
        "a plain field becomes ours to hide": {
            "data": {},
            "secrets": {"token": '"another"', "region": '"us"'},
        },
    },
    unset=("data", "secrets"),
    immutable={"type_slug": "another-type", "name": "another"},
    invalid={
        "name": {"name": "Not Allowed"},
        "type_slug": {"type_slug": "Not Allowed"},
        "data.region": {"data": {"region": '{"$ref":"credentials"}'}},
        "secrets.token": {"secrets": {"token": '"********"'}},
    },
    drift=_drift,
    remove=_remove,
    exists=_exists,
    different={"data": {"region": '"us"'}},
    secret=frozenset({"secrets"}),
)
