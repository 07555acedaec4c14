"""A deployment engine in little: what Pulumi's does with a provider, and no more.

It drives the real provider process over the engine's own protocol. Levels of the
program run in parallel, as the engine runs what does not depend on each other; the
first failure lets what runs come to its end and starts nothing more. State is written
when a run ends, however it ends but by a kill: that is PULUMI_SKIP_CHECKPOINTS.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from components.kernel.journal import VARIABLE, Journal
from tests.support.servicer import CallError, Object, Process, Servicer

Known = Mapping[str, Object]
Inputs = Callable[[Known], dict[str, Any]]
PARALLEL = 8


@dataclass(frozen=True)
class Declared:
    """One resource of a program.

    Attributes:
        name: Its name in state.
        token: Its kind.
        inputs: What it is given, from what was made before it.
    """

    name: str
    token: str
    inputs: Inputs


Program = Sequence[Sequence[Declared]]


class FailedError(Exception):
    """A run ended with errors, in the words that a user would read."""

    def __init__(self, errors: Sequence[str]) -> None:
        super().__init__("; ".join(errors))
        self.errors = list(errors)


class UnwrittenError(FailedError):
    """A run came to its end, and its state could not be written."""


class KilledError(Exception):
    """The engine was killed in the middle of a run."""


@dataclass
class Engine:
    """One stack: its state, and the commands on it.

    Attributes:
        start: What starts a provider process: takes variables of this stack, and
            `largest_file`.
        journal: Where the kernel notes what it begins; as `make up` has it.
        state: What it has made, in the order of the program.
        wrote: What its providers wrote.
    """

    start: Callable[..., Process]
    journal: Path
    state: dict[str, Object] = field(default_factory=dict)
    wrote: list[str] = field(default_factory=list)
    _provider: Servicer | None = None
    _run: _Run | None = None
    _dead: str = ""

    def kill(self) -> None:
        """Have the running command die at once, and its provider with it."""
        self._dead = "engine"
        if self._provider is not None:
            self.wrote.append(self._provider.close())

    def kill_provider(self) -> None:
        """Have the provider of the running command die."""
        self._dead = "provider"
        if self._provider is not None:
            self._provider.kill()

    def kill_program(self) -> None:
        """Have the program die, which then declares nothing more."""
        if self._run is not None:
            self._run.cut_short = True

    def up(self, program: Program, room: int | None = None) -> list[str]:
        """Make the services what the program says; return what was done to what.

        Args:
            program: What to make.
            room: How many bytes the disk has left, that of state and journal.
        """
        done = self._do(lambda run: run.up(program), room)
        Journal(self.journal).clear()
        return done

    def refresh(self, room: int | None = None) -> list[str]:
        """Take what is there into the state; return what differed."""
        return self._do(lambda run: run.refresh(), room)

    def destroy(self, room: int | None = None) -> list[str]:
        """Delete everything, the last made first."""
        return self._do(lambda run: run.up(()), room)

    def _do(self, act: Callable[[_Run], None], room: int | None) -> list[str]:
        """Run a command as `tools.stack` does, and keep what it has done."""
        journal, self._dead = Journal(self.journal), ""
        largest = None if room is None else self._journal_size() + room
        start = functools.partial(self.start, largest_file=largest)
        self._provider = Servicer({VARIABLE: str(self.journal)}, start)
        self._run = run = _Run(self._provider, dict(self.state))
        failed: FailedError | None = None
        try:
            act(run)
        except FailedError as error:
            failed = error
        except Exception:
            if self._dead != "engine":
                raise
        if self._dead == "engine":
            raise KilledError
        self.wrote.append(self._provider.close())
        if self._dead == "provider" and failed:
            failed = FailedError(["the provider is gone"])
        if room is not None:
            raise UnwrittenError([] if failed is None else failed.errors)
        self.state = run.state
        journal.settle()
        if failed:
            raise failed
        return run.done

    def _journal_size(self) -> int:
        return self.journal.stat().st_size if self.journal.exists() else 0


class _Run:
    """One command, on a copy of the state."""

    def __init__(self, provider: Servicer, state: dict[str, Object]) -> None:
        self.state = state
        self.done: list[str] = []
        self.cut_short = False
        self._provider = provider

    def up(self, program: Program) -> None:
        for level in program:
            if self.cut_short:
                raise FailedError(["the program is gone"])
            self._all([lambda one=one: self._step(one) for one in level])
        wanted = [one.name for level in program for one in level]
        gone = [name for name in reversed(self.state) if name not in wanted]
        for name in gone:
            self._all([lambda name=name: self._delete(name)])
        self.state = {name: self.state[name] for name in wanted}

    def refresh(self) -> None:
        self._all([lambda name=name: self._read(name) for name in list(self.state)])

    def _all(self, steps: Sequence[Callable[[], None]]) -> None:
        with ThreadPoolExecutor(PARALLEL) as pool:
            running = [pool.submit(step) for step in steps]
        errors = [run.exception() for run in running]
        told = [str(error) for error in errors if error is not None]
        for error in errors:
            if error is not None and not isinstance(error, CallError):
                raise error
        if told:
            raise FailedError(told)

    def _step(self, one: Declared) -> None:
        news = one.inputs(self.state)
        old = self.state.get(one.name)
        if old is None:
            self.state[one.name] = self._provider.create(one.token, news)
            self.done.append(f"created {one.name}")
            return
        checked = self._provider.check(one.token, news, old.inputs)
        assert not checked.failures, checked.failures
        changes, replaces = self._provider.diff(old, checked.inputs)
        if not changes:
            return
        if replaces:
            self._delete(one.name)
            self.state[one.name] = self._provider.create(one.token, news)
        else:
            self.state[one.name] = self._provider.update(old, news)
        self.done.append(f"changed {', '.join(changes)} of {one.name}")

    def _delete(self, name: str) -> None:
        self._provider.delete(self.state[name])
        del self.state[name]
        self.done.append(f"deleted {name}")

    def _read(self, name: str) -> None:
        old = self.state[name]
        live = self._provider.read(old)
        if live is None:
            del self.state[name]
            self.done.append(f"{name} is gone")
            return
        self.state[name] = live
        fields = sorted(live.inputs.keys() | old.inputs.keys())
        differs = [f for f in fields if live.inputs.get(f) != old.inputs.get(f)]
        if differs:
            self.done.append(f"{', '.join(differs)} of {name}")
