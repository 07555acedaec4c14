"""Rotate a key of a stack: everybody who is given it gets the new one in one update.

    python -m tools.rotate prod prefect-key --name ci [--cwd FOLDER]

It changes the `rotation` text of what makes the key, in the stack's file, and runs
`up`; then it asks the service whether the new key works, and says when the one before
ends. If it is cut short, the same command goes on with what was begun, and rotates
nothing twice.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from components.kernel import ConfigurationError, FlowgroundError, told
from tools.doctor.finding import Verdict
from tools.doctor.patient import Patient, first_error
from tools.keys import SORTS, Key, accepts
from tools.stack import run
from tools.surroundings import HOME, ROOT, environment
from tools.yaml_text import YamlText, diff

if TYPE_CHECKING:
    from collections.abc import Callable

BEGUN: Final = HOME / "rotations"
_CONTEXT: Final = 2


class Rotation:
    """One key of one stack, about to be another.

    Attributes:
        patient: The stack.
        key: Which of its keys.
    """

    def __init__(self, patient: Patient, key: Key) -> None:
        self.patient = patient
        self.key = key
        where = f"{patient.env.get('PULUMI_BACKEND_URL')} {patient.stack}"
        whole = f"{where} {patient.project} {key}".encode()
        self._begun = BEGUN / hashlib.sha256(whole).hexdigest()[:32]

    def begin(self, text: str) -> str | None:
        """Have the config ask for another key, unless it does already.

        Returns:
            The change of the file, as a diff; None where an earlier run has begun it.

        Raises:
            ConfigurationError: The stack has no such key, or not yet.
        """
        asked = str(self._file.get(self._path) or "")
        if asked != self._made():
            return None
        if self._begun.exists() and self._begun.read_text() == asked:
            return None
        changed = self._file.set(self._path, text, _last(self._file, self._path))
        self._begun.parent.mkdir(parents=True, exist_ok=True)
        self._begun.write_text(text)
        file = self.patient.file
        fresh = file.with_suffix(".new")
        fresh.write_text(changed.text, encoding="utf-8")
        before = file.read_text(encoding="utf-8")
        fresh.replace(file)
        return diff(before, changed.text, file.name, _CONTEXT)

    def end(self) -> None:
        """Forget that it was begun: the new key is there, and works."""
        self._begun.unlink(missing_ok=True)

    def held(self) -> dict[str, str] | None:
        """Return the key that the stack hands out; None if it hands out none yet.

        Raises:
            ConfigurationError: The stack's secrets cannot be opened.
        """
        done = self.patient.pulumi("stack", "output", "--json", "--show-secrets")
        if done.returncode:
            raise ConfigurationError(
                f"its outputs cannot be read ({first_error(done.stderr)}); see `make "
                f"doctor STACK={self.patient.stack}`"
            )
        return self.key.of_outputs(json.loads(done.stdout).get("credentials") or {})

    @property
    def _file(self) -> YamlText:
        try:
            return YamlText(self.patient.file.read_text(encoding="utf-8"))
        except ConfigurationError as error:
            name = self.patient.file.name
            raise ConfigurationError(f"{name}: {error}") from None

    @property
    def _path(self) -> tuple[str, ...]:
        service, *rest = self.key.path
        return ("config", f"{self.patient.project}:{service}", *rest, "rotation")

    def _made(self) -> str:
        """Return what the key was made by that there is, as the state has it."""
        # With its secrets: what cannot be opened could not be updated either.
        done = self.patient.pulumi("stack", "export", "--show-secrets")
        if done.returncode:
            raise ConfigurationError(
                f"its state cannot be read: {first_error(done.stderr)}"
            )
        there = (json.loads(done.stdout).get("deployment") or {}).get("resources") or ()
        for one in there:
            if one["type"] == self.key.type and one["urn"].endswith(self.key.urn_end):
                return str(one.get("inputs", {}).get("rotation") or "")
        raise ConfigurationError(
            f"its state has no {self.key} yet, so there is nothing to rotate; run "
            f"`make up STACK={self.patient.stack}`"
        )


def rotate(
    rotation: Rotation, up: Callable[[], int], say: Callable[[str], None] = print
) -> int:
    """Rotate, and return the exit code.

    Args:
        rotation: What.
        up: Brings the stack up, and returns the exit code.
        say: Is told what happens.

    Raises:
        ConfigurationError: The stack has no such key.
    """
    key, stack = rotation.key, rotation.patient.stack
    before = rotation.held()
    change = rotation.begin(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")
    say(change or f"{key}: an earlier rotation goes on")
    started = datetime.now(UTC)
    if code := up():
        say(
            f"{key}: the update did not end well, and the config asks for the new key; "
            f"mend what it says and run the same command again (after a kill, `make "
            f"recover STACK={stack}` first)"
        )
        return code
    after = rotation.held()
    if after is None or not accepts(rotation.patient, key, after):
        say(
            f"{key}: the new key is not accepted, and who has it cannot work; run the "
            f"same command again, or see what `make doctor STACK={stack}` says"
        )
        return 1
    rotation.end()
    say(f"{key}: the new key is accepted, and everything in the stack has it")
    if before is not None and before != after:
        lives = accepts(rotation.patient, key, before)
        say(f"{key}: {key.fate(rotation.patient, started, lives=lives)}")
    return 0


def _last(file: YamlText, path: tuple[str, ...]) -> str | None:
    """Return the last entry of what a new one comes into."""
    for depth in reversed(range(1, len(path))):
        if above := file.get(path[:depth]):
            return str([*above][-1])
    return None


def main() -> int:
    """Run the command, and return its exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("stack")
    parser.add_argument("what", choices=SORTS)
    parser.add_argument("--name", help="which, where the stack has several")
    parser.add_argument("--cwd", type=Path, default=ROOT, metavar="FOLDER")
    given, options = parser.parse_known_args()
    env = environment()
    os.environ.update(env)  # which is where the services' clients look
    patient = Patient.of(given.stack, given.cwd, env)
    faults = [f.said for f in patient.findings if f.verdict is not Verdict.FINE]
    try:
        if faults:
            raise ConfigurationError("; ".join(faults))
        rotation = Rotation(patient, Key.of(patient, given.what, given.name))
        where = ["--cwd", str(given.cwd)]
        return rotate(rotation, lambda: run("up", given.stack, [*where, *options], env))
    except FlowgroundError as error:
        print(f"stack {given.stack}: {told(error)}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
