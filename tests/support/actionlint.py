"""GitHub's workflow files, checked by actionlint: the real one, pinned.

    assert findings(path) == ""

One on PATH is used as it is; else it is built from its Go module, once a checkout
(half a minute), where there is Go.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
VERSION: Final = "v1.7.7"
MODULE: Final = f"github.com/rhysd/actionlint/cmd/actionlint@{VERSION}"
BUILD_SECONDS: Final = 300


def findings(*workflows: Path) -> str:
    """Return what actionlint finds wrong with workflow files; "" if nothing."""
    # shellcheck and pyflakes would be run where they happen to be installed.
    quiet = ["-shellcheck=", "-pyflakes=", "-no-color"]
    done = subprocess.run(
        [actionlint(), *quiet, *map(str, workflows)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode in {0, 1}, done.stderr
    return done.stdout


def actionlint() -> str:
    """Return the command; skip the test where it can neither be found nor built."""
    if found := shutil.which("actionlint"):
        return found
    folder = ROOT / ".flowground" / f"actionlint-{VERSION}"
    built = folder / "actionlint"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not built.exists():
            _build(folder)
    return str(built)


def _build(folder: Path) -> None:
    go = shutil.which("go")
    if go is None:
        pytest.skip("there is neither actionlint nor a Go to build it with")
    done = subprocess.run(
        [go, "install", "-trimpath", MODULE],
        env={**os.environ, "GOBIN": str(folder), "GOFLAGS": "", "CGO_ENABLED": "0"},
        capture_output=True,
        text=True,
        timeout=BUILD_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
