"""Throw-away Pulumi projects, run by the real engine on a backend of their own."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
import textwrap
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]

# Processes of one project are found by this variable, which all of them inherit.
_MARK = "FLOWGROUND_TEST_PROJECT"


@functools.cache
def engine_bin() -> Path:
    """Return the folder of the checkout's `pulumi`, made first if there is none."""
    command = [sys.executable, str(ROOT / "tools" / "engine" / "install.py")]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return Path(done.stdout.strip())


def wait_until(condition: Callable[[], object], seconds: float, what: str) -> None:
    """Wait for a condition; the failure says what did not come true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain: {what}"
        time.sleep(0.05)


class Project:
    """A project folder with its own backend, home and stack `dev`."""

    def __init__(self, root: Path, template: Project | None = None) -> None:
        """Make the project, with the stack of a template, which saves its making."""
        self.root = root / "project"
        self.mark = uuid.uuid4().hex
        state = root / "state"
        if template:
            shutil.copytree(template.root.parent / "state", state)
            shutil.copytree(template.root, self.root)
        else:
            state.mkdir(parents=True)
            self.root.mkdir()
        path = os.pathsep.join([str(engine_bin()), os.environ["PATH"]])
        self.env = {
            # A developer's PYTHONUNBUFFERED, or a CI's, would hide what is not flushed.
            **{k: v for k, v in os.environ.items() if not k.startswith("PYTHON")},
            "PATH": path,
            "PULUMI_BACKEND_URL": state.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "PULUMI_HOME": str(root / "home"),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_STACK": "dev",
            _MARK: self.mark,
        }
        self.settings: dict[str, Any] = {"name": "probe", "runtime": self.runtime()}
        self.save()
        if template is None:
            self("stack", "init", "dev")

    @staticmethod
    def runtime(**options: str) -> dict[str, Any]:
        """Return Pulumi.yaml's `runtime`, with this test run's Python by default."""
        return {"name": "python", "options": options or {"virtualenv": sys.prefix}}

    def save(self, **settings: Any) -> None:
        """Write Pulumi.yaml (JSON is YAML) with some settings changed."""
        self.settings |= settings
        self.write("Pulumi.yaml", json.dumps(self.settings))

    def write(self, name: str, text: str) -> Path:
        """Write a file of the project."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip())
        return path

    def program(self, text: str) -> None:
        """Write the program."""
        self.write("__main__.py", text)

    def __call__(
        self, *arguments: str, code: int | None = 0, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run `pulumi`, which must end with the exit code; None allows any failure."""
        done = subprocess.run(
            self.command(*arguments),
            cwd=cwd or self.root,
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        said = f"pulumi {' '.join(arguments)} → {done.returncode}"
        said += f"\n{done.stdout}\n{done.stderr}"
        ok = done.returncode != 0 if code is None else done.returncode == code
        assert ok, said
        return done

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start `pulumi` in a session of its own, with all output in one pipe."""
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.root,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    @staticmethod
    def command(*arguments: str) -> list[str]:
        """Return the command line, without prompts and colours."""
        pulumi = str(engine_bin() / "pulumi")
        return [pulumi, "--non-interactive", "--color=never", *arguments]

    def outputs(self) -> dict[str, Any]:
        """Return the stack's outputs."""
        outputs: dict[str, Any] = json.loads(self("stack", "output", "--json").stdout)
        return outputs

    def processes(self) -> dict[int, str]:
        """Return the command lines of the project's live processes (Linux)."""
        found = {}
        mark = f"{_MARK}={self.mark}".encode()
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (folder / "environ").read_bytes().split(b"\0"):
                    line = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
                    if line:
                        found[int(folder.name)] = line.decode(errors="replace")
            except OSError:
                continue
        return found
