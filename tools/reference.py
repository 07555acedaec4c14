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
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic_core import PydanticUndefined, to_jsonable_python

from components.kernel import (
    Immutable,
    Local,
    ManagedResource,
    Part,
    Secret,
    Stamp,
    UnmanagedIfUnset,
    WriteOnly,
)
from components.kernel.model import annotation_of
from components.kernel.registry import kinds
from components.settings import Settings
from tools.docstrings import attributes, docstring
from tools.field_types import marks_of, page_of, parts_of, written

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


def pages() -> dict[str, str]:
    """Return every page by its file name."""
    for service in SERVICES:
        importlib.import_module(f"components.{service}")
    resources = {one.kind: one for one in _subclasses(ManagedResource) if _has(one)}
    made = {
        page_of(kind): _kind_page(kind, resources[type(kind)])
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


def _title(page: str) -> str:
    return page.partition("\n")[0].removeprefix("# ")


def _kind_page(kind: Kind[Any, Any, Any], resource: type[ManagedResource]) -> str:
    summary, sections, see = docstring(resource)
    module = inspect.getmodule(type(kind))
    behind = inspect.cleandoc((module and module.__doc__) or "").partition("\n")[2]
    given, fields = sections.get("Args", {}), kind.args.model_fields
    signature = inspect.signature(resource).parameters
    rows = [
        _row(name, fields[field], text, given=_may_be_left_out(signature.get(name)))
        for name, text in given.items()
        if (field := _field_of(name, fields)) in fields
    ]
    told = {"id": "What the service knows it by.", **attributes(kind.state)}
    told |= sections.get("Attributes", {})
    outputs = [
        _row(name, field, told.get(name, ""), given=True)
        for name, field in kind.state.model_fields.items()
        # What a resource makes of its arguments is told of if it says so.
        if name not in fields or name in sections.get("Attributes", {})
    ]
    parts = [
        part for field in fields.values() for part in parts_of(annotation_of(field))
    ]
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
    summary, told = docstring(part)[0], attributes(part)
    rows = [
        _row(name, field, told.get(name, ""))
        for name, field in part.model_fields.items()
    ]
    return _joined(f"### {part.__name__}", summary, _table("field", rows))


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
        for inner in parts_of(annotation_of(field)):
            if inner not in found:
                found[inner] = None
                _gather(inner, found)


def _row(
    name: str, field: FieldInfo, text: str, *, given: bool = False
) -> tuple[str, str, str, str]:
    marks = [say for mark, say in _MARKS.items() if mark in marks_of(field)]
    meaning = f"{text} *({'; '.join(marks)})*" if marks else text
    default = "" if given and field.is_required() else _default(field)
    return f"`{name}`", written(annotation_of(field)), default, meaning


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is None or value is PydanticUndefined:
        return ""
    if isinstance(value, Part):
        value = value.model_dump(exclude_defaults=True)
    return f"`{json.dumps(to_jsonable_python(value))}`"


def _table(head: str, rows: list[tuple[str, str, str, str]]) -> str:
    if not rows:
        return "None."
    lines = [(head, "type", "default", "meaning"), ("---",) * 4, *rows]
    return "\n".join(
        f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |"
        for line in lines
    )


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
