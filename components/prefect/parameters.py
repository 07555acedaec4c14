"""A deployment's parameters, held to the schema of its flow's parameters.

The server refuses what does not fit only while updating; here the preview says so,
with the path, and by the rules of the server's POST (those of its PATCH let a little
more through): a required parameter may be left to the run, and one that the schema does
not know is let through.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from components.kernel import canonical_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from components.kernel import Location

# What the API answers when a deployment has no schema, or an empty one.
NO_PARAMETERS: Final[dict[str, Any]] = {"type": "object", "properties": {}}
# Enough to recognise the rule that is broken.
MAX_TOLD: Final = 120
_KIND: Final = "__prefect_kind"


def canonical_schema(schema: Any) -> Any:
    """Write the empty schema as the server does."""
    return schema or NO_PARAMETERS if isinstance(schema, dict) else schema


def faults_of_schema(schema: Any) -> Iterator[str]:
    """Say what keeps a schema from being one."""
    import jsonschema  # noqa: PLC0415  # a fifth of a second, for who has deployments

    if not isinstance(schema, dict):
        yield "is not a JSON object; give it a JSON schema, or none"
        return
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
    except jsonschema.SchemaError as error:
        yield f"is not a JSON schema: {error.message}"


def faults_of_parameters(
    parameters: dict[str, Any], schema: dict[str, Any]
) -> Iterator[tuple[Location, str]]:
    """Say which parameters do not fit a valid schema, and where.

    A parameter may be secret, so that what it is is not told, only what it must be.
    """
    import jsonschema  # noqa: PLC0415  # see above
    import referencing.exceptions  # noqa: PLC0415  # comes with it

    extend: Any = jsonschema.validators.extend
    lenient = extend(jsonschema.Draft202012Validator, {"required": lambda *_: ()})
    try:
        for error in lenient(schema).iter_errors(parameters):
            asked = canonical_json(error.validator_value)[:MAX_TOLD]
            fault = (
                f"does not fit the flow's code, whose schema has {error.validator} "
                f"{asked}; correct it, or set enforce_parameter_schema=False"
            )
            yield tuple(error.absolute_path), fault
    except referencing.exceptions.Unresolvable as error:
        yield (), f"cannot be checked, because the schema has no {error.ref}; add it"


def hydrated(value: Any, path: Location = ()) -> Iterator[Location]:
    """Find what the server would replace by something else (`__prefect_kind`).

    It does so in a PATCH but not in a POST, and never for scheduled runs: such a value
    is never the same twice.
    """
    match value:
        case dict():
            if _KIND in value:
                yield path
            for key, item in value.items():
                yield from hydrated(item, (*path, key))
        case list():
            for place, item in enumerate(value):
                yield from hydrated(item, (*path, place))
