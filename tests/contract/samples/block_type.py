"""A Prefect block type."""

from __future__ import annotations

import json

from tests.contract.sample import Object, Properties, Sample, World

FIELDS = {
    "title": "Sample",
    "type": "object",
    "properties": {
        "region": {"type": "string", "default": None},
        "token": {"type": "string", "format": "password"},
        "limits": {"type": "object", "additionalProperties": {"type": "integer"}},
    },
    "required": ["region"],
    "secret_fields": ["token"],
}


def _inputs(_: World, name: str) -> Properties:
    return {
        "slug": name,
        "name": name.upper(),
        "fields": json.dumps(FIELDS),
        "capabilities": ["notify", "get-directory"],
        "description": 'Less < than & "so" &amp; on.',
        "code_example": "if a < b & c: pass",
        "documentation_url": "https://example.com/docs?a=1&b=2",
        "logo_url": "https://example.com/logo.png",
        "force_destroy": True,
    }


def _drift(world: World, live: Object) -> set[str]:
    world.call("PATCH", f"/block_types/{live.id}", {"description": "drifted"})
    fields = {"type": "object", "block_type_slug": live.inputs["slug"]}
    body = {"block_type_id": live.id, "fields": fields}
    world.call("POST", "/block_schemas/", body)
    return {"description", "fields", "capabilities"}


def _remove(world: World, live: Object) -> None:
    world.call("DELETE", f"/block_types/{live.id}")


def _exists(world: World, live: Object) -> int:
    body = {"block_types": {"slug": {"any_": [live.inputs["slug"]]}}}
    return len(world.call("POST", "/block_types/filter", body))


SAMPLE = Sample(
    token="prefect:BlockType",
    inputs=_inputs,
    mutable={
        "description": {"description": "x < y"},
        "secrets alone": {"fields": json.dumps({**FIELDS, "secret_fields": []})},
        "and back": {"fields": json.dumps(FIELDS)},
        "capabilities alone": {"capabilities": ["notify"]},
        "urls": {"logo_url": "https://example.com/2", "documentation_url": "x"},
        "what deleting may do": {"force_destroy": False},
    },
    unset=(
        "capabilities",
        "description",
        "code_example",
        "documentation_url",
        "logo_url",
        "force_destroy",
    ),
    immutable={"slug": "another-slug", "name": "Another name"},
    invalid={
        "slug": {"slug": "Not Allowed"},
        "name": {"name": "Prefect's own"},
        "fields": {"fields": '{"secret_fields": ["nowhere"]}'},
        "capabilities[0]": {"capabilities": [1]},
    },
    drift=_drift,
    remove=_remove,
    exists=_exists,
    different={"description": "another"},
)
