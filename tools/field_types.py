"""A field's type and marks, as the reference writes them."""

from __future__ import annotations

from datetime import timedelta
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Union
from typing import get_args as type_args
from typing import get_origin as type_origin
from uuid import UUID

from components.kernel import EntryOf, Part
from components.kernel.model import JSON_MARKER, annotation_of
from components.kernel.registry import kinds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo

    from components.kernel import Kind

_PLAIN: Final = {
    str: "text",
    int: "integer",
    float: "number",
    bool: "true or false",
    UUID: "id",
    timedelta: "seconds",
    Any: "any",
}


def page_of(kind: Kind[Any, Any, Any]) -> str:
    """Return the file name of a kind's page."""
    return f"{kind.token.replace(':', '-')}.md"


def parts_of(annotation: Any) -> Iterator[type[Part]]:
    """Yield the models that a type is made of."""
    if isinstance(annotation, type) and issubclass(annotation, Part):
        yield annotation
    for inner in type_args(annotation):
        yield from parts_of(inner)


def marks_of(field: FieldInfo) -> list[object]:
    """Return what its annotation is marked with, at any depth of its alternatives."""
    found: list[object] = []
    waiting = [annotation_of(field)]
    while waiting:
        annotation = waiting.pop()
        if type_origin(annotation) is Annotated:
            found += annotation.__metadata__
            waiting.append(annotation.__origin__)
        elif type_origin(annotation) in {Union, UnionType}:
            waiting += type_args(annotation)
    return found


def written(annotation: Any) -> str:  # noqa: PLR0911  # a return a sort of type
    """Write a type in words, with links to what else is on the page."""
    origin, inner = type_origin(annotation), type_args(annotation)
    if origin is Annotated:
        for mark in annotation.__metadata__:
            if isinstance(mark, EntryOf):
                (of,) = (one for one in kinds() if one.args is mark.model)
                name = mark.model.__name__.removesuffix("Args")
                return f"what [{name}]({page_of(of)}) takes"
        text = written(annotation.__origin__)
        return _as_json(text) if JSON_MARKER in annotation.__metadata__ else text
    if origin in {Union, UnionType}:
        return " or ".join(
            dict.fromkeys(written(one) for one in inner if one is not NoneType)
        )
    if origin is Literal:
        return ", ".join(f"`{one}`" for one in inner)
    if origin in {list, tuple}:
        return f"list of {written(inner[0])}"
    if origin is frozenset:
        return "set of names"
    if origin is dict:
        return f"{written(inner[1])} by name"
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    return _PLAIN.get(annotation, getattr(annotation, "__name__", "any"))


def _as_json(text: str) -> str:
    if text.startswith("list"):
        return "JSON array"
    return "JSON object" if text.endswith("by name") else "JSON"
