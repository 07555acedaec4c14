"""Processes known by pid *and* start time, so that no stranger is ever signalled.

A pid alone is reused by the system; together with the time at which the process started
it names one process for as long as the machine is up.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

POLL_SECONDS = 0.05
PROC = Path("/proc")


@dataclass(frozen=True)
class ProcessId:
    """One process: its pid, and when it started in the system's own words."""

    pid: int
    started: str

    @classmethod
    def of(cls, pid: int) -> ProcessId:
        """Identify a process that is running now."""
        return cls(pid, _start_time(pid) or "")

    def is_alive(self) -> bool:
        """Tell whether this very process still runs (a zombie does not)."""
        return bool(self.started) and _start_time(self.pid) == self.started


class _Stat(NamedTuple):
    """The fields of `/proc/<pid>/stat` that matter here."""

    is_zombie: bool
    group: int
    started: str


def _stat(pid: str) -> _Stat | None:
    """Read a process's state from Linux's /proc."""
    try:
        text = (PROC / pid / "stat").read_text()
    except OSError:  # it has just ended
        return None
    # The name in parentheses may hold spaces: count fields after it.
    fields = text.rpartition(")")[2].split()
    return _Stat(fields[0] == "Z", int(fields[2]), fields[19])


def _start_time(pid: int) -> str | None:
    """Return when a process started, or None when there is no such process."""
    if (PROC / "self/stat").exists():
        stat = _stat(str(pid))
        return None if stat is None or stat.is_zombie else stat.started
    # macOS has no /proc.
    shown = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    return None if not shown or shown.startswith("Z") else shown.split(None, 1)[1]


def group_exists(group: int) -> bool:
    """Tell whether any process runs in a process group; zombies do not."""
    if (PROC / "self/stat").exists():
        # In a container, orphans may stay zombies for ever: nobody waits for them.
        stats = (_stat(each.name) for each in PROC.glob("[0-9]*"))
        return any(s and s.group == group and not s.is_zombie for s in stats)
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):  # the latter: only zombies are left
        return False
    return True


def stop_group(
    group: int,
    grace_seconds: float = 10,
    reap: Callable[[], object] = lambda: None,
) -> None:
    """End a process group: ask first, and force after the grace period.

    The caller must know that the group is its own: it led to it by a live `ProcessId`,
    or by a child whose pid it has not let go of. A parent passes how to `reap` it.
    """
    for signal_number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal_number)
        deadline = time.monotonic() + grace_seconds
        while time.monotonic() < deadline:
            is_gone = not group_exists(group)
            reap()
            if is_gone:
                return
            time.sleep(POLL_SECONDS)
