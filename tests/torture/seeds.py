"""One seed: a life of the stack under faults, and what must be true after it."""

from __future__ import annotations

import random
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tests.torture.engine import (
    Engine,
    FailedError,
    KilledError,
    Program,
    UnwrittenError,
)
from tests.torture.faults import Blow, Schedule
from tests.torture.stack import CANARY, program

if TYPE_CHECKING:
    from tests.torture.world import World

# How likely each call is to fail.
RATES: Final = (0.03, 0.1, 0.2, 0.3)
# What is killed, in a seed of each of these sorts.
BLOWS: Final = (
    *(None, None, None, None, None, "engine", "engine", "engine", "engine"),
    *("provider", "program", "service"),
)
# How likely a command is to find the disk full when it writes the state, and how much
# of the journal there was room for by then, in bytes.
DISK_FULL: Final = 0.04
ROOMS: Final = (0, 100, 1000, 100_000)
# What is run first on nothing, on a stack that is up, and after that.
AT_FIRST: Final = ("up 1", "up 2")
ON_A_STACK: Final = ("up 2", "up 2", "refresh", "destroy")
COMMANDS: Final = ("up 1", "up 2", "refresh", "destroy")
# What cannot be done to what, why, and the way out. Where a call took longer than any
# may, the provider's words are others.
_CLEAR: Final = re.compile(
    r"(Exception calling application: )?cannot (create|read|update|delete) .+: .+"
    r"|the (provider|program) is gone"
)
# A run with every retry that the clients make; beyond it, something hangs.
DEADLINE_SECONDS: Final = 240


@dataclass
class Report:
    """What a seed went through.

    Attributes:
        seed: The seed.
        calls: How many calls were made under faults.
        drawn: How often each fault came.
        story: What was run, and how each command ended.
        errors: The sentences that commands ended with.
        problems: What is not as it must be; empty if all is well.
    """

    seed: int
    calls: int = 0
    drawn: dict[str, int] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    story: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    seconds: float = 0


def expected(world: World) -> dict[int, Any]:
    """Return what is there after an undisturbed `up` of each version."""
    there: dict[int, Any] = {}
    engine = Engine(world.fork.start, world.folder / "journal")
    for version in (1, 2):
        engine.up(program(world.place, version=version))
        there[version] = world.remote()
    engine.destroy()
    there[0] = world.remote()
    return there


def live(world: World, seed: int, there: dict[int, Any]) -> Report:
    """Run some commands under faults, then one `up` without, and compare."""
    report = Report(seed)
    started = time.monotonic()
    chance = random.Random(seed)  # noqa: S311  # no secret
    schedule = Schedule(seed, chance.choice(RATES))
    engine = Engine(world.fork.start, world.folder / "journal")
    world.under(schedule)
    commands = [chance.choice(AT_FIRST)]
    if chance.random() < 0.5:
        engine.up(program(world.place, version=1))
        report.story.append("up 1, undisturbed")
        commands = [chance.choice(ON_A_STACK)]
    commands += chance.choices(COMMANDS, k=chance.randrange(3))
    schedule.calls = 0
    schedule.blow = _blow(chance, world, engine)
    schedule.on = True
    interrupted, half_gone = _commands(chance, commands, world, engine, report)
    world.end_faults()
    report.calls = schedule.calls
    report.drawn |= schedule.drawn
    final = interrupted or chance.choice((1, 2))
    report.story.append(f"up {final}, undisturbed")
    try:
        if half_gone:  # `make recover`, or what a destroy that failed tells to do
            engine.refresh()
        _converges(engine, program(world.place, version=final), world, there, final)
    except (AssertionError, FailedError) as problem:
        report.problems.append(str(problem)[:2000])
    report.seconds = time.monotonic() - started
    if report.seconds > DEADLINE_SECONDS:
        report.problems.append(f"took {report.seconds:.0f} s")
    report.problems += [
        f"not a sentence: {error}" for error in report.errors if not _clear(error)
    ]
    if any(CANARY in text for text in (*report.errors, *engine.wrote)):
        report.problems.append("a secret is in an error, or in what the provider wrote")
    return report


def _blow(chance: random.Random, world: World, engine: Engine) -> Blow | None:
    """Draw what is killed in a seed, and when."""
    strikes = {
        "engine": engine.kill,
        "provider": engine.kill_provider,
        "program": engine.kill_program,
    }
    name = chance.choice(BLOWS)
    if name is None:
        return None
    call = chance.randrange(1, 70)
    if name == "service":
        name = chance.choice(sorted(world.lines))
        return Blow(name, call, lambda: world.restart(name))
    return Blow(name, call, strikes[name])


def _commands(
    chance: random.Random,
    commands: list[str],
    world: World,
    engine: Engine,
    report: Report,
) -> tuple[int, bool]:
    """Run commands under faults, until they are through or one is killed.

    Returns:
        The version whose `up` was interrupted, or 0; and whether the state is not what
        it would be after a run that came to its end.
    """
    interrupted, half_gone = 0, False
    for command in commands:
        verb, _, version = command.partition(" ")
        # After a run that ended badly, the same program is run again.
        wanted = interrupted or int(version or 0)
        room = chance.choice(ROOMS) if chance.random() < DISK_FULL else None
        world.next_command()
        outcome = _outcome(
            engine, program(world.place, version=wanted), verb, room, report
        )
        report.story.append(f"{verb} {wanted}: {outcome}")
        if verb == "up":
            interrupted = 0 if outcome == "done" else wanted
        lost = outcome in {"killed", "unwritten"}
        half_gone |= lost or (verb, outcome) == ("destroy", "failed")
        if lost:
            break
    return interrupted, half_gone


def _outcome(
    engine: Engine, wanted: Program, verb: str, room: int | None, report: Report
) -> str:
    try:
        if verb == "up":
            engine.up(wanted, room)
        elif verb == "refresh":
            engine.refresh(room)
        else:
            engine.destroy(room)
    except FailedError as failed:
        report.errors += failed.errors
        if isinstance(failed, UnwrittenError):
            report.drawn["disk full"] = 1
            return "unwritten"
        return "failed"
    except KilledError:
        return "killed"
    return "done"


def _converges(
    engine: Engine, wanted: Program, world: World, there: dict[int, Any], version: int
) -> None:
    engine.up(wanted)
    assert not (again := engine.up(wanted)), f"a second up: {'; '.join(again)}"
    now = world.remote()
    for name, expected_ in there[version].items():
        assert now[name] == expected_, f"{name}: {now[name]} != {expected_}"
    assert not (drift := engine.refresh()), f"a refresh finds: {'; '.join(drift)}"
    shut = world.doors({name: one.outputs for name, one in engine.state.items()})
    assert not shut, f"does not open: {', '.join(shut)}"
    engine.destroy()
    left = world.remote()
    for name, expected_ in there[0].items():
        assert left[name] == expected_, f"left of {name}: {left[name]}"


def _clear(error: str) -> bool:
    """Tell whether an error is a sentence that a user may be shown."""
    return bool(_CLEAR.fullmatch(error)) and "Traceback" not in error
