"""A deployment engine in little: what Pulumi's does with a provider, and no more.

It drives the real provider process over the engine's own protocol. Levels of the
program run in parallel, as the engine runs what does not depend on each other; the
first failure lets what runs come to its end and starts nothing more. State is written
when a run ends, however it ends but by a kill: that is PULUMI_SKIP_CHECKPOINTS.
"""

from __future__ import annotations

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


class KilledError(Exception):
    """The engine was killed in the middle of a run."""


@dataclass
class Engine:
    """One stack: its state, and the commands on it.

    Attributes:
        start: What starts a provider process, with variables of this stack.
        journal: Where the kernel notes what it begins; as `make up` has it.
        state: What it has made, in the order of the program.
    """

    start: Callable[[Mapping[str, str]], Process]
    journal: Path
    state: dict[str, Object] = field(default_factory=dict)
    provider: Servicer | None = None
    killed: bool = False
    wrote: list[str] = field(default_factory=list)

    def kill(self) -> None:
        """Have the running command die at once."""
        self.killed = True
        if self.provider is not None:
            self.wrote.append(self.provider.close())

    def up(self, program: Program) -> list[str]:
        """Make the services what the program says; return what was done to what."""
        done = self._run(lambda run: run.up(program))
        self._notes.clear()
        return done

    def refresh(self) -> list[str]:
        """Take what is there into the state; return what differed."""
        return self._run(lambda run: run.refresh())

    def destroy(self) -> list[str]:
        """Delete everything, the last made first."""
        return self._run(lambda run: run.up(()))

    def _run(self, act: Callable[[_Run], None]) -> list[str]:
        self.killed = False
        self._notes = Journal(self.journal)
        self.provider = Servicer({VARIABLE: str(self.journal)}, self.start)
        run = _Run(self.provider, dict(self.state))
        try:
            act(run)
        finally:
            killed, self.killed = self.killed, False
            if not killed:
                self.wrote.append(self.provider.close())
                self.state = run.state
                self._notes.settle()
            self.provider = None
            if killed:
                raise KilledError
        return run.done


class _Run:
    """One command, on a copy of the state."""

    def __init__(self, provider: Servicer, state: dict[str, Object]) -> None:
        self.state = state
        self.done: list[str] = []
        self._provider = provider

    def up(self, program: Program) -> None:
        for level in program:
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
