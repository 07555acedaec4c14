"""In dev nothing runs by itself, unless somebody asked for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policy.rule import ONLY_DEV, Rule, Thing
from policy.stack import Stack
from policy.wire import unsealed


def check(thing: Thing, stack: Stack) -> Iterator[str]:
    """Yield deployments whose schedules make runs that nobody asked for."""
    if thing.kind != "prefect:Deployment" or thing.inputs.get("paused") is True:
        return
    schedules = unsealed(thing.inputs.get("schedules"))
    active = [
        one
        for one in (schedules if isinstance(schedules, list) else ())
        if isinstance(one, Mapping) and one.get("active") is True
    ]
    name = thing.inputs.get("name")
    if active and not _asked(stack.config.get("prefect"), str(name)):
        yield (
            f"deployment '{thing.name}' has an active schedule in dev; declare it with "
            "active=False, or ask for it with `schedules: on` in the stack's "
            "flowground:prefect"
        )


def _asked(prefect: Any, name: str) -> bool:
    """Tell whether the stack's config has the schedules of a deployment on."""
    if not isinstance(prefect, Mapping):
        return False
    projects = [
        project
        for project in (prefect.get("flow_projects") or {}).values()
        if isinstance(project, Mapping)
    ]
    overlays = [
        overlay
        for project in projects
        for key, overlay in (project.get("overrides") or {}).items()
        if key.rpartition("/")[2] == name and isinstance(overlay, Mapping)
    ]
    return any(
        # YAML reads a bare `on` as true.
        one.get("schedules") in {"on", True}
        for one in (prefect, *projects, *overlays)
    )


RULE = Rule(
    name="resting-schedules",
    description="In dev, schedules rest unless asked for.",
    levels=ONLY_DEV,
    check=check,
)
