"""What Google-style docstrings say: of a class, and of each of its fields."""

from __future__ import annotations

import inspect
import re
from typing import Any, Final

from components.kernel import Part

_ENTRY: Final = re.compile(r"^(?P<names>\w+(?:, \w+)*):(?: |$)(?P<text>.*)")


def docstring(cls: type[Any]) -> tuple[str, dict[str, dict[str, str]], str]:
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


def attributes(model: type[Part]) -> dict[str, str]:
    """Return what a model, and those that it extends, say of their fields."""
    told: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if issubclass(base, Part):
            told |= docstring(base)[1].get("Attributes", {})
    return told
