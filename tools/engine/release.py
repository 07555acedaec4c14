"""The engine's version: one number, pinned in `go/go.mod`."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
MODULE = HERE / "go"

_PIN = re.compile(r"github\.com/pulumi/pulumi/pkg/v3 v(\S+)")
_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")


class EngineError(Exception):
    """A way to an engine that did not lead there, in one sentence."""


def pinned() -> str:
    """Return the version that the program's SDK is made for, such as `3.259.0`."""
    match = _PIN.search((MODULE / "go.mod").read_text(encoding="utf-8"))
    if not match:
        msg = f"{MODULE / 'go.mod'} does not pin github.com/pulumi/pulumi/pkg/v3."
        raise EngineError(msg)
    return match[1]


def build_key() -> str:
    """Return a digest of all that decides what a build makes."""
    digest = hashlib.sha256()
    for name in ("go.mod", "go.sum"):
        digest.update((MODULE / name).read_bytes())
    return digest.hexdigest()


def parse(text: str) -> tuple[int, int, int] | None:
    """Read a version as `pulumi version` prints it; None if it is not one."""
    match = _VERSION.match(text.strip())
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def new_enough(text: str) -> bool:
    """Tell whether a CLI serves the pinned SDK: not older, and of the same major."""
    needed, found = parse(pinned()), parse(text)
    return bool(needed and found and found >= needed and found[0] == needed[0])


def version_of(pulumi: Path) -> str:
    """Ask a `pulumi` for its version; "" if it cannot tell."""
    env = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        done = subprocess.run(
            [str(pulumi), "version"],
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
