"""The state folder: what a local cloud keeps, and what its commands tell each other.

```
credentials.json   what was generated at first start (0600)
run.json           who runs now, and on which ports (0600)
lock               held by the running supervisor for as long as it lives
logs/<name>.log    what each service, and the supervisor, had to say
<name>/            a service's own data
```
"""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from localcloud.credentials import ensure, write_private
from localcloud.processes import ProcessId
from localcloud.services import SERVICES, Service

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


class AlreadyRunningError(Exception):
    """Another supervisor serves this state folder."""


@dataclass
class ServiceRun:
    """What is known of a service's present run."""

    ports: dict[str, int]
    phase: str = "stopped"
    process: ProcessId | None = None
    restarts: int = 0


@dataclass
class Run:
    """The running cloud, as its supervisor last wrote it down."""

    supervisor: ProcessId | None = None
    services: dict[str, ServiceRun] = field(default_factory=dict)

    def leftovers(self) -> Iterator[ProcessId]:
        """Yield the recorded service processes that still run."""
        for run in self.services.values():
            if run.process is not None and run.process.is_alive():
                yield run.process

    @property
    def is_up(self) -> bool:
        """Whether the recorded supervisor still runs."""
        return self.supervisor is not None and self.supervisor.is_alive()


def _process(raw: Mapping[str, Any] | None) -> ProcessId | None:
    return None if raw is None else ProcessId(**raw)


class StateDir:
    """A state folder, its files, and the lock that makes a supervisor the only one."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    def log(self, name: str) -> Path:
        """Return the log file of a service, making its folder."""
        folder = self.root / "logs"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{name}.log"

    def data(self, service: Service) -> Path:
        """Return the folder of a service's own data."""
        return self.root / service.name

    def credentials(self, service: Service) -> dict[str, str]:
        """Return a service's credentials, made at first use."""
        return ensure(self.root / "credentials.json", service.secrets)

    def read_run(self) -> Run:
        """Read what is running; an empty record when nothing ever ran."""
        path = self.root / "run.json"
        if not path.exists():
            return Run()
        raw = json.loads(path.read_text())
        services = {
            name: ServiceRun(**{**kept, "process": _process(kept["process"])})
            for name, kept in raw["services"].items()
        }
        return Run(_process(raw["supervisor"]), services)

    def write_run(self, run: Run) -> None:
        """Record what is running."""
        write_private(self.root / "run.json", json.dumps(asdict(run), indent=2) + "\n")

    def environment(self, service: Service, ports: Mapping[str, int]) -> dict[str, str]:
        """Return the variables that clients of a service need."""
        known = {
            "ports": ports,
            "secrets": self.credentials(service),
            "data": self.data(service),
        }
        return {k: text.format(**known) for k, text in service.environment.items()}

    def running_environment(self) -> dict[str, dict[str, str]]:
        """Return the clients' variables of every service of the present run."""
        runs = self.read_run().services
        return {
            s.name: self.environment(s, runs[s.name].ports)
            for s in SERVICES
            if s.name in runs
        }

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Be the only supervisor of this folder while the context lasts.

        The system drops the lock with its holder, however that ends.

        Raises:
            AlreadyRunningError: Another supervisor holds it.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.root / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise AlreadyRunningError(
                    f"A local cloud already runs on {self.root}: see it with `status`, "
                    f"or end it with `down`."
                ) from None
            yield
        finally:
            os.close(descriptor)
