"""Many seeds at once: each worker is a process with services of its own."""

from __future__ import annotations

import multiprocessing
import queue
import signal
import sys
import tempfile
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.torture.seeds import Report, expected, live
from tests.torture.world import worlds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from multiprocessing import Queue

_SPAWNING: Final = multiprocessing.get_context("spawn")
_LOOK_SECONDS: Final = 5.0


def run(seeds: Iterable[int], workers: int) -> Iterator[Report]:
    """Yield the reports of all seeds, as they are done.

    Who stops listening before the end stops the workers too.
    """
    todo: Queue[int | None] = _SPAWNING.Queue()
    reports: Queue[Report] = _SPAWNING.Queue()
    left = list(seeds)
    for seed in (*left, *[None] * workers):
        todo.put(seed)
    running = [
        _SPAWNING.Process(target=_work, args=(todo, reports)) for _ in range(workers)
    ]
    for worker in running:
        worker.start()
    try:
        while left:
            try:
                report = reports.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                assert any(worker.is_alive() for worker in running), (
                    f"no word of {left}"
                )
                continue
            left.remove(report.seed)
            yield report
    finally:
        for worker in running if left else ():
            worker.terminate()
        for worker in running:
            worker.join()


def _work(seeds: Queue[int | None], reports: Queue[Report]) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # and stop the services
    more = iter(seeds.get, None)
    clean = False
    while not clean:  # a failing seed may leave anything behind
        with tempfile.TemporaryDirectory() as folder, worlds(Path(folder)) as world:
            there = expected(world)
            clean = True
            for seed in more:
                try:
                    report = live(world, seed, there)
                except Exception:  # noqa: BLE001  # it fails this seed, not the others
                    report = Report(seed, problems=[traceback.format_exc()])
                reports.put(report)
                if report.problems:
                    clean = False
                    break
