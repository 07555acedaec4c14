"""What `up`, `status` and `env` print: tables, JSON and shell exports."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from localcloud.services import SERVICES

if TYPE_CHECKING:
    from localcloud.state import Run, StateDir

Row = Sequence[str]


def table(rows: Iterable[Row]) -> str:
    """Align rows in columns; the first row is the head."""
    lines = [list(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["─" * width for width in widths])
    return "\n".join(
        "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip()
        for row in lines
    )


def phase(run: Run, name: str) -> str:
    """Return a service's phase, which is `stopped` when nobody looks after it."""
    service = run.services[name]
    if run.is_up:
        return service.phase
    alive = service.process is not None and service.process.is_alive()
    return "orphaned" if alive else "stopped"


def as_data(state: StateDir) -> dict[str, object]:
    """Describe the cloud as plain data."""
    run = state.read_run()
    supervisor = run.supervisor
    environment = state.running_environment()
    return {
        "state_dir": str(state.root),
        "up": run.is_up,
        "supervisor_pid": supervisor.pid if supervisor and run.is_up else None,
        "services": {
            s.name: {
                "phase": phase(run, s.name),
                "ports": kept.ports,
                "pid": kept.process.pid if kept.process else None,
                "restarts": kept.restarts,
                "log": str(state.log(s.name)),
                "pages": dict(s.pages(environment[s.name]))
                if phase(run, s.name) == "ready"
                else {},
            }
            for s in SERVICES
            if (kept := run.services.get(s.name))
        },
    }


def as_table(state: StateDir) -> str:
    """Describe the cloud for a person: services, addresses, and what to do next."""
    run = state.read_run()
    if not run.services:
        return f"No local cloud ever ran on {state.root}: start one with `up`."
    environment = state.running_environment()
    services: list[Row] = [("SERVICE", "STATE", "ADDRESS", "WHAT IT IS")]
    pages: list[Row] = [("PAGE", "ADDRESS")]
    for s in SERVICES:
        if (kept := run.services.get(s.name)) is None:
            continue
        address = " ".join(f"127.0.0.1:{port}" for port in kept.ports.values())
        services.append((s.name, phase(run, s.name), address, s.summary))
        if phase(run, s.name) == "ready":
            pages.extend(s.pages(environment[s.name]))
    parts = [table(services)]
    if len(pages) > 1:
        parts.append(table(pages))
    return "\n\n".join(parts)


def exports(environment: Iterable[tuple[str, str]]) -> str:
    """Write variables as lines that a shell evaluates."""
    return "\n".join(f"export {key}={shlex.quote(value)}" for key, value in environment)
