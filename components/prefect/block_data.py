"""The fields of a block: references to other blocks, and secrets.

A reference is `{"$ref": {"block_document_id": …}}` as a field's whole value. Answers
show the other block's data in its place, and a mask in place of secrets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

from pydantic import AfterValidator, JsonValue, TypeAdapter, ValidationError

from components.kernel import Json, canonical_json

if TYPE_CHECKING:
    from components.kernel import Wire

# What answers show instead of a secret, and a PATCH takes for "as it was".
MASK: Final = "********"
_UUID: Final = TypeAdapter(UUID)


def reference_of(value: JsonValue) -> UUID | None:
    """Return the block that a field refers to, or None if it is a plain value.

    Raises:
        ValueError: It is neither.
    """
    if not isinstance(value, dict) or "$ref" not in value:
        return None
    target = value["$ref"]
    if len(value) == 1 and isinstance(target, dict) and len(target) == 1:
        try:
            return _UUID.validate_python(target.get("block_document_id"))
        except ValidationError:
            pass
    raise ValueError(
        'should refer to another block as {"$ref": {"block_document_id": its id}}'
    )


def as_reference(id_: UUID | str) -> JsonValue:
    """Write a reference to a block."""
    return {"$ref": {"block_document_id": str(id_)}}


def _canonical(value: JsonValue) -> JsonValue:
    """Write a reference as it is read back."""
    target = reference_of(value)
    return value if target is None else as_reference(target)


def _unmasked(value: JsonValue) -> JsonValue:
    if f'"{MASK}"' in canonical_json(value):
        raise ValueError(
            f"is or has '{MASK}', which is what Prefect shows instead of a secret; "
            f"give the secret itself"
        )
    return value


Plain = Annotated[Json, AfterValidator(_canonical)]
"""A field that anybody may see."""

Hidden = Annotated[Json, AfterValidator(_canonical), AfterValidator(_unmasked)]
"""A field that nobody should see."""


def shown(wire: Wire) -> dict[str, JsonValue]:
    """Return a document's data with references in place of what they refer to."""
    referred = {
        key: as_reference(entry["block_document"]["id"])
        for key, entry in wire["block_document_references"].items()
    }
    return {**wire["data"], **referred}
