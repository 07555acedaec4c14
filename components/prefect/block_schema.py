"""What a block type's schema says of its documents: which values fit, and are secret.

API: GET /block_types/slug/{slug}, POST /block_schemas/filter (newest first). The server
checks no document against it, and lets typing errors through until a flow loads the
block; so this module does. A schema is JSON Schema with Prefect's own `secret_fields`:
dotted paths, where `headers.*` stands for everything below `headers`.
"""

from __future__ import annotations

import re
import threading
import time
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID

from components.kernel import NotFoundError, canonical_json

from .client import part

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from pydantic import JsonValue

    from components.kernel import Location

    from .client import PrefectApi

# One `up` asks about the same few types again and again; after it, others may change
# them.
MAX_AGE_SECONDS: Final = 30.0
# A new workspace of Prefect Cloud gets its block types moments after it is there.
APPEARS_WITHIN_SECONDS: Final = 10.0
PAUSE_SECONDS: Final = 0.5

_DEFINITION: Final = re.compile(r'"\$ref":"#/(definitions|\$defs)/([^"/]+)"')


class BlockSchema(NamedTuple):
    """The newest schema of a block type.

    Attributes:
        slug: The block type's.
        type_id: The block type's.
        id: The schema's own.
        fields: The JSON Schema.
    """

    slug: str
    type_id: UUID
    id: UUID
    fields: Mapping[str, Any]


class _Answer:
    """What the server last said of one block type."""

    def __init__(self) -> None:
        self.asking = threading.Lock()
        self.schema: BlockSchema | None = None
        self.at = 0.0


_answers: dict[tuple[str, str], _Answer] = {}
_lock = threading.Lock()


def _answer(api: PrefectApi, slug: str) -> _Answer:
    with _lock:
        return _answers.setdefault((api.scope, slug), _Answer())


def newest_schema(api: PrefectApi, slug: str) -> BlockSchema:
    """Return the newest schema of a block type, asking once for many blocks.

    Raises:
        NotFoundError: There is no such type, or it has no schema.
    """
    answer = _answer(api, slug)
    with answer.asking:
        if answer.schema is None or time.monotonic() - answer.at > MAX_AGE_SECONDS:
            answer.schema = _ask(api, slug)
            answer.at = time.monotonic()
        return answer.schema


def forget_schema(api: PrefectApi, slug: str) -> None:
    """Have the next question about this block type answered by the server."""
    answer = _answer(api, slug)
    with answer.asking:
        answer.schema = None


def _ask(api: PrefectApi, slug: str) -> BlockSchema:
    deadline = time.monotonic() + (
        0 if api.workspace_id is None else APPEARS_WITHIN_SECONDS
    )
    while True:
        found = _ask_once(api, slug)
        if found is not None:
            return found
        if time.monotonic() >= deadline:
            raise NotFoundError(
                f"there is no block type '{slug}' with a schema; correct its slug "
                f"(`prefect block type ls` shows all), or make it as a BlockType"
            )
        time.sleep(PAUSE_SECONDS)


def _ask_once(api: PrefectApi, slug: str) -> BlockSchema | None:
    try:
        type_id = api.get(f"/block_types/slug/{part(slug)}")["id"]
    except NotFoundError:
        return None
    of_type = {"block_schemas": {"block_type_id": {"any_": [type_id]}}}
    schema = next(api.pages("/block_schemas/filter", of_type), None)
    if schema is None:
        return None
    return BlockSchema(slug, type_id, schema["id"], schema["fields"])


def canonical_schema(fields: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Check a schema, and leave out what Prefect itself puts in.

    Raises:
        ValueError: It is not a schema that a block type can have.
    """
    import jsonschema  # noqa: PLC0415  # a fifth of a second, for who has blocks

    try:
        jsonschema.Draft202012Validator.check_schema(fields)
    except jsonschema.SchemaError as error:
        raise ValueError(f"is not a JSON Schema: {error.message}") from None
    known: Any = fields.get("properties") or {}
    secret = fields.get("secret_fields", [])
    if not isinstance(secret, list) or not all(isinstance(s, str) for s in secret):
        raise ValueError("should have a list of dotted paths as its secret_fields")
    for path in secret_paths(fields):
        if path[0] not in known:
            raise ValueError(
                f"names '{'.'.join(path)}' in secret_fields, but '{path[0]}' is not "
                f"one of its properties"
            )
    given = {k: v for k, v in fields.items() if k != "block_type_slug"}
    if not given.get("block_schema_references", True):
        del given["block_schema_references"]
    return given


def secret_paths(fields: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Return the paths of a schema's secret values, `*` for any key."""
    return [tuple(path.split(".")) for path in fields.get("secret_fields") or ()]


def holds_secret(fields: Mapping[str, Any], key: str, value: JsonValue) -> bool:
    """Tell whether a block's field is, or has inside it, what its schema calls secret.

    Wider than what the server masks: it shows a secret that is a JSON object.
    """
    return any(
        path[0] == key and _reaches(value, path[1:]) for path in secret_paths(fields)
    )


def _reaches(value: JsonValue, path: tuple[str, ...]) -> bool:
    if not path:
        return value is not None
    if path[0] == "*":
        return True
    return (
        isinstance(value, dict)
        and path[0] in value
        and _reaches(value[path[0]], path[1:])
    )


def problems(
    fields: Mapping[str, Any],
    values: Mapping[str, JsonValue],
    references: Collection[str] = (),
) -> Iterator[tuple[Location, str]]:
    """Yield what is wrong with a block's values: where, and why.

    No reason quotes a value, which may be secret.

    Args:
        fields: The schema.
        values: All the block's fields.
        references: Those that are other blocks, which are their own schema's matter.
    """
    import jsonschema  # noqa: PLC0415  # a fifth of a second, for who has blocks

    known = fields.get("properties") or {}
    if known and not fields.get("additionalProperties"):
        for key in sorted(values.keys() - known.keys()):
            yield (key,), f"is not one of its fields ({', '.join(sorted(known))})"
    unchecked: dict[str, Any] = {key: {} for key in references}
    schema = {**fields, "properties": {**known, **unchecked}}
    schema.pop("additionalProperties", None)
    # Prefect's own schemas refer to definitions that they leave out.
    for place, name in _DEFINITION.findall(canonical_json(schema)):
        schema[place] = {name: {}, **(schema.get(place) or {})}
    validator: Any = jsonschema.validators.validator_for(
        schema, jsonschema.Draft202012Validator
    )
    for error in validator(schema).iter_errors(dict(values)):
        at, wanted = tuple(error.absolute_path), error.validator_value
        if error.validator == "required":
            for missing in sorted(set(wanted) - set(error.instance)):
                yield (*at, missing), "is required"
        else:
            yield at, _reason(error.validator, wanted)


def _reason(rule: str, wanted: Any) -> str:
    match rule:
        case "type":
            return f"should be of type {' or '.join(_names(wanted))}"
        case "anyOf" | "oneOf":
            forms = [form.get("type", "another form") for form in wanted]
            return f"fits none of its forms ({', '.join(dict.fromkeys(forms))})"
        case "enum":
            return f"should be one of {', '.join(map(canonical_json, wanted))}"
        case _:
            return f"should satisfy {rule} {canonical_json(wanted)}"


def _names(wanted: str | list[str]) -> list[str]:
    return [wanted] if isinstance(wanted, str) else wanted
