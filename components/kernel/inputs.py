"""From what a Python program holds to Pulumi properties, and back.

A program hands over models, sets, tuples and plain JSON values, with outputs at any
depth; a property is what `model.py` says it is. JSON values become one text, whole;
around them lists, mappings and models keep their shape.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

import pulumi
from pydantic import BaseModel, JsonValue

from .errors import ConfigurationError, one_line
from .model import (
    BORDER,
    JSON_MARKER,
    Args,
    Json,
    Secret,
    WriteOnly,
    annotation_of,
    canonical_json,
    field_adapters,
    holds_json,
    present,
)

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo


class InputError(ConfigurationError, pulumi.RunError):
    """A program gives what no property can hold; told without a traceback."""


def to_inputs(model: type[Args], given: Mapping[str, Any]) -> dict[str, Any]:
    """Write what a program gives as properties of a kind, its secrets sealed.

    Args:
        model: The kind's arguments.
        given: Values and outputs by field; None stands for "not given", and for JSON's
            null where any JSON value must be given.

    Raises:
        InputError: A value is neither JSON nor a model; of an output, once it is known.
    """
    sealed = model.marked(Secret) | model.marked(WriteOnly)
    props: dict[str, Any] = {}
    for name, value in given.items():
        field = model.model_fields.get(name)
        if value is None and not _means_null(field):
            continue
        with _told(name):
            sent = value if field is None else _property(annotation_of(field), value)
        props[name] = pulumi.Output.secret(sent) if name in sealed else sent
    return props


@contextmanager
def _told(name: str) -> Iterator[None]:
    try:
        yield
    except (ValueError, TypeError, RecursionError) as error:
        why = one_line(str(error))
        raise InputError(f"{name} has no JSON form ({why}); correct it") from None


def _means_null(field: FieldInfo | None) -> bool:
    any_json: Any = JsonValue
    return field is not None and field.is_required() and field.annotation is any_json


def from_output(model: type[Args], field: str, sent: Any) -> Any:
    """Give a property back as the Python value that it stands for."""
    if sent is None:
        return None
    adapter = field_adapters(model)[field]
    value = adapter.validate_python(sent, context=BORDER)
    return adapter.dump_python(value, mode="json")


def _property(annotation: Any, value: Any) -> Any:
    """Write one value as a property of the type `annotation`."""
    if get_origin(annotation) is Annotated:
        if JSON_MARKER in annotation.__metadata__:
            return _text(value)
        return _property(annotation.__origin__, value)
    if isinstance(value, pulumi.Output) and holds_json(annotation):
        return value.apply(lambda known: _once_known(annotation, known))
    branches = _branches(annotation)
    if len(branches) == 1 and branches != [annotation] and value is not None:
        return _property(branches[0], value)
    return _structure(annotation, value)


def _once_known(annotation: Any, value: Any) -> Any:
    with _told("what an output came to"):
        return _property(annotation, value)


def _branches(annotation: Any) -> list[Any]:
    """Return the types that a value may have when it is there."""
    if get_origin(annotation) not in {Union, UnionType}:
        return [annotation]
    return [branch for branch in get_args(annotation) if branch is not NoneType]


def _structure(annotation: Any, value: Any) -> Any:
    inner = get_args(annotation) or (Any,)
    match value:
        case BaseModel():
            return present(value.model_dump(mode="json", context=BORDER))
        case Mapping():
            fields: dict[str, FieldInfo] = {}
            for branch in _branches(annotation):
                fields |= getattr(branch, "model_fields", {})
            return {
                key: _property(
                    annotation_of(fields[key]) if key in fields else inner[-1], item
                )
                for key, item in value.items()
            }
        case set() | frozenset():
            return sorted(value, key=str)
        case list() | tuple():
            return [_property(inner[0], item) for item in value]
        case _:
            return value


def _text(value: Any) -> Any:
    if _holds_output(value):
        return pulumi.Output.from_input(value).apply(
            lambda known: _once_known(Json, known)
        )
    return canonical_json(value)


def _holds_output(value: Any) -> bool:
    match value:
        case pulumi.Output():
            return True
        case Mapping():
            return any(_holds_output(item) for item in value.values())
        case list() | tuple():
            return any(_holds_output(item) for item in value)
        case _:
            return False
