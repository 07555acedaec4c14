"""The stack that is examined: its config, as the program and the clients get it."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from components.kernel import ConfigurationError
from components.kernel.parsing import read_yaml

from .finding import Finding, fine, stop, warn

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# What `pulumi` ends with where the backend has no such stack.
_NO_STACK: Final = 6
CONFIG: Final = "config"


@dataclass(frozen=True)
class Patient:
    """A stack.

    Attributes:
        stack: Its name.
        folder: Where the program is.
        project: The program's project.
        env: What `pulumi` runs in.
        values: The project's own config, by key; secrets in plaintext.
        findings: What reading it came to.
        opened: Whether its secrets could be read.
        made: Whether the backend has it.
    """

    stack: str
    folder: Path
    project: str
    env: Mapping[str, str]
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)
    findings: tuple[Finding, ...] = ()
    opened: bool = True
    made: bool = True

    @classmethod
    def of(cls, stack: str, folder: Path, env: Mapping[str, str]) -> Patient:
        """Read the stack's config, by `pulumi`; by file what it does not open."""
        project = str(_mapping(folder / "Pulumi.yaml").get("name", ""))
        one = cls(stack, folder, project, env)
        if one.file not in folder.iterdir():
            told = f"there is no {one.file.name}; write it, or correct STACK"
            return cls(stack, folder, project, env, {}, (stop(CONFIG, "file", told),))
        done = one.pulumi("config", "--json", "--show-secrets")
        if done.returncode == 0:
            shown = json.loads(done.stdout)
            values = {
                key.partition(":")[2]: one_.get("objectValue", one_["value"])
                for key, one_ in shown.items()
                if key.startswith(f"{project}:")
            }
            told = (
                f"read, {sum(bool(o['secret']) for o in shown.values())} secrets opened"
            )
            finding = fine(CONFIG, "file", told)
        else:
            values, finding = one._open_values(), one._trouble(done)
        opened = done.returncode == 0
        made = done.returncode != _NO_STACK
        return cls(stack, folder, project, env, values, (finding,), opened, made)

    @property
    def file(self) -> Path:
        """The stack's file."""
        return self.folder / f"Pulumi.{self.stack.rpartition('/')[2]}.yaml"

    def get(self, key: str) -> Any:
        """Return a setting, as the services' clients ask for it."""
        return self.values.get(key)

    def part(self, service: str) -> dict[str, Any] | None:
        """Return what the config has of a service; None if nothing."""
        found = self.values.get(service)
        return found if isinstance(found, dict) else None

    def pulumi(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `pulumi` on the stack."""
        return subprocess.run(
            ["pulumi", *arguments, "--stack", self.stack, "--non-interactive"],
            cwd=self.folder,
            env=dict(self.env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def _open_values(self) -> dict[str, Any]:
        config = _mapping(self.file).get("config")
        return {
            str(key).partition(":")[2]: value
            for key, value in (config if isinstance(config, dict) else {}).items()
            if str(key).startswith(f"{self.project}:")
            and not (isinstance(value, dict) and [*value] == ["secure"])
        }

    def _trouble(self, done: subprocess.CompletedProcess[str]) -> Finding:
        if done.returncode == _NO_STACK:
            told = (
                "the backend has no such stack yet, so its secrets were not looked at; "
                "`make up` makes it"
            )
            return warn(CONFIG, "file", told)
        said = first_error(done.stderr)
        way_out = (
            "set PULUMI_CONFIG_PASSPHRASE, or _FILE, to the stack's own"
            if "passphrase" in said
            else "correct the file, or the backend that PULUMI_BACKEND_URL names"
        )
        return stop(CONFIG, "file", f"it cannot be opened ({said}); {way_out}")


def first_error(stderr: str) -> str:
    """Return the first thing that `pulumi` complains of."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    told = next(
        (line for line in lines if line.startswith("error:")), "".join(lines[:1])
    )
    return told.removeprefix("error:").strip().rstrip(".")


def _mapping(file: Path) -> dict[str, Any]:
    try:
        read = read_yaml(file)
    except (FileNotFoundError, ConfigurationError):
        return {}
    return read if isinstance(read, dict) else {}
