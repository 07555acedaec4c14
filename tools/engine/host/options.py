"""What `Pulumi.yaml` says about the runtime: the folders and `runtime.options`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

TOOLCHAINS = ("pip", "uv")
TYPECHECKERS = ("mypy", "pyright")


class HostError(Exception):
    """A request that cannot be served, in one sentence that the CLI shows as it is."""


@dataclass(frozen=True)
class Options:
    """Where a program is and how it is run.

    `root` is the folder of Pulumi.yaml, `program` that of its `main`; a relative
    `virtualenv` counts from `root`; an empty one means the Python on PATH.
    """

    root: Path
    program: Path
    virtualenv: str = ""
    toolchain: str = "pip"
    typechecker: str = ""

    @classmethod
    def of(cls, info: Any, *, plugin: bool = False) -> Options:
        """Read a `pulumirpc.ProgramInfo`.

        Args:
            info: the message.
            plugin: a plugin never runs on the Python of PATH; its virtual environment
                defaults to `venv`, as with Pulumi's own host.

        Raises:
            HostError: an option has a value that no release of this host understands.
        """
        given = dict(info.options)
        program = Path(info.program_directory)
        toolchain = _choice(given, "toolchain", TOOLCHAINS) or _detect(program)
        virtualenv = given.get("virtualenv") or ""
        if not isinstance(virtualenv, str):
            msg = "runtime.options.virtualenv in Pulumi.yaml must be a path."
            raise HostError(msg)
        if plugin and not virtualenv and toolchain == "pip":
            virtualenv = "venv"
        return cls(
            root=Path(info.root_directory),
            program=program,
            virtualenv=virtualenv,
            toolchain=toolchain,
            typechecker=_choice(given, "typechecker", TYPECHECKERS),
        )

    @property
    def environment(self) -> Path | None:
        """The virtual environment's folder, or None for the Python on PATH."""
        if self.virtualenv:
            return self.root / self.virtualenv
        if self.toolchain == "uv":
            near = find_up(self.program, "uv.lock", "pyproject.toml") or self.program
            return near / ".venv"
        return None


def refuse_debugger(request: Any) -> None:
    """Raise a HostError if the user asks for a debugger, which this host lacks."""
    if request.attach_debugger:
        msg = (
            "flowground's Python language host cannot attach a debugger; leave out "
            "--attach-debugger or install the official Pulumi CLI."
        )
        raise HostError(msg)


def find_up(start: Path, *names: str) -> Path | None:
    """Return the nearest folder from `start` upwards that has the first name found."""
    for name in names:
        for folder in (start, *start.parents):
            if (folder / name).exists():
                return folder
    return None


def _detect(program: Path) -> str:
    return "uv" if find_up(program, "uv.lock") else "pip"


def _choice(given: dict[str, Any], name: str, known: tuple[str, ...]) -> str:
    value = given.get(name) or ""
    if value and value not in known:
        choices = " or ".join(known)
        msg = (
            f"runtime.options.{name} in Pulumi.yaml is {value!r}, but this language "
            f"host knows {choices}; choose one or install the official Pulumi CLI."
        )
        raise HostError(msg)
    return value if isinstance(value, str) else ""
