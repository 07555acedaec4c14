"""What a deployment consists of, and how the API writes it; see `deployment`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import AfterValidator, Field

from components.kernel import (
    Immutable,
    Json,
    JsonList,
    JsonObject,
    Local,
    Names,
    Part,
    Wire,
)

from . import schedule as schedules_
from .base import PrefectArgs
from .fields import EntityName, Labels, own_labels
from .parameters import (
    NO_PARAMETERS,
    canonical_schema,
    faults_of_parameters,
    faults_of_schema,
    hydrated,
)
from .schedule import Schedules

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from components.kernel import Location

DEFAULT_QUEUE: Final = "default"


class ConcurrencyOptions(Part):
    """What happens to a run that the concurrency limit has no room for.

    Attributes:
        collision_strategy: `ENQUEUE` it, or `CANCEL_NEW`.
        grace_period_seconds: How long infrastructure may take to start before its
            slot is given to another run; the server's setting if None.
    """

    collision_strategy: Literal["ENQUEUE", "CANCEL_NEW"]
    grace_period_seconds: Annotated[int, Field(ge=60, le=86400)] | None = None


def _beside_default(queue: str) -> str | None:
    return None if queue == DEFAULT_QUEUE else queue


class DeploymentArgs(PrefectArgs):
    """What a user writes for a deployment; see `Deployment`."""

    flow_id: Annotated[UUID, Immutable]
    name: Annotated[EntityName, Immutable]
    entrypoint: str | None = None
    path: str | None = None
    pull_steps: JsonList = Field(default_factory=list)
    storage_document_id: UUID | None = None
    version: str | None = None
    description: str | None = None
    tags: Names = frozenset()
    labels: Labels = Field(default_factory=dict)
    paused: bool = False
    schedules: Schedules = ()
    parameters: JsonObject = Field(default_factory=dict)
    parameter_openapi_schema: Annotated[Json, AfterValidator(canonical_schema)] = Field(
        default_factory=NO_PARAMETERS.copy
    )
    enforce_parameter_schema: bool = True
    work_pool_name: str | None = None
    work_pool_id: Annotated[UUID | None, Local] = None
    work_queue_name: Annotated[str, AfterValidator(_beside_default)] | None = None
    job_variables: JsonObject = Field(default_factory=dict)
    concurrency_limit: Annotated[int, Field(gt=0)] | None = None
    concurrency_options: ConcurrencyOptions | None = None
    global_concurrency_limit_id: UUID | None = None

    @classmethod
    def rules(cls, known: Mapping[str, Any]) -> Iterator[tuple[Location, str]]:
        """Yield what the server would refuse, or take and never give back."""
        if known.get("concurrency_limit") and known.get("global_concurrency_limit_id"):
            yield (
                ("concurrency_limit",),
                "cannot be set beside global_concurrency_limit_id; keep one of the two",
            )
        if known.get("work_queue_name") and known.get("work_pool_name", "?") is None:
            yield (
                ("work_queue_name",),
                "needs the work pool that the queue is in; set work_pool_name",
            )
        for at, parameters in _parameters(known):
            for where in hydrated(parameters):
                yield (
                    (*at, *where),
                    (
                        "has a '__prefect_kind', which Prefect replaces in an update, "
                        "and nowhere else; give the value itself or leave it out"
                    ),
                )
        yield from _unfit(known)


def _parameters(known: Mapping[str, Any]) -> Iterator[tuple[Location, Any]]:
    """Yield all parameters; a schedule is found by its slug, for it has no place."""
    if "parameters" in known:
        yield ("parameters",), known["parameters"]
    for schedule in known.get("schedules", ()):
        yield ("schedules", schedule.slug, "parameters"), schedule.parameters


def _unfit(known: Mapping[str, Any]) -> Iterator[tuple[Location, str]]:
    schema = known.get("parameter_openapi_schema", NO_PARAMETERS)
    if schema == NO_PARAMETERS:
        return
    faults = list(faults_of_schema(schema))
    yield from ((("parameter_openapi_schema",), fault) for fault in faults)
    if faults or not known.get("enforce_parameter_schema"):
        return
    for at, parameters in _parameters(known):
        for where, fault in faults_of_parameters(parameters, schema):
            yield (*at, *where), fault


class DeploymentState(DeploymentArgs):
    """A deployment as the server has it.

    Attributes:
        schedule_ids: The ids of the schedules by slug.
        inherited_labels: The labels that it has from its flow.
    """

    id: UUID
    schedule_ids: dict[str, UUID] = Field(default_factory=dict)
    inherited_labels: JsonObject = Field(default_factory=dict)


def to_wire(args: DeploymentArgs) -> Wire:
    """Write what a PATCH takes, but for the limit; see `limit_to_wire`."""
    options = args.concurrency_options
    storage = args.storage_document_id
    return {
        "entrypoint": args.entrypoint,
        "path": args.path,
        "pull_steps": args.pull_steps,
        "storage_document_id": storage and str(storage),
        "version": args.version,
        "description": args.description,
        "tags": sorted(args.tags),
        "paused": args.paused,
        "parameters": args.parameters,
        "parameter_openapi_schema": args.parameter_openapi_schema,
        "enforce_parameter_schema": args.enforce_parameter_schema,
        "work_pool_name": args.work_pool_name,
        "work_queue_name": args.work_pool_name
        and (args.work_queue_name or DEFAULT_QUEUE),
        "job_variables": args.job_variables,
        "concurrency_options": options and options.model_dump(exclude_none=True),
    }


def limit_to_wire(args: DeploymentArgs) -> Wire:
    """Write the limit without a null, which would delete what is linked."""
    if args.global_concurrency_limit_id:
        return {"global_concurrency_limit_id": str(args.global_concurrency_limit_id)}
    if args.concurrency_limit:
        return {"concurrency_limit": args.concurrency_limit}
    return {}


def from_wire(
    wire: Wire, inherited: Mapping[str, Any], **place: Any
) -> DeploymentState:
    """Project a deployment on its canonical state.

    Args:
        wire: As the API gives it.
        inherited: The labels of its flow.
        **place: Where it lives.
    """
    schedules = schedules_.from_wires(wire["schedules"])
    limit = wire["global_concurrency_limit"]
    own_limit = limit is not None and limit["name"] == f"deployment:{wire['id']}"
    labels = own_labels(wire["labels"])
    return DeploymentState(
        **place,
        **{
            field: wire[field]
            for field in (
                *("id", "flow_id", "name", "entrypoint", "path", "version"),
                *("storage_document_id", "description", "tags", "paused"),
                *("enforce_parameter_schema", "parameter_openapi_schema"),
                *("work_pool_name", "work_queue_name", "concurrency_options"),
            )
        },
        pull_steps=wire["pull_steps"] or [],
        parameters=wire["parameters"] or {},
        job_variables=wire["job_variables"] or {},
        labels={k: v for k, v in labels.items() if inherited.get(k) != v},
        inherited_labels=dict(inherited),
        schedules=tuple(schedules.values()),
        schedule_ids=schedules_.by_slug(schedules),
        concurrency_limit=limit["limit"] if own_limit else None,
        global_concurrency_limit_id=None if own_limit or not limit else limit["id"],
    )


def takes_two_calls(args: DeploymentArgs) -> bool:
    """Tell whether the deployment's own POST would lose something of its schedules."""
    # A look-up by name knows of no schedules.
    return any(s.max_scheduled_runs for s in getattr(args, "schedules", ()))
