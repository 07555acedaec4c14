"""Folders to be mirrored, and what mirrors are told of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from components.kernel.folder import read_folder
from tests.support.servicer import ROOT

BEFORE = "tests/support/mirrored/before"
AFTER = "tests/support/mirrored/after"


def told(
    folder: str | Path, *, mode: bool = True, ignore: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Return the properties that a resource class makes of a folder."""
    files = read_folder(ROOT / folder, ignore, mode=mode)
    written = {
        path: {k: v for k, v in dict(file).items() if v is not None}
        for path, file in files.items()
    }
    return {"files": written, "folder": str(folder), "ignore": list(ignore)}


def without(properties: dict[str, Any], *paths: str) -> dict[str, Any]:
    """Leave files out of a manifest."""
    files = {k: v for k, v in properties["files"].items() if k not in paths}
    return {**properties, "files": files}


def write(folder: Path, files: dict[str, str]) -> Path:
    """Make a folder that has these files."""
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder
