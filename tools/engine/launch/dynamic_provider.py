"""Run the SDK's dynamic provider in the program's Python, for as long as its engine.

The engine says by `PULUMI_RUNTIME_VIRTUALENV` and `PULUMI_RUNTIME_TOOLCHAIN` what
Pulumi.yaml's `runtime.options` are, and starts this in the program's folder.
"""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

from pythons import (  # type: ignore[import-not-found]  # beside this once installed
    BIN,
    project_root,
    python_of,
)

# As long as the engine gives a plugin that it has interrupted itself.
GRACE_SECONDS = 5


def environment() -> Path | None:
    """Return the program's virtual environment, or None for the Python on PATH."""
    here = Path.cwd()
    if name := os.environ.get("PULUMI_RUNTIME_VIRTUALENV"):
        return Path(project_root(here), name)
    if os.environ.get("PULUMI_RUNTIME_TOOLCHAIN") == "uv":
        folders = [folder / ".venv" for folder in (here, *here.parents)]
        return next(filter(Path.is_dir, folders), folders[0])
    return None


def command() -> tuple[list[str], dict[str, str]]:
    """Return how to start the provider, and its environment variables."""
    env = dict(os.environ)
    folder = environment()
    if folder is None:
        names = filter(None, (env.get("PULUMI_PYTHON_CMD"), "python3", "python"))
        python = next(filter(None, map(shutil.which, names)), "python3")
    elif python_of(folder).is_file():
        python = str(python_of(folder))
        env["PATH"] = os.pathsep.join([str(folder / BIN), env.get("PATH", "")])
        env["VIRTUAL_ENV"] = str(folder)
        env.pop("PYTHONHOME", None)
    else:
        sys.exit(
            f"The virtual environment {folder} that Pulumi.yaml names is not there; "
            "run `pulumi install` to make it."
        )
    return [python, "-u", "-m", "pulumi.dynamic", *sys.argv[1:]], env


def end_with_engine(provider: subprocess.Popen[bytes]) -> None:
    """End the provider when the engine has died, be it by SIGKILL.

    The engine holds the other end of a plugin's stdin for as long as it lives.
    """
    while os.read(sys.stdin.fileno(), 1 << 12):
        pass
    provider.send_signal(signal.SIGINT)
    try:
        provider.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        provider.kill()


def main() -> int:
    """Run the provider and return its exit code."""
    arguments, env = command()
    # The engine interrupts the whole process group, and it is the provider's to obey;
    # a handler, unlike SIG_IGN, is not inherited.
    signal.signal(signal.SIGINT, lambda *_: None)
    provider = subprocess.Popen(arguments, env=env, stdin=subprocess.DEVNULL)
    signal.signal(signal.SIGTERM, lambda *_: provider.terminate())
    if stat.S_ISFIFO(os.fstat(sys.stdin.fileno()).st_mode):
        threading.Thread(target=end_with_engine, args=(provider,), daemon=True).start()
    code = provider.wait()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main())
