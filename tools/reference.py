"""Write docs/reference: a page for each kind, and one for the settings.

    python -m tools.reference [--check]

All of it comes from the code: fields, types and defaults from the models, meanings from
the docstrings. `--check` writes nothing, and ends with code 1 if a page is out of date.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import json
import re
import sys
from datetime import timedelta
from pathlib import Path
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Union
from typing import get_args as type_args
from typing import get_origin as type_origin
from uuid import UUID

from pydantic_core import PydanticUndefined, to_jsonable_python

from components.kernel import (
    EntryOf,
    Immutable,
    Local,
    ManagedResource,
    Part,
    Secret,
    Stamp,
    UnmanagedIfUnset,
    WriteOnly,
)
from components.kernel.model import JSON_MARKER, annotation_of
from components.kernel.registry import kinds
from components.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo

    from components.kernel import Kind

FOLDER: Final = Path(__file__).resolve().parents[1] / "docs/reference"
SERVICES: Final = ("github", "modal", "prefect", "s3")
_NOTICE: Final = "<!-- Made by `python -m tools.reference`; change the docstrings. -->"
_MARKS: Final = {
    Immutable: "a change replaces the object",
    Secret: "secret",
    WriteOnly: "secret, never read back",
    UnmanagedIfUnset: "left alone if not given",
    Local: "flowground's own setting",
    Stamp: "moves with every write",
}
_PLAIN: Final = {
    str: "text",
    int: "integer",
    float: "number",
    bool: "true or false",
    UUID: "id",
    timedelta: "seconds",
    Any: "any",
}
_ENTRY: Final = re.compile(r"^(?P<names>\w+(?:, \w+)*):(?: |$)(?P<text>.*)")


def pages() -> dict[str, str]:
    """Return every page by its file name."""
    for service in SERVICES:
        importlib.import_module(f"components.{service}")
    resources = {one.kind: one for one in _subclasses(ManagedResource) if _has(one)}
    made = {
        _file(kind): _kind_page(kind, resources[type(kind)])
        for kind in kinds()
        if kind.token.partition(":")[0] in SERVICES and type(kind) in resources
    }
    made["settings.md"] = _settings_page()
    listed = "\n".join(f"- [{_title(text)}]({name})" for name, text in made.items())
    made["README.md"] = f"# Reference\n\n{_NOTICE}\n\n{listed}\n"
    return made


def _subclasses(cls: type[Any]) -> Iterator[type[Any]]:
    for sub in cls.__subclasses__():
        yield sub
        yield from _subclasses(sub)


def _has(resource: type[ManagedResource]) -> bool:
    return "kind" in vars(resource) and resource.__module__.startswith("components.")


def _file(kind: Kind[Any, Any, Any]) -> str:
    return f"{kind.token.replace(':', '-')}.md"


def _title(page: str) -> str:
    return page.partition("\n")[0].removeprefix("# ")


def _kind_page(kind: Kind[Any, Any, Any], resource: type[ManagedResource]) -> str:
    summary, sections, see = _docstring(resource)
    module = inspect.getmodule(type(kind))
    behind = inspect.cleandoc((module and module.__doc__) or "").partition("\n")[2]
    given, fields = sections.get("Args", {}), kind.args.model_fields
    signature = inspect.signature(resource).parameters
    rows = [
        _row(name, fields[field], text, given=_may_be_left_out(signature.get(name)))
        for name, text in given.items()
        if (field := _field_of(name, fields)) in fields
    ]
    told = {"id": "What the service knows it by.", **_attributes(kind.state)}
    told |= sections.get("Attributes", {})
    outputs = [
        _row(name, field, told.get(name, ""), given=True)
        for name, field in kind.state.model_fields.items()
        # What a resource makes of its arguments is told of if it says so.
        if name not in fields or name in sections.get("Attributes", {})
    ]
    parts = [part for field in fields.values() for part in _parts(annotation_of(field))]
    return _joined(
        f"# {resource.__name__}",
        _NOTICE,
        summary,
        f"Token `{kind.token}`; known by {', '.join(f'`{k}`' for k in kind.key)}.",
        "## Arguments",
        _table("argument", rows),
        *(_part(part) for part in dict.fromkeys(parts)),
        "## Outputs beside these",
        _table("output", outputs),
        "## How it is managed",
        behind.strip(),
        see,
    )


def _may_be_left_out(parameter: inspect.Parameter | None) -> bool:
    """Tell whether a resource finds a value by itself, such as its own name."""
    return parameter is not None and parameter.default is not parameter.empty


def _field_of(argument: str, fields: dict[str, FieldInfo]) -> str:
    # A resource takes an object where its model has that object's id or name.
    for name in (argument, f"{argument}_id", f"{argument}_name"):
        if name in fields:
            return name
    return argument


def _part(part: type[Part]) -> str:
    summary, attributes = _docstring(part)[0], _attributes(part)
    rows = [
        _row(name, field, attributes.get(name, ""))
        for name, field in part.model_fields.items()
    ]
    return _joined(f"### {part.__name__}", summary, _table("field", rows))


def _attributes(model: type[Part]) -> dict[str, str]:
    """Return what a model, and those that it extends, say of their fields."""
    told: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if issubclass(base, Part):
            told |= _docstring(base)[1].get("Attributes", {})
    return told


def _settings_page() -> str:
    found: dict[type[Part], None] = {Settings: None}
    for part in found.copy():
        _gather(part, found)
    return _joined(
        "# Settings",
        _NOTICE,
        "The stack's config, `Pulumi.<stack>.yaml`: below `flowground:`, the keys of "
        "`Settings`.",
        *(_part(part) for part in found),
    )


def _gather(part: type[Part], found: dict[type[Part], None]) -> None:
    for field in part.model_fields.values():
        for inner in _parts(annotation_of(field)):
            if inner not in found:
                found[inner] = None
                _gather(inner, found)


def _parts(annotation: Any) -> Iterator[type[Part]]:
    """Yield the models that a type is made of."""
    if isinstance(annotation, type) and issubclass(annotation, Part):
        yield annotation
    for inner in type_args(annotation):
        yield from _parts(inner)


def _row(
    name: str, field: FieldInfo, text: str, *, given: bool = False
) -> tuple[str, str, str, str]:
    marks = [say for mark, say in _MARKS.items() if mark in _metadata(field)]
    meaning = f"{text} *({'; '.join(marks)})*" if marks else text
    default = "" if given and field.is_required() else _default(field)
    return f"`{name}`", _type(annotation_of(field)), default, meaning


def _metadata(field: FieldInfo) -> list[object]:
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


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is None or value is PydanticUndefined:
        return ""
    if isinstance(value, Part):
        value = value.model_dump(exclude_defaults=True)
    return f"`{json.dumps(to_jsonable_python(value))}`"


def _type(annotation: Any) -> str:  # noqa: PLR0911  # a return a sort of type
    origin, inner = type_origin(annotation), type_args(annotation)
    if origin is Annotated:
        for mark in annotation.__metadata__:
            if isinstance(mark, EntryOf):
                (of,) = (one for one in kinds() if one.args is mark.model)
                name = mark.model.__name__.removesuffix("Args")
                return f"what [{name}]({_file(of)}) takes"
        text = _type(annotation.__origin__)
        return _as_json(text) if JSON_MARKER in annotation.__metadata__ else text
    if origin in {Union, UnionType}:
        return " or ".join(
            dict.fromkeys(_type(one) for one in inner if one is not NoneType)
        )
    if origin is Literal:
        return ", ".join(f"`{one}`" for one in inner)
    if origin in {list, tuple}:
        return f"list of {_type(inner[0])}"
    if origin is frozenset:
        return "set of names"
    if origin is dict:
        return f"{_type(inner[1])} by name"
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    return _PLAIN.get(annotation, getattr(annotation, "__name__", "any"))


def _as_json(text: str) -> str:
    if text.startswith("list"):
        return "JSON array"
    return "JSON object" if text.endswith("by name") else "JSON"


def _table(head: str, rows: list[tuple[str, str, str, str]]) -> str:
    if not rows:
        return "None."
    lines = [(head, "type", "default", "meaning"), ("---",) * 4, *rows]
    return "\n".join(
        f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |"
        for line in lines
    )


def _docstring(cls: type[Any]) -> tuple[str, dict[str, dict[str, str]], str]:
    """Return a Google-style docstring's text, its sections, and its last link."""
    before: list[str] = []
    sections: dict[str, dict[str, str]] = {}
    see, current = "", None
    names: list[str] = []
    for line in inspect.cleandoc(cls.__doc__ or "").splitlines():
        text = line.strip()
        if line in {"Args:", "Attributes:"}:
            current = sections.setdefault(line[:-1], {})
        elif line.startswith("See "):
            see, current = line, None
        elif current is None:
            before.append(line)
        elif line.startswith("    ") and not line.startswith("     "):
            if entry := _ENTRY.match(text):
                names = entry["names"].split(", ")
                current |= dict.fromkeys(names, entry["text"])
        elif text:
            current |= {name: f"{current[name]} {text}" for name in names}
    return "\n".join(before).strip(), sections, see


def _joined(*parts: str) -> str:
    return "\n\n".join(part.strip() for part in parts if part.strip()) + "\n"


def main() -> int:
    """Write or compare the pages, and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args().check
    made = pages()
    there = {f.name: f.read_text(encoding="utf-8") for f in FOLDER.glob("*.md")}
    stale = sorted(n for n in made.keys() | there.keys() if made.get(n) != there.get(n))
    if check:
        for name in stale:
            print(
                f"docs/reference/{name} is out of date; run python -m tools.reference"
            )
        return 1 if stale else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in stale:
        if name in made:
            (FOLDER / name).write_text(made[name], encoding="utf-8")
        else:
            (FOLDER / name).unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
