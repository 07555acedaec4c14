"""Where Pythons are: the program's, and one that can run the language host."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

BIN = "Scripts" if os.name == "nt" else "bin"

# The protocol messages are the SDK's, and older SDKs lack some.
NEEDED = (3, 259)

_PROJECT_FILES = ("Pulumi.yaml", "Pulumi.yml", "Pulumi.json")
_VIRTUALENV = re.compile(
    r"""(?:^|[{,])\s*["']?virtualenv["']?\s*:\s*["']?([^"'#\n,}]+)""", re.MULTILINE
)
_SDK = re.compile(r"pulumi-(\d+)\.(\d+)\.[^/]*\.dist-info$")


def project_root(start: Path) -> Path:
    """Return the nearest folder with a Pulumi.yaml, or else `start` itself."""
    for folder in (start, *start.parents):
        if any((folder / name).is_file() for name in _PROJECT_FILES):
            return folder
    return start


def declared_environment(root: Path) -> Path | None:
    """Return the virtual environment that the project in `root` names.

    Read with a pattern, for there is no YAML in the standard library; a miss only means
    that the language host runs in another Python than the program.
    """
    for name in _PROJECT_FILES:
        path = root / name
        if path.is_file() and (match := _VIRTUALENV.search(path.read_text())):
            return root / match[1].strip()
    return None


def python_of(environment: Path) -> Path:
    """Return a virtual environment's interpreter, which need not exist."""
    return environment / BIN / ("python.exe" if os.name == "nt" else "python")


def has_sdk(environment: Path) -> bool:
    """Tell, without starting it, whether an environment has a recent Pulumi SDK."""
    if not python_of(environment).is_file():
        return False
    for pattern in ("lib/python3*/site-packages", "Lib/site-packages"):
        for packages in environment.glob(pattern):
            for info in packages.glob("pulumi-*.dist-info"):
                match = _SDK.search(info.as_posix())
                if match and int(match[1]) == NEEDED[0] and int(match[2]) >= NEEDED[1]:
                    return True
    return False


def for_host(engine: Path) -> Path:
    """Return a Python that has the SDK's protocol, making one if there is none.

    Tried in order: the project's own virtual environment, the active one, that of the
    checkout that the engine's folder is in, the engine's own. The last is made on the
    first need, so that `pulumi install` works before any environment exists.
    """
    own = engine / "venv"
    candidates = [
        declared_environment(project_root(Path.cwd())),
        Path(active) if (active := os.environ.get("VIRTUAL_ENV")) else None,
        engine.parent.parent / ".venv",
        own,
    ]
    for environment in candidates:
        if environment and has_sdk(environment):
            return python_of(environment)
    _make(own)
    return python_of(own)


def _make(environment: Path) -> None:
    """Make the environment, all or nothing: it may be killed, or run twice at once."""
    _say(f"Making the language host's own environment, {environment} (once)...")
    with tempfile.TemporaryDirectory(
        dir=environment.parent, prefix="venv-", ignore_cleanup_errors=True
    ) as folder:
        made = Path(folder, "venv")
        for command in _making(made):
            # Stdout is the engine's: it waits for a port there.
            done = subprocess.run(command, stdout=sys.stderr, check=False)
            if done.returncode:
                _say(f"{' '.join(command[:3])} failed; the lines above say why.")
                raise SystemExit(1)
        with contextlib.suppress(OSError):
            # Fails if another process was first, whose work is as good.
            made.rename(environment)


def _making(environment: Path) -> list[list[str]]:
    requirements = Path(__file__).with_name("requirements.txt")
    install = ["--quiet", "--require-hashes", "-r", str(requirements)]
    python = str(python_of(environment))
    if uv := shutil.which("uv"):
        return [
            [uv, "venv", "--quiet", str(environment)],
            [uv, "pip", "install", "--python", python, *install],
        ]
    return [
        [sys.executable, "-m", "venv", str(environment)],
        [python, "-m", "pip", "install", "--disable-pip-version-check", *install],
    ]


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
