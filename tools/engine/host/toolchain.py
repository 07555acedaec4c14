"""The Python that runs programs and plugins, and the packages it has."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .options import HostError, Options

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_BIN = "Scripts" if os.name == "nt" else "bin"
_PYTHON = "python.exe" if os.name == "nt" else "python"

# Runs in the program's Python, which need not have anything of ours.
_PROBE = Path(__file__).with_name("probe.py")


@dataclass(frozen=True)
class Step:
    """One command of an installation, with the line that announces it."""

    title: str
    command: Sequence[str]
    cwd: Path


class Toolchain:
    """Commands and environment variables for one program's Python."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.environment = options.environment

    @property
    def python(self) -> str:
        """The interpreter: the virtual environment's, or else the one on PATH."""
        if self.environment:
            return str(self.environment / _BIN / _PYTHON)
        names = [os.environ.get("PULUMI_PYTHON_CMD", ""), "python3", "python"]
        for name in filter(None, names):
            if found := shutil.which(name):
                return found
        msg = "There is no python3 on PATH; install Python 3.11 or newer."
        raise HostError(msg)

    def env(self) -> dict[str, str]:
        """Return the host's own variables with the virtual environment activated."""
        env = dict(os.environ)
        if self.environment:
            folder = str(self.environment / _BIN)
            env["PATH"] = os.pathsep.join(filter(None, [folder, env.get("PATH", "")]))
            env["VIRTUAL_ENV"] = str(self.environment)
            env.pop("PYTHONHOME", None)
        return env

    def missing(self) -> bool:
        """Tell whether the virtual environment is yet to be made."""
        folder = self.environment
        if folder is None:
            return False
        return not (folder.is_dir() and any(folder.iterdir()))

    def require(self) -> None:
        """Raise a HostError unless there is a Python to run."""
        if self.environment is None or Path(self.python).is_file():
            return
        what = "is another folder; name one that is free"
        if self.missing():
            what = "does not exist; run `pulumi install` to make it"
        msg = f"The virtual environment {self.environment} of Pulumi.yaml {what}."
        raise HostError(msg)

    def installation(self) -> Iterator[Step]:
        """Yield the commands that make the environment what the program asks for."""
        program = self.options.program
        if self.options.toolchain == "uv":
            if find := shutil.which("uv"):
                yield Step("Installing dependencies with uv", [find, "sync"], program)
                return
            msg = "Pulumi.yaml asks for the uv toolchain, but there is no uv on PATH."
            raise HostError(msg)
        if self.environment and self.missing():
            base = Toolchain(Options(self.options.root, program)).python
            yield Step(
                f"Creating the virtual environment {self.environment}",
                [base, "-m", "venv", str(self.environment)],
                program,
            )
        if (program / "requirements.txt").exists():
            if not self.probe("about")["pip"]:
                # As in environments made by uv.
                adding = [self.python, "-m", "ensurepip"]
                yield Step("Adding pip to the virtual environment", adding, program)
            yield Step(
                "Installing dependencies with pip",
                [self.python, "-m", "pip", "install", "-r", "requirements.txt"],
                program,
            )

    def installation_env(self) -> dict[str, str]:
        """Return the variables that `installation`'s commands run with."""
        env = self.env()
        if self.environment:
            env["UV_PROJECT_ENVIRONMENT"] = str(self.environment)
        return env

    def probe(self, question: str) -> Any:
        """Ask the program's Python about itself; see `probe.py` for the questions.

        Raises:
            HostError: the interpreter could not be run or gave no answer.
        """
        self.require()
        command = [self.python, "-I", str(_PROBE), question]
        done = subprocess.run(
            command, env=self.env(), capture_output=True, text=True, check=False
        )
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["no output"])[-1]
            msg = f"{self.python} could not list its packages: {reason}."
            raise HostError(msg)
        return json.loads(done.stdout)
