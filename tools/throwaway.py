"""The program on a backend of its own, with no credential and no secret of anybody's.

What a pull request brings can be tried on it by anyone: the stack's encrypted secrets,
which only its own passphrase or key could open, are placeholders here.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from components.kernel import ConfigurationError
from components.kernel.parsing import parse_yaml
from tools.surroundings import REHEARSAL_PASSPHRASE, ROOT, engine_environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PLACEHOLDER: Final = "placeholder"
# The services' and the engine's own variables, which must not reach a throw-away.
_FOREIGN: Final = ("AWS_", "GITHUB_", "GIT_", "MODAL_", "PREFECT_", "PULUMI_")
# Of a stack's file: who may open its secrets, which is not for us to ask.
_KEEPERS: Final = ("encryptionsalt", "encryptedkey", "secretsprovider", "environment")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


class Throwaway:
    """One stack of the program in a folder that ends with it.

    Attributes:
        stack: The stack's name.
        program: Where the program's files are, whichever they are at the time.
        env: What `pulumi` runs in.
    """

    def __init__(self, folder: Path, stack: str, services: Mapping[str, str]) -> None:
        self.stack = stack
        self.program = folder / "program"
        state = folder / "state"
        state.mkdir()
        inherited = engine_environment().items()
        self.env = {
            **{k: v for k, v in inherited if not k.startswith(_FOREIGN)},
            **services,
            "FLOWGROUND_FLOWS": str(self.program / "flows"),
            "PULUMI_BACKEND_URL": state.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": REHEARSAL_PASSPHRASE,
            # Nobody takes a killed trial up again, so its state is written once a run.
            "PULUMI_SKIP_CHECKPOINTS": "true",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }
        self._salt: str | None = None

    @property
    def config(self) -> Path:
        """The stack's file in the program."""
        return self.program / f"Pulumi.{self.stack}.yaml"

    def settings(self) -> dict[str, Any]:
        """Return the stack's config as the program now has it, without its secrets.

        Raises:
            SystemExit: The stack's file is not one.
        """
        return dict(self._read().get("config") or {})

    def place(self, commit: str | None, *, source: Path = ROOT) -> bool:
        """Put the files of a commit, or of the working tree, where the program is.

        They come to the same path each time, so that no path makes a difference.

        Returns:
            Whether they have the stack.

        Raises:
            SystemExit: There is no such commit, or the stack's file is not one.
        """
        shutil.rmtree(self.program, ignore_errors=True)
        self.program.mkdir()
        if commit is None:
            copy_tree(source, self.program)
        else:
            _copy_commit(source, commit, self.program)
        (self.program / ".venv").symlink_to(sys.prefix)
        if not self.config.exists():
            return False
        self._configure()
        return True

    def pulumi(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `pulumi` on the stack to its end."""
        stack = ("--stack", self.stack)
        return subprocess.run(
            ["pulumi", "--non-interactive", "--color=never", *arguments, *stack],
            cwd=self.program,
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def _read(self) -> dict[str, Any]:
        """Return what the stack's file says."""
        try:
            read = parse_yaml(self.config.read_bytes()) or {}
        except ConfigurationError as error:
            sys.exit(f"{self.config.name} {error}")
        if isinstance(read, dict) and isinstance(read.get("config") or {}, dict):
            return read
        sys.exit(f"{self.config.name} is not a mapping with a `config`; correct it")

    def _configure(self) -> None:
        settings = self._read()
        for key in _KEEPERS:
            settings.pop(key, None)
        if self._salt:
            settings["encryptionsalt"] = self._salt
        config = settings.get("config") or {}
        secrets = [*_take_secrets(config)]
        self.config.write_text(json.dumps(settings), encoding="utf-8")
        if not self._salt:
            init = ("stack", "init", self.stack, "--no-select")
            self._setup(*init, "--secrets-provider", "passphrase")
            self._salt = self._read()["encryptionsalt"]
        if secrets:
            given = [f"--secret={path}={PLACEHOLDER}-{path}" for path in secrets]
            self._setup("config", "set-all", "--path", *given, "--stack", self.stack)

    def _setup(self, *arguments: str) -> None:
        done = subprocess.run(
            ["pulumi", "--non-interactive", *arguments],
            cwd=self.program,
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            sys.exit(f"{self.config.name} cannot be tried: {done.stderr.strip()}")


@contextmanager
def throwaway(stack: str, services: Mapping[str, str]) -> Iterator[Throwaway]:
    """Yield a throw-away; its folder is deleted with the block.

    Args:
        stack: The stack's name.
        services: The variables that lead clients to the services, if there are any.
    """
    with tempfile.TemporaryDirectory(prefix="flowground-") as folder:
        yield Throwaway(Path(folder), stack, services)


def _take_secrets(node: Any, path: str = "") -> Iterator[str]:
    """Take the encrypted values out of a config, and yield where they were."""
    items = (
        [*node.items()]
        if isinstance(node, dict)
        else [*enumerate(node)]
        if isinstance(node, list)
        else []
    )
    for key, value in items:
        here = _join(path, key)
        if isinstance(value, dict) and [*value] == ["secure"]:
            # In a list the others keep their places.
            node[key] = PLACEHOLDER
            if isinstance(node, dict):
                del node[key]
            yield here
        else:
            yield from _take_secrets(value, here)


def _join(path: str, key: str | int) -> str:
    if not path:
        return str(key)
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if _NAME.fullmatch(key) else f"{path}[{json.dumps(key)}]"


def _copy_commit(source: Path, commit: str, target: Path) -> None:
    # Through a file: a commit that does not exist must not look like an empty one.
    with tempfile.TemporaryFile() as archive:
        done = subprocess.run(
            ["git", "archive", "--format=tar", commit],
            cwd=source,
            stdout=archive,
            stderr=subprocess.PIPE,
            check=False,
        )
        if done.returncode:
            sys.exit(
                f"there is no commit '{commit}' to start from; fetch it, or name "
                "another by BASE"
            )
        archive.seek(0)
        with tarfile.open(fileobj=archive) as tar:
            tar.extractall(target, filter="data")


def copy_tree(source: Path, target: Path) -> None:
    """Copy what git knows or would add, as it is on disk."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=source,
        stdout=subprocess.PIPE,
        check=True,
    )
    for name in set(listed.stdout.decode().split("\0")) - {""}:
        found = source / name
        if os.path.lexists(found) and not found.is_dir():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(found, target / name, follow_symlinks=False)
