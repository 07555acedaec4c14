"""The package as other teams install it: the wheel of this checkout."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
BUILD: Final = "from setuptools import build_meta; build_meta.build_wheel('../dist')"


def install(folder: Path) -> Path:
    """Build the wheel from a copy, for a build writes beside its source; unpack it.

    Returns:
        What to have on PYTHONPATH.
    """
    source = folder / "source"
    shutil.copytree(
        ROOT / "components",
        source / "components",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    (source / "requirements").mkdir()
    for name in ("pyproject.toml", "requirements/program.in"):
        shutil.copy(ROOT / name, source / name)
    (folder / "dist").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", BUILD],
        cwd=source,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = (folder / "dist").glob("flowground-*.whl")
    site = folder / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    return site
