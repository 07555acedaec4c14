"""What a command costs: time, CPU and memory of it and of all that it starts."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

SAMPLE_SECONDS: Final = 0.1
# What a plugin may take to notice that its engine is gone.
GRACE_SECONDS: Final = 10.0
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_MEBIBYTE: Final = 1024 * 1024


@dataclass(frozen=True)
class Cost:
    """What one command took.

    Attributes:
        seconds: From its start to its end.
        cpu_seconds: Of it and of all processes that it waited for, user and system.
        peak_mebibytes: The most resident memory of its session at any sample, added
            up over its processes; what they share counts in each.
        first_output_seconds: From its start to its first output; None if there was
            none.
        output: All that it printed.
    """

    seconds: float
    cpu_seconds: float
    peak_mebibytes: float
    first_output_seconds: float | None
    output: str


def measured(
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    deadline_seconds: float = 1800,
) -> Cost:
    """Run a command to its good end, in a session of its own, and tell its cost.

    Raises:
        RuntimeError: It failed, or outlived its deadline; nothing of it runs on.
    """
    start = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    ended = threading.Event()
    peak = [0.0]
    heard: list[float] = []
    said = bytearray()
    threads = [
        threading.Thread(target=_watch, args=(process.pid, ended, peak), daemon=True),
        threading.Thread(target=_listen, args=(process, heard, said), daemon=True),
    ]
    for thread in threads:
        thread.start()
    killer = threading.Timer(deadline_seconds, _kill_session, (process.pid,))
    killer.start()
    try:
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
    finally:
        killer.cancel()
        ended.set()
        _end_session(process.pid)
    for thread in threads:
        thread.join()
    output = said.decode(errors="replace")
    if process.returncode:
        raise RuntimeError(f"{list(command)} → {process.returncode}\n{output}")
    return Cost(
        seconds,
        usage.ru_utime + usage.ru_stime,
        peak[0],
        heard[0] - start if heard else None,
        output,
    )


def _listen(
    process: subprocess.Popen[bytes], heard: list[float], said: bytearray
) -> None:
    assert process.stdout is not None  # noqa: S101  # it was asked for
    with process.stdout as output:
        while chunk := os.read(output.fileno(), 65536):
            if not heard:
                heard.append(time.perf_counter())
            said.extend(chunk)


def _watch(session: int, ended: threading.Event, peak: list[float]) -> None:
    while not ended.wait(SAMPLE_SECONDS):
        pages = sum(pages for _, pages in _members(session))
        peak[0] = max(peak[0], pages * _PAGE / _MEBIBYTE)


def _members(session: int) -> Iterator[tuple[int, int]]:
    """Yield the processes of a session, and how many pages each holds (Linux)."""
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        try:
            text = Path(entry.path, "stat").read_text()
        except OSError:
            continue
        # After the name, which may hold anything: state, ppid, pgrp, session, …, rss.
        fields = text.rpartition(")")[2].split()
        if int(fields[3]) == session and fields[0] != "Z":
            yield int(entry.name), int(fields[21])


def _end_session(session: int) -> None:
    """Wait for what is left of a session, and kill what does not end."""
    deadline = time.monotonic() + GRACE_SECONDS
    while any(_members(session)):
        if time.monotonic() > deadline:
            _kill_session(session)
            return
        time.sleep(SAMPLE_SECONDS)


def _kill_session(session: int) -> None:
    for pid, _ in list(_members(session)):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
