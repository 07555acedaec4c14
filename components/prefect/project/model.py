"""What a prefect.yaml says: every field that Prefect takes, and nothing else.

Source: prefect.cli.deploy._models (3.8). Prefect skips what it cannot validate and
ignores what it does not know; here both are faults, because a deployment that is
missing from a desired state would be deleted. Strings may still be templates, so that
types are loose here and each kind checks what comes out of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, TypeAlias

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from components.kernel import Part
from components.prefect.deployment_sla import Sla
from components.prefect.fields import EntityName

# For these null is an answer: a deployment that has no steps, whatever the project has.
_ACTIONS: Final = ("build", "push", "pull")


class Entry(Part):
    """A mapping of the file; elsewhere null stands for "not given"."""

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, given: Any) -> Any:
        if isinstance(given, Mapping):
            return {k: v for k, v in given.items() if v is not None or k in _ACTIONS}
        return given


def _listed(given: Any) -> Any:
    """Read one step for a list of one, and no step for none."""
    if isinstance(given, Mapping):
        return [given] if given else []
    return given


def _null_if_mapping(given: Any) -> Any:
    """Read `pull: {}`, which is not `pull: []`, for no answer."""
    return None if given == {} else given


def _nonempty(given: Any) -> Any:
    return [step for step in given if step] if isinstance(given, list) else given


def _one_function(given: Any) -> Any:
    if isinstance(given, Mapping) and len(given) != 1:
        raise ValueError(
            f"names {len(given)} functions; write each step as a list item of its own"
        )
    if isinstance(given, Mapping):
        for inputs in given.values():
            id_ = inputs.get("id") if isinstance(inputs, Mapping) else None
            if not isinstance(id_, str | None):
                raise ValueError("has an id that is no text; write one as text")  # noqa: TRY004  # pydantic reports no TypeError
    return given


Step: TypeAlias = Annotated[dict[str, dict[str, Any]], BeforeValidator(_one_function)]
"""`{"package.function": {inputs}}`; among the inputs, `id` and `requires`."""

Steps: TypeAlias = Annotated[
    list[Step], BeforeValidator(_nonempty), BeforeValidator(_listed)
]


class WorkPoolEntry(Entry):
    """Where a deployment runs."""

    name: str | None = None
    work_queue_name: str | None = None
    job_variables: dict[str, Any] = Field(default_factory=dict)


class ConcurrencyEntry(Entry):
    """How many runs of it at once, and what of those beyond."""

    limit: int | str
    collision_strategy: str = "ENQUEUE"
    grace_period_seconds: int | str | None = None


class ScheduleEntry(Entry):
    """When it runs: one of cron, interval and rrule."""

    cron: str | None = None
    interval: float | str | None = None
    rrule: str | None = None
    anchor_date: str | None = None
    timezone: str | None = None
    day_or: bool | str | None = None
    active: bool | str | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    max_scheduled_runs: int | None = None
    slug: str | None = None
    replaces: str | None = None


def _limit(given: Any) -> Any:
    return {"limit": given} if isinstance(given, int | str) else given


def _unless_empty(given: Any) -> Any:
    return given or None


def _tags(given: Any) -> Any:
    return [given] if isinstance(given, str) else given


class DeploymentEntry(Entry):
    """One of the file's deployments."""

    name: EntityName | None = None
    version: str | None = None
    version_type: str | None = None
    tags: Annotated[list[str], BeforeValidator(_tags)] = Field(default_factory=list)
    description: str | None = None
    schedule: Annotated[ScheduleEntry | None, BeforeValidator(_unless_empty)] = None
    schedules: list[ScheduleEntry] = Field(default_factory=list)
    paused: bool | str | None = None
    concurrency_limit: Annotated[ConcurrencyEntry, BeforeValidator(_limit)] | None = (
        None
    )
    flow_name: str | None = None
    entrypoint: str | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    enforce_parameter_schema: bool | str | None = None
    build: Steps | None = None
    push: Steps | None = None
    pull: Annotated[Steps | None, BeforeValidator(_null_if_mapping)] = None
    work_pool: WorkPoolEntry = WorkPoolEntry()
    triggers: list[dict[str, Any]] = Field(default_factory=list)
    sla: list[Sla] = Field(default_factory=list)


class ProjectFile(Entry):
    """A prefect.yaml.

    Attributes:
        definitions: Where YAML anchors may be written; means nothing by itself.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    prefect_version: str | None = Field(default=None, alias="prefect-version")
    name: str | None = None
    definitions: Any = None
    build: Steps | None = None
    push: Steps | None = None
    pull: Annotated[Steps | None, BeforeValidator(_null_if_mapping)] = None
    deployments: list[DeploymentEntry] = Field(default_factory=list)
