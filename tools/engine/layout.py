"""What lies beside a built engine so that it runs Python programs.

    bin/pulumi                          the engine
    bin/pulumi-language-python          starts the language host
    bin/pulumi-language-python-exec     runs one program, as the official one does
    bin/pulumi-resource-pulumi-python   starts dynamic providers
    lib/                                our own code for the three
    venv/                               made only if no other Python has the SDK

The engine finds plugins in its own folder first, so the folder needs no setting.
"""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
from pathlib import Path

from tools.engine.release import HERE

_LAUNCHER = """\
#!/bin/sh
# Written by tools/engine/install.py, with the Python that ran it.
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd) || exit
python={python}
[ -x "$python" ] || python=python3
exec "$python" "$here/../lib/{script}" "$@"
"""
_LAUNCHERS = {
    "pulumi-language-python": "language_host.py",
    "pulumi-resource-pulumi-python": "dynamic_provider.py",
}
_LAUNCH = ("language_host.py", "dynamic_provider.py", "pythons.py", "serve.py")


def write(engine: Path) -> None:
    """Bring the folder's scripts up to date; what is so already is left alone."""
    wanted = files()
    library = engine / "lib"
    for path in library.rglob("*.py"):
        if path.relative_to(engine).as_posix() not in wanted:
            path.unlink()
    for name, content in wanted.items():
        _place(engine / name, content, executable=name.startswith("bin/"))


def files() -> dict[str, bytes]:
    """Return the content of every script, by its path in the engine's folder."""
    launch = HERE / "launch"
    found = {f"lib/{name}": (launch / name).read_bytes() for name in _LAUNCH}
    found["lib/requirements.txt"] = (launch / "requirements.txt").read_bytes()
    for path in (HERE / "host").glob("*.py"):
        found[f"lib/host/{path.name}"] = path.read_bytes()
    executor = (launch / "executor.py").read_bytes()
    found["bin/pulumi-language-python-exec"] = executor
    for name, script in _LAUNCHERS.items():
        python = shlex.quote(str(Path(sys.executable)))
        text = _LAUNCHER.format(python=python, script=script)
        found[f"bin/{name}"] = text.encode()
    return found


def _place(path: Path, content: bytes, *, executable: bool) -> None:
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    # Another process may be about to run the old file.
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    Path(temporary).chmod(0o755 if executable else 0o644)
    Path(temporary).replace(path)
