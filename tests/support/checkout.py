"""Where this checkout is, and the environments in it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PYTHON: Final = os.environ.get(
    "FLOWGROUND_LOCALCLOUD_PYTHON", str(ROOT / ".venv-localcloud/bin/python")
)


def environment(name: str) -> Path:
    """Return a folder below .flowground that make makes, made first if needed."""
    folder = ROOT / ".flowground" / name
    subprocess.run(
        ["make", "--quiet", f"{folder.relative_to(ROOT)}/made"],
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
        timeout=300,
    )
    return folder
