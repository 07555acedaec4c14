"""What the measurements have in common: files, processes, calls and tables."""

from __future__ import annotations

import itertools
import json
import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from bench.results import Table

ROOT = Path(__file__).resolve().parents[1]
SIZES = (200, 8_000)
# The short phases: of more of them one is less disturbed by other work.
_REPEATED = 3


def make_files(folder: Path, number: int) -> None:
    """Write small source files: of the same sizes everywhere, and nowhere the same.

    A store that knows contents by their hashes would else be sent them only once.
    """
    sizes, contents = random.Random(number), random.Random(str(folder))  # noqa: S311  # no secrets
    for i in range(number):
        file = folder / f"team_{i % 20:02}" / f"dag_{i:04}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(contents.randbytes(sizes.randint(*SIZES)))


def change_one_percent(folder: Path, number: int) -> None:
    """Edit half a percent of the files, remove a quarter and add a quarter."""
    files = sorted(folder.rglob("*.py"))
    edited, moved = max(1, number // 200), max(1, number // 400)
    for file in files[:edited]:
        file.write_bytes(file.read_bytes()[::-1])
    for file in files[-moved:]:
        file.with_name(f"new_{file.name}").write_bytes(file.read_bytes()[::-1])
        file.unlink()


def same_size_edit_with_an_old_date(folder: Path) -> Path:
    """Change a file as a checkout or a zip may: its size stays, and its date is old."""
    file = min(folder.rglob("*.py"))
    content = file.read_bytes()
    file.write_bytes(bytes([content[0] ^ 1]) + content[1:])
    os.utime(file, (1_000_000_000, 1_000_000_000))
    return file


class Took(NamedTuple):
    """What a process took, its start included, in seconds.

    Attributes:
        wall: From its start to its end.
        cpu: Of processors, its own and the kernel's for it; other work on the machine
            has little part in it.
    """

    wall: float
    cpu: float

    def __str__(self) -> str:
        return f"{self.wall:.2f} s ({self.cpu:.2f} s CPU)"


def seconds(command: list[str], env: Mapping[str, str], stdin: str = "") -> Took:
    """Run a process to its end, and return what it took."""
    start, used = time.perf_counter(), _cpu_of_children()
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **env},
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )
    took = Took(time.perf_counter() - start, _cpu_of_children() - used)
    if done.returncode:
        sys.exit(f"{command[:4]} failed:\n{done.stdout}\n{done.stderr}")
    return took


def _cpu_of_children() -> float:
    """Return what the processes have used that were waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(verb: str, task: Mapping[str, Any], env: Mapping[str, str]) -> Took:
    """Do something to resources in a process of its own (see `bench.run`)."""
    return seconds([sys.executable, "-m", "bench.run", verb], env, json.dumps(task))


class Rivals(Protocol):
    """Two ways to mirror a folder, each with a folder and a store of its own."""

    def folder(self, who: str) -> Path:
        """Return the folder of one of them."""

    def sync(self, who: str) -> Took:
        """Have one of them make its store what its folder is, and tell the time."""

    def refresh(self) -> Took:
        """Have ours look for drift, and tell the time."""


def compare(
    table: Table, rivals: Callable[[], Rivals], files: int, rounds: int
) -> None:
    """Measure both in every phase, one right after the other, in turns.

    Args:
        table: Where the times are noted; its columns are the two.
        rivals: Returns them on empty stores, with empty folders.
        files: How many files there are.
        rounds: How often all is measured.
    """
    for number in range(rounds):
        both = rivals()
        turns = itertools.cycle((table.columns, table.columns[::-1]))
        if number % 2:
            next(turns)
        # Side by side: what else the machine does is the same for both.
        folders = [_phases(both.folder(who), files) for who in table.columns]
        for phases in zip(*folders, strict=True):
            for who in next(turns):
                table.note(phases[0], who, both.sync(who))
        table.note("refresh", table.columns[0], both.refresh())


def count(
    table: Table, both: Rivals, files: int, calls: Callable[[], Iterable[str]]
) -> None:
    """Count what both call in every phase.

    Args:
        table: Where the calls are noted.
        both: The two, behind what counts.
        files: How many files there are.
        calls: Returns what was called since it was last asked.
    """
    for who in table.columns:
        for phase in _phases(both.folder(who), files):
            both.sync(who)
            table.count(phase, who, calls())
    both.refresh()
    table.count("refresh", table.columns[0], calls())


def _phases(folder: Path, files: int) -> Iterator[str]:
    """Take an empty folder through the phases; yield when it is ready for one."""
    make_files(folder, files)
    yield "first time"
    for _ in range(_REPEATED):
        yield "no change"
        change_one_percent(folder, files)
        yield "1 % changed"
