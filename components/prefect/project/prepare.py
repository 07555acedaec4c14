"""From an entry of a prefect.yaml to what a deployment and its automations are given.

Source of the order and the defaults: prefect.cli.deploy._core (3.8).
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from components.kernel import ConfigurationError
from components.kernel.check import Failure
from components.prefect.flow_code import FlowDescription, describe_entrypoint

from .overlay import Overlay, overlaid, pulled
from .templating import Meanings, fill
from .timing import read_schedules
from .triggers import Trigger, read_trigger

if TYPE_CHECKING:
    from collections.abc import Callable

    from components.kernel import Location
    from components.prefect.deployment_sla import Sla

    from .model import (
        ConcurrencyEntry,
        DeploymentEntry,
        ProjectFile,
        Step,
        WorkPoolEntry,
    )

# Where Prefect looks for the code in an image that it was not told more about.
IN_IMAGE = "/opt/prefect"


class Code(NamedTuple):
    """Where a project's code is: now, and when a run begins.

    Attributes:
        folder: The folder at hand.
        pull: What fetches the code at a run; none for the folder itself.
    """

    folder: Path
    pull: list[Step] | None = None


class Prepared(NamedTuple):
    """One deployment, ready to be declared; its key is its name in the file."""

    key: str
    name: str
    flow: str
    fields: dict[str, Any]
    triggers: list[Trigger]
    slas: list[Sla]


class Preparation:
    """Prepares the deployments of one file; gathers all that is wrong.

    Attributes:
        project: The file.
        faults: What is wrong with it.

    Args:
        project: The file.
        code: Where the code is.
        schedules: Whether schedules run where the overlay does not say.
        prefix: Put before the name of each deployment.
    """

    def __init__(
        self, project: ProjectFile, code: Code, *, schedules: bool, prefix: str
    ) -> None:
        self.project = project
        self._code = code
        self._schedules = schedules
        self._prefix = prefix
        self.faults: list[Failure] = []

    def fault(self, path: Location, reason: str) -> None:
        """Note that something is wrong."""
        self.faults.append(Failure.at(path, reason))

    def name_of(self, entry: DeploymentEntry, path: Location) -> str:
        """Return the deployment's name, its environment variables put in."""
        at = (*path, "name")
        return str(fill(entry.name, Meanings.at_preview, at, self.faults))

    def steps_of(self, entry: DeploymentEntry) -> list[Step]:
        """Return the build and push steps, as `prefect deploy` chooses them."""
        own = "build" in entry.model_fields_set
        build = entry.build if own else self.project.build
        return [*(build or []), *(entry.push or self.project.push or [])]

    def prepare(
        self,
        entry: DeploymentEntry,
        name: str,
        overlay: Overlay,
        meanings: Meanings,
        path: Location,
    ) -> Prepared | None:
        """Prepare one deployment; None if that much is wrong with it."""
        try:
            entry = overlaid(entry, overlay)
            pull = self._pull(entry, overlay)
        except ValueError as error:
            self.fault(path, str(error))
            return None
        described = self._described(entry, path)
        if entry.work_pool.name is None:
            self.fault((*path, "work_pool", "name"), "is required; name a work pool")
        if described is None:
            return None
        flow, entrypoint = described

        def now(value: Any, *at: str | int) -> Any:
            return fill(value, meanings.now, (*path, *at), self.faults)

        key, name = name, f"{self._prefix}{name}"
        runs = (
            self._schedules if overlay.schedules is None else overlay.schedules == "on"
        )
        fields = {
            "entrypoint": entrypoint,
            **_described_by(entry, flow, now),
            "pull_steps": fill(
                pull,
                partial(meanings.at_run, own=_ids(pull)),
                (*path, "pull"),
                self.faults,
            ),
            **_run_where(entry.work_pool, now),
            "schedules": read_schedules(
                entry, meanings.now, run=runs, path=path, faults=self.faults
            ),
            **_limited_to(entry.concurrency_limit, now),
        }
        triggers = [
            read_trigger(
                spec,
                f"{name}__automation_{number}",
                meanings,
                (*path, "triggers", number - 1),
                self.faults,
            )
            for number, spec in enumerate(entry.triggers, start=1)
        ]
        return Prepared(key, name, flow.name, fields, triggers, entry.sla)

    def _described(
        self, entry: DeploymentEntry, path: Location
    ) -> tuple[FlowDescription, str] | None:
        at = (*path, "entrypoint")
        if entry.entrypoint is None:
            self.fault(at, "is required; write it as 'path/file.py:function'")
            return None
        entrypoint = str(fill(entry.entrypoint, Meanings.at_preview, at, self.faults))
        try:
            return describe_entrypoint(self._code.folder, entrypoint), entrypoint
        except ConfigurationError as error:
            self.fault(at, str(error))
            return None

    def _pull(self, entry: DeploymentEntry, overlay: Overlay) -> list[Step]:
        """Return the steps that fetch the code, as `prefect deploy` chooses them."""
        given = "pull" in entry.model_fields_set
        if (entry.pull if given else self.project.pull) == []:
            return []
        steps = entry.pull or self.project.pull or self._default_pull(entry)
        return pulled(steps, overlay)

    def _default_pull(self, entry: DeploymentEntry) -> list[Step]:
        if self._code.pull is not None:
            return self._code.pull
        folder = (
            IN_IMAGE
            if entry.work_pool.job_variables.get("image")
            else str(self._code.folder.resolve())
        )
        step = "prefect.deployments.steps.set_working_directory"
        return [{step: {"directory": folder}}]


def _described_by(
    entry: DeploymentEntry, flow: FlowDescription, now: Callable[..., Any]
) -> dict[str, Any]:
    enforced = entry.enforce_parameter_schema
    return {
        "version": now(entry.version, "version") or flow.version,
        "description": now(entry.description, "description") or flow.description,
        "tags": now(entry.tags, "tags"),
        "paused": now(entry.paused, "paused") or False,
        "parameters": now(entry.parameters, "parameters"),
        "parameter_openapi_schema": _as_sent(flow.parameter_openapi_schema),
        "enforce_parameter_schema": True
        if enforced is None
        else now(enforced, "enforce_parameter_schema"),
    }


def _run_where(pool: WorkPoolEntry, now: Callable[..., Any]) -> dict[str, Any]:
    queue, variables = pool.work_queue_name, pool.job_variables
    return {
        "work_pool_name": now(pool.name, "work_pool", "name"),
        "work_queue_name": now(queue, "work_pool", "work_queue_name"),
        "job_variables": now(variables, "work_pool", "job_variables"),
    }


def _limited_to(
    limit: ConcurrencyEntry | None, now: Callable[..., Any]
) -> dict[str, Any]:
    if limit is None:
        return {}
    fields = {"concurrency_limit": now(limit.limit, "concurrency_limit")}
    if limit.model_fields_set != {"limit"}:
        options = limit.model_dump(exclude={"limit"}, exclude_none=True)
        fields["concurrency_options"] = now(options, "concurrency_limit")
    return fields


def _ids(steps: list[Step]) -> set[str]:
    """Return the ids by which steps call each other's outputs."""
    return {
        inputs["id"] for step in steps for inputs in step.values() if "id" in inputs
    }


def _as_sent(schema: dict[str, Any]) -> dict[str, Any]:
    """Leave out what `prefect deploy` does: definitions, where there are none."""
    return {k: v for k, v in schema.items() if v or k != "definitions"}
