"""The ways to an engine, in the order in which they are tried."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

from tools.engine import build, layout
from tools.engine.progress import say
from tools.engine.release import EngineError, new_enough, pinned, version_of

if TYPE_CHECKING:
    from collections.abc import Callable

INSTALLER = "https://get.pulumi.com/install.sh"

# A network without a way to the installer should cost seconds, not minutes.
_CONNECT_SECONDS = 5
_INSTALL_SECONDS = 600


def on_path(engine: Path) -> Path:
    """Use the CLI on PATH, if it is new enough and can run Python programs."""
    # An engine of ours may be on PATH too, and has routes of its own.
    entries = os.environ.get("PATH", "").split(os.pathsep)
    others = [entry for entry in entries if not _within(entry, engine)]
    found = shutil.which("pulumi", path=os.pathsep.join(others))
    if not found:
        raise EngineError("There is no pulumi on PATH.")
    # A link, as Homebrew makes them, has the language hosts beside its target.
    real = Path(found).resolve()
    version = version_of(real)
    if not new_enough(version):
        what = f"version {version}" if version else "a pulumi that tells no version"
        msg = f"{found} is {what}, but {pinned()} or a newer 3.x is needed."
        raise EngineError(msg)
    beside = (real.parent, Path(found).parent)
    host = "pulumi-language-python"
    if not any((folder / host).is_file() for folder in beside):
        msg = f"{found} has no {host} beside it, so it cannot run Python programs."
        raise EngineError(msg)
    return Path(found).parent


def installer(engine: Path) -> Path:
    """Use the official distribution, fetched by its own installer into the folder."""
    root = engine / f"official-{pinned()}"
    if new_enough(version_of(root / "bin" / "pulumi")):
        return root / "bin"
    try:
        with urllib.request.urlopen(INSTALLER, timeout=_CONNECT_SECONDS) as answer:
            script = answer.read()
    except (OSError, urllib.error.URLError) as error:
        reason = getattr(error, "reason", error)
        msg = f"Pulumi's installer at {INSTALLER} cannot be reached: {reason}."
        raise EngineError(msg) from error
    say(f"Installing Pulumi {pinned()} from {INSTALLER}.")
    engine.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=engine, prefix="official-") as folder:
        path = Path(folder, "install.sh")
        path.write_bytes(script)
        made = Path(folder, "root")
        command = ["sh", str(path), "--no-edit-path", "--install-root", str(made)]
        _install([*command, "--version", pinned()])
        if not new_enough(version_of(made / "bin" / "pulumi")):
            raise EngineError("Pulumi's installer ended without a usable pulumi.")
        shutil.rmtree(root, ignore_errors=True)
        made.replace(root)
    return root / "bin"


def from_modules(engine: Path) -> Path:
    """Use the engine built from Go modules, with our language host beside it."""
    if not build.is_built(engine):
        build.build(engine)
    layout.write(engine)
    return engine / "bin"


ROUTES: dict[str, Callable[[Path], Path]] = {
    "path": on_path,
    "installer": installer,
    "build": from_modules,
}


def present(engine: Path) -> dict[str, Callable[[Path], Path]]:
    """Return the routes that need neither network nor compiler any more."""
    ready: dict[str, Callable[[Path], Path]] = {"path": on_path}
    if (engine / f"official-{pinned()}").is_dir():
        ready["installer"] = installer
    if build.is_built(engine):
        ready["build"] = from_modules
    return ready


def _install(command: list[str]) -> None:
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            timeout=_INSTALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        msg = f"Pulumi's installer did not end within {_INSTALL_SECONDS} seconds."
        raise EngineError(msg) from error
    if done.returncode:
        msg = f"Pulumi's installer failed (exit {done.returncode}); see above."
        raise EngineError(msg)


def _within(entry: str, engine: Path) -> bool:
    return bool(entry) and Path(entry).resolve().is_relative_to(engine.resolve())
