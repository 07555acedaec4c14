"""Keep the services running: start, wait for health, restart, and stop cleanly.

One thread, one loop. A service that ends is started again with growing pauses, and the
user is told. Every process leads a group of its own, so that stopping a service also
ends what it started. All that is running is on record in the state folder *before*
anything else happens: whatever kills the supervisor, the next `up` finds and ends
exactly what it left, and nothing else.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from localcloud import ports
from localcloud.processes import ProcessId, stop_group
from localcloud.state import Run, ServiceRun, StateDir

if TYPE_CHECKING:
    import threading

    from localcloud.services import Service

TICK_SECONDS = 0.1
BACKOFF_SECONDS = (0.5, 1, 2, 5, 10, 30)
STEADY_SECONDS = 60  # after this long a crash counts as the first one again
PROBE_SECONDS = 2

Say = Callable[[str], None]


class BootError(Exception):
    """A service did not become healthy."""


class Supervised:
    """One service of the table, being kept running."""

    def __init__(
        self,
        service: Service,
        run: ServiceRun,
        state: StateDir,
        say: Say,
        others: Mapping[str, str],
    ) -> None:
        self.service = service
        self.run = run
        self._state = state
        self._say = say
        self._read = {name: others[name] for name in service.reads if name in others}
        self._child: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._crashes = 0
        self._next_start = 0.0
        known = {
            "ports": run.ports,
            "secrets": state.credentials(service),
            "data": state.data(service),
        }
        self._arguments = [text.format(**known) for text in service.arguments]
        self._ready_url = service.ready.format(**known)

    def start(self) -> None:
        """Start the process; its output goes to its log."""
        data = self._state.data(self.service)
        data.mkdir(parents=True, exist_ok=True)
        credentials = self._state.credentials(self.service)
        with self._state.log(self.service.name).open("ab") as log:
            self._child = subprocess.Popen(
                [sys.executable, *self._arguments, "--state-dir", str(data)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=os.environ
                | self._read
                | {f"LOCALCLOUD_{k.upper()}": v for k, v in credentials.items()},
                start_new_session=True,
            )
        self._started = time.monotonic()
        self.run.process = ProcessId.of(self._child.pid)
        self.run.phase = "starting"

    def tick(self) -> bool:
        """Look after the process once; tell whether anything changed."""
        if self._child is None:
            if time.monotonic() < self._next_start:
                return False
            self.start()
            return True
        if (code := self._child.poll()) is not None:
            self._crashed(code)
            return True
        if self.run.phase == "starting" and self._answers():
            self.run.phase = "ready"
            seconds = time.monotonic() - self._started
            self._say(f"{self.service.name} is ready ({seconds:.1f} s)")
            return True
        return False

    def stop(self) -> None:
        """End the process and all that it started."""
        if self._child is not None:
            stop_group(self._child.pid, reap=self._child.poll)
        self._child = None
        self.run.process = None
        self.run.phase = "stopped"

    def booted_in_time(self) -> bool:
        """Tell whether the first start is over, or may still succeed."""
        taken = time.monotonic() - self._started
        return self.run.phase == "ready" or taken < self.service.boot_seconds

    def _crashed(self, code: int) -> None:
        if time.monotonic() - self._started > STEADY_SECONDS:
            self._crashes = 0
        pause = BACKOFF_SECONDS[min(self._crashes, len(BACKOFF_SECONDS) - 1)]
        self._crashes += 1
        self._say(
            f"{self.service.name} ended {_how(code)}; starting it again in {pause} s "
            f"(its log: {self._state.log(self.service.name)})"
        )
        self.stop()  # what the process had started must not outlive it
        self.run.phase = "restarting"
        self.run.restarts += 1
        self._next_start = time.monotonic() + pause

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(  # noqa: S310 - the table's own loopback URL
                self._ready_url, timeout=PROBE_SECONDS
            ) as response:
                return int(response.status) == 200
        except OSError:
            return False


def _how(code: int) -> str:
    if code < 0:
        return f"by signal {signal.Signals(-code).name}"
    return f"with exit code {code}"


class Supervisor:
    """All services of one state folder, from `boot` until `close`."""

    def __init__(
        self,
        state: StateDir,
        services: Iterable[Service],
        asked_ports: Mapping[str, int],
        say: Say,
    ) -> None:
        self._state = state
        self._say = say
        before = state.read_run()
        end_leftovers(before, say)
        self._run = Run(ProcessId.of(os.getpid()))
        chosen = tuple(services)
        known: dict[str, str] = {}
        for service in chosen:
            kept = before.services.get(service.name)
            given = ports.assign(service, asked_ports, kept.ports if kept else {})
            self._run.services[service.name] = ServiceRun(given)
            known |= state.environment(service, given)
        self._supervised = [
            Supervised(each, self._run.services[each.name], state, say, known)
            for each in chosen
        ]

    def boot(self, stopping: threading.Event) -> None:
        """Start every service and wait until all are healthy, or until told to stop.

        Raises:
            BootError: A service took longer than its entry in the table allows.
        """
        for each in self._supervised:
            each.start()
        self._record()
        while not stopping.wait(TICK_SECONDS):
            self._tick()
            if late := [s for s in self._supervised if not s.booted_in_time()]:
                name = late[0].service.name
                raise BootError(
                    f"{name} did not answer within {late[0].service.boot_seconds:.0f} "
                    f"s; its log {self._state.log(name)} says why."
                )
            if all(each.run.phase == "ready" for each in self._supervised):
                return

    def watch(self, stopping: threading.Event) -> None:
        """Keep all services running until told to stop."""
        while not stopping.wait(TICK_SECONDS):
            self._tick()

    def close(self) -> None:
        """Stop every service, in the reverse order of their start."""
        for each in reversed(self._supervised):
            self._say(f"stopping {each.service.name}")
            each.stop()
        self._run.supervisor = None
        self._record()

    def _tick(self) -> None:
        changed = [each.tick() for each in self._supervised]
        if any(changed):
            self._record()

    def _record(self) -> None:
        self._state.write_run(self._run)


def end_leftovers(run: Run, say: Say) -> None:
    """End what a killed supervisor left: recorded processes that are still the same."""
    for process in run.leftovers():
        say(f"ending process {process.pid}, left over from an earlier run")
        stop_group(process.pid)
