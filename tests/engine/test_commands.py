"""Commands of the CLI that ask the language host something."""

from __future__ import annotations

import json
import sys
import venv
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.support.pulumi_project import ROOT, engine_bin

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.pulumi_project import Project


def test_version_is_the_pinned_one(project: Project) -> None:
    """`pulumi version` tells the version that the SDK in requirements.txt has."""
    version = project("version").stdout.strip().removeprefix("v")
    pinned = (ROOT / "requirements.txt").read_text()
    assert f"\npulumi=={version} " in pinned


def test_about_describes_the_programs_python(project: Project) -> None:
    """`pulumi about` names the interpreter, its version and the dependencies."""
    project.program("")
    about = json.loads(project("about", "--json").stdout)
    assert about["errors"] is None or about["errors"] == []
    assert about["runtime"]["language"] == "python"
    assert about["runtime"]["executable"].startswith(sys.prefix)
    names = {package["name"]: package["version"] for package in about["dependencies"]}
    assert "pytest" not in names, "others require it"
    assert "pulumi-policy" in names
    everything = json.loads(project("about", "--json", "--transitive").stdout)
    assert "pytest" in {package["name"] for package in everything["dependencies"]}


def wheel(folder: Path) -> Path:
    """Write the smallest wheel that pip installs."""
    path = folder / "tiny-1.0-py3-none-any.whl"
    info = "tiny-1.0.dist-info"
    metadata = "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n"
    tags = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tiny.py", "")
        archive.writestr(f"{info}/METADATA", metadata)
        archive.writestr(f"{info}/WHEEL", tags)
        archive.writestr(f"{info}/RECORD", "")
    return path


def test_install_makes_the_virtualenv(project: Project, tmp_path: Path) -> None:
    """`pulumi install` makes the environment that requirements.txt describes.

    When it cannot, it shows pip's own words and fails.
    """
    project.save(runtime=project.runtime(virtualenv="env"))
    requirements = project.write("requirements.txt", "./no-such-folder\n")
    failed = project("install", code=None)
    assert "no-such-folder" in failed.stdout + failed.stderr
    assert "failed (exit 1)" in failed.stdout + failed.stderr

    requirements.write_text(f"tiny @ {wheel(tmp_path).as_uri()}\n")
    assert "Installing dependencies with pip" in project("install").stdout
    assert list(project.root.glob("env/lib/python3*/site-packages/tiny.py"))


def test_install_works_without_pip(project: Project, tmp_path: Path) -> None:
    """An environment made by uv has no pip, and gets it when it is needed."""
    venv.create(project.root / "env", symlinks=True, with_pip=False)
    project.save(runtime=project.runtime(virtualenv="env"))
    project.write("requirements.txt", f"tiny @ {wheel(tmp_path).as_uri()}\n")
    project("install")
    assert list(project.root.glob("env/lib/python3*/site-packages/tiny.py"))


def test_unknown_toolchain_is_one_sentence(project: Project) -> None:
    """A toolchain that the host does not know is told with the ones it knows."""
    project.save(runtime=project.runtime(toolchain="conda"))
    project.program("")
    shown = project("preview", code=None)
    assert "pip or uv" in shown.stdout + shown.stderr


@pytest.fixture
def stand_in(project: Project) -> Project:
    """Return a project on an engine with our own language host."""
    if not (engine_bin().parent / "lib" / "host").is_dir():
        pytest.skip("this engine has the official language host")
    return project


def test_generating_code_is_refused(stand_in: Project) -> None:
    """What the stand-in lacks is told with the way out, not as an internal error."""
    stand_in.write("Pulumi.yaml", "name: probe\nruntime: yaml\n")
    arguments = ["--from", "pcl", "--language", "python", "--out", "made"]
    shown = stand_in("convert", *arguments, code=None)
    assert "install the official Pulumi CLI" in shown.stdout + shown.stderr


def test_debugger_is_refused(stand_in: Project) -> None:
    """A debugger that cannot be attached is refused rather than forgotten."""
    stand_in.program("print('the program ran')")
    shown = stand_in("preview", "--attach-debugger", code=None)
    assert "cannot attach a debugger" in shown.stdout + shown.stderr
    assert "the program ran" not in shown.stdout
