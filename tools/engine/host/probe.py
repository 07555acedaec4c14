"""Questions that only a program's own Python can answer; prints JSON.

Runs as a script in that Python, with nothing but the standard library for sure.
"""

from __future__ import annotations

import importlib.util
import json
import platform
import re
import sys
from importlib import metadata
from pathlib import Path

# `Requires-Dist: name[extra] (>=1) ; extra == "x"`
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_EXTRA = re.compile(r";.*\bextra\b")


def normal(name: str) -> str:
    """Return a package's name in its one canonical spelling (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def plugin_file(name: str) -> object:
    """Return the content of the package's pulumi-plugin.json, if it has one."""
    spec = importlib.util.find_spec(name.replace("-", "_"))
    for folder in (spec and spec.submodule_search_locations) or ():
        path = Path(folder, "pulumi-plugin.json")
        if path.is_file():
            return json.loads(path.read_text(encoding="utf-8"))
    return None


def packages() -> list[dict[str, object]]:
    """List what is installed: name, version, pulumi-plugin.json, required by others."""
    # Each access parses the whole file again, which is most of what a probe takes.
    read = [distribution.metadata for distribution in metadata.distributions()]
    found = {normal(told["Name"]): told for told in read}
    required: set[str] = set()
    for told in found.values():
        for line in told.get_all("Requires-Dist") or ():
            if not _EXTRA.search(line) and (match := _NAME.match(line)):
                required.add(normal(match[0]))
    return [
        {
            "name": name,
            "version": told["Version"],
            "plugin": plugin_file(name),
            "required": name in required,
        }
        for name, told in sorted(found.items())
    ]


def about() -> dict[str, str]:
    """Describe the interpreter."""
    try:
        pip = metadata.version("pip")
    except metadata.PackageNotFoundError:
        pip = ""
    return {
        "executable": sys.executable,
        "version": platform.python_version(),
        "pip": pip,
    }


if __name__ == "__main__":
    answers = {"packages": packages, "about": about}
    print(json.dumps(answers[sys.argv[1]]()))
