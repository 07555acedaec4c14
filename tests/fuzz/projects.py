"""A flow project's prefect.yaml, read and declared as a preview does."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any, Final
from unittest import mock

import pulumi
import yaml

from components.kernel import FlowgroundError, told
from components.prefect.project import FlowProject, FlowProjectSettings
from components.prefect.project.load import load
from tests.fuzz.programs import MOST_LINES, ROOT, Engine, StoppedError
from tests.fuzz.sentences import must_be_clear
from tests.unit.kernel import program

SEEDS: Final = {
    file.parent.name: file
    for file in sorted(
        [
            *ROOT.glob("tests/e2e/projects/*/prefect.yaml"),
            *ROOT.glob("flows/*/prefect.yaml"),
        ]
    )
}
# Of which projects the code has been put where their mutations are tried.
_folders: dict[str, Path] = {}


def folder_of(name: str) -> Path:
    """Return a copy of a project, whose prefect.yaml may be written."""
    if name not in _folders:
        made = Path(tempfile.mkdtemp(prefix="flowground-fuzz-")) / name
        shutil.copytree(SEEDS[name].parent, made)
        _folders[name] = made
    return _folders[name]


def clean_up() -> None:
    """Remove the copies."""
    for folder in _folders.values():
        shutil.rmtree(folder.parent)
    _folders.clear()


def content(name: str) -> Any:
    """Return what a project's prefect.yaml says."""
    return yaml.safe_load(SEEDS[name].read_text())


def is_told_or_read(name: str, text: bytes) -> str:
    """See that a file is read, or told in words; return what is told."""
    file = folder_of(name) / "prefect.yaml"
    file.write_bytes(text)
    try:
        load(file)
    except FlowgroundError as error:
        return _clear(error)
    return ""


def is_told_or_declared(name: str, text: bytes) -> str:
    """See that a project is declared, or told in words; return what is told."""
    folder = folder_of(name)
    folder.joinpath("prefect.yaml").write_bytes(text)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT")}

    def declare() -> None:
        FlowProject("project", FlowProjectSettings(path=str(folder)))

    with mock.patch.dict(os.environ, environment, clear=True):
        try:
            program.run(declare, preview=True, sort=Engine)
        except (FlowgroundError, StoppedError, pulumi.RunError) as error:
            return _clear(error)
    return ""


def _clear(error: Exception) -> str:
    said = told(error)
    must_be_clear(said, lines=MOST_LINES)
    return said
