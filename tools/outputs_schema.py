"""Write the JSON Schema of the outputs contract, and its table of keys.

    python -m tools.outputs_schema [--release]

`docs/outputs/v1.schema.json` and `v1.md` are what the code has now.
`v1.released.schema.json` is what the last release had, which the present one may only
add to; `--release` brings it up to date.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from components.outputs import SCHEMA, json_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER: Final = Path(__file__).resolve().parents[1] / "docs/outputs"
PRESENT: Final = FOLDER / "v1.schema.json"
RELEASED: Final = FOLDER / "v1.released.schema.json"
TABLE: Final = FOLDER / "v1.md"

_HEAD: Final = f"""\
<!-- Made by `python -m tools.outputs_schema` from components/outputs/contract.py. -->
# The keys of {SCHEMA}

What a stack's outputs `flowground` (`Outputs`) and `credentials` (`Credentials`) hold;
`v1.schema.json` has the same for machines. A key without *always* may be missing or
null.
"""


def text() -> str:
    """Return the schema as the file has it."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def table() -> str:
    """Return the table of keys, a section for each part of the contract."""
    parts: dict[str, Any] = json_schema()["$defs"]
    first = ["Outputs", "Credentials"]
    names = first + [name for name in parts if name not in first]
    sections = (_section(name, parts[name]) for name in names)
    return "\n".join([_HEAD, *(line for section in sections for line in section)])


def _section(name: str, part: dict[str, Any]) -> Iterator[str]:
    yield from (f"## {name}", "", part["description"], "")
    yield from ("| key | type | | meaning |", "|---|---|---|---|")
    for key, one in part["properties"].items():
        always = "always" if key in part.get("required", []) else ""
        yield f"| `{key}` | {_type(one)} | {always} | {one['description']} |"
    yield ""


def _type(one: dict[str, Any]) -> str:  # noqa: PLR0911  # a return a sort of type
    """Return a key's type in words."""
    match one:
        case {"$ref": str(ref)}:
            name = ref.rpartition("/")[2]
            return f"[{name}](#{name.lower()})"
        case {"anyOf": list(choices)}:
            return " or ".join(_type(choice) for choice in choices)
        case {"const": value}:
            return f"`{value}`"
        case {"enum": list(values)}:
            return " or ".join(f"`{value}`" for value in values)
        case {"type": "array", "items": item}:
            return f"list of {_type(item)}"
        case {"type": "object", "additionalProperties": item}:
            return f"{_type(item)} by key"
        case _:
            return str(one["type"])


def main() -> int:
    """Write the files."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--release", action="store_true")
    given = parser.parse_args()
    for file in (PRESENT, RELEASED) if given.release else (PRESENT,):
        file.write_text(text(), encoding="utf-8")
    TABLE.write_text(table(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
