"""An update as a whole: what state has, and what the program declares now."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from functools import cache, cached_property
from typing import Any, Final, NamedTuple

from components.kernel.registry import load

from .rule import Thing, kind_of
from .wire import Sealed, read

_EXPORT_SECONDS: Final = 60


class StateError(Exception):
    """The stack's state cannot be read; the message says why."""


class Known(NamedTuple):
    """An object that state has.

    Attributes:
        thing: What it is.
        id: Its id.
        modified: When an update last wrote it.
    """

    thing: Thing
    id: str
    modified: datetime | None


class Update:
    """What would change, by URN; of our own objects alone.

    Attributes:
        after: What the program declares.
        renamed: The URNs that it says things had before.
    """

    def __init__(
        self,
        after: Mapping[str, Thing],
        before: Mapping[str, Known] | None = None,
        renamed: Collection[str] = (),
    ) -> None:
        self.after = after
        self.renamed = frozenset(renamed)
        if before is not None:
            self.before = before

    @cached_property
    def before(self) -> Mapping[str, Known]:
        """What state has.

        Raises:
            StateError: It cannot be read.
        """
        return known_of(_exported())

    def deleted(self) -> Iterator[tuple[str, Known]]:
        """Yield what state has and the program no longer declares."""
        for urn, known in self.before.items():
            if urn not in self.after and urn not in self.renamed:
                yield urn, known

    def replaced(self) -> Iterator[tuple[str, Known]]:
        """Yield what would be deleted and made anew."""
        for urn, known in self.before.items():
            thing = self.after.get(urn)
            if thing is not None and _replaces(known, thing):
                yield urn, known


def _replaces(known: Known, thing: Thing) -> bool:
    """Ask the kind, as the engine does."""
    olds, news = known.thing.inputs, thing.inputs
    # What is sealed state has as ciphertext; nothing immutable is.
    seen = {k: v for k, v in news.items() if not isinstance(v, Sealed)}
    if all(olds.get(key) == value for key, value in seen.items()):
        return False
    try:
        lifecycle = load(thing.kind).lifecycle
    except LookupError:  # a dynamic provider of the program's own
        return False
    return bool(lifecycle.replaces(known.id, olds, seen))


def known_of(deployment: Mapping[str, Any]) -> dict[str, Known]:
    """Return our own objects in an exported state, by URN."""
    found = {}
    for one in (deployment.get("deployment") or {}).get("resources") or ():
        kind = kind_of(one["type"])
        gone = one.get("delete") or one.get("external")
        if kind and not gone:
            name = one["urn"].rpartition("::")[2]
            thing = Thing(kind, name, read(one.get("outputs") or {}))
            modified = one.get("modified")
            found[one["urn"]] = Known(
                thing,
                one.get("id", ""),
                datetime.fromisoformat(modified) if modified else None,
            )
    return found


@cache  # a preview sees one state
def _exported() -> Mapping[str, Any]:
    """Read the state by the CLI, which knows every backend."""
    env = os.environ
    stack = "/".join(
        (
            env.get("PULUMI_ORGANIZATION") or "organization",
            env.get("PULUMI_PROJECT", ""),
            env.get("PULUMI_STACK", ""),
        )
    )
    try:
        done = subprocess.run(
            ["pulumi", "stack", "export", "--stack", stack, "--non-interactive"],
            capture_output=True,
            text=True,
            timeout=_EXPORT_SECONDS,
            check=True,
        )
        return dict(json.loads(done.stdout))
    except subprocess.CalledProcessError as error:
        why = error.stderr.strip() or f"exit code {error.returncode}"
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        why = type(error).__name__
    raise StateError(f"the state of {stack} cannot be read ({why})")
