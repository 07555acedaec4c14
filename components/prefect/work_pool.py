"""A Prefect work pool: where runs wait for infrastructure, and how it is made for them.

API: POST /work_pools/, GET, PATCH and DELETE /work_pools/{name}, POST
/work_pools/filter (no write goes by id).
Immutable: name, type.

Quirks:

- A pool made without a template has `{}`, until the first worker that connects stores
  its own default in it. So what that worker would store is sent from the start, and
  is what `{}` is read as.
- The server checks a template, but of `{}` it takes anything.
- A pool brings a queue `default`, and takes its queues along when it goes; deployments
  stay, without a pool.
- `status`, `default_queue_id` and `active_slots` are the server's own doing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import pulumi
from pydantic import AfterValidator, Field

from components.kernel import (
    Immutable,
    JsonObject,
    NotFoundError,
    Part,
    UnmanagedIfUnset,
    Wire,
    changed,
    kind,
)

from .base import PrefectArgs, PrefectKind, PrefectResource, WorkspaceLike
from .client import part
from .fields import EntityName
from .job_template import default_template, valid_template
from .limits import Limit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from components.kernel.model import Location

    from .client import PrefectApi

# Types that run without a worker exist on Prefect Cloud only, and so do their defaults.
_CLOUD_ONLY = (":push", ":managed")


def _free(name: str) -> str:
    if name.lower().startswith("prefect"):
        raise ValueError(
            "begins with 'prefect', which Prefect reserves; choose another"
        )
    if not name.strip("' \""):
        raise ValueError("should not be empty, nor only spaces and quotes")
    return name


class StorageConfiguration(Part):
    """Where flows submitted to a pool keep their code and results.

    Attributes:
        bundle_upload_step: The step that uploads a flow's bundle.
        bundle_execution_step: The step that fetches and runs it.
        default_result_storage_block_id: The block that results go to.
    """

    bundle_upload_step: JsonObject | None = None
    bundle_execution_step: JsonObject | None = None
    default_result_storage_block_id: UUID | None = None


class WorkPoolArgs(PrefectArgs):
    """What a user writes for a work pool; see `WorkPool`."""

    name: Annotated[EntityName, AfterValidator(_free), Immutable]
    type: Annotated[str, Field(min_length=1), Immutable]
    description: str = ""
    base_job_template: Annotated[
        Annotated[JsonObject, AfterValidator(valid_template)] | None, UnmanagedIfUnset
    ] = None
    is_paused: bool = False
    concurrency_limit: Limit | None = None
    storage_configuration: StorageConfiguration = StorageConfiguration()

    @classmethod
    def derived(cls, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Fill in the template that a worker of the pool's type would."""
        template = default_template(str(given.get("type")))
        return {} if template is None else {"base_job_template": template}

    @classmethod
    def rules(cls, known: Mapping[str, Any]) -> Iterable[tuple[Location, str]]:
        """Ask for the templates of types that flowground has no default of."""
        type_ = known.get("type", "")
        if type_.endswith(_CLOUD_ONLY) and known.get("base_job_template", {}) is None:
            why = (
                f"is required, because only Prefect Cloud knows the default of "
                f"'{type_}'; start from what `prefect work-pool "
                f"get-default-base-job-template --type {type_}` prints"
            )
            yield ("base_job_template",), why


class WorkPoolState(WorkPoolArgs):
    """A work pool as the server has it, which may hold a template that is none."""

    id: UUID
    base_job_template: Annotated[JsonObject | None, UnmanagedIfUnset] = None


def to_wire(args: WorkPoolArgs) -> Wire:
    """Write a work pool as the API takes it."""
    return {
        "name": args.name,
        "type": args.type,
        "description": args.description or None,
        "base_job_template": args.base_job_template or {},
        "is_paused": args.is_paused,
        "concurrency_limit": args.concurrency_limit,
        "storage_configuration": args.storage_configuration.model_dump(mode="json"),
    }


@kind("prefect:WorkPool", key=("name",))
class WorkPoolKind(PrefectKind[WorkPoolArgs, WorkPoolState]):
    """The life cycle of a work pool."""

    def list(self, api: PrefectApi) -> Iterable[Wire]:
        """Yield every work pool of the workspace."""
        return api.pages("/work_pools/filter")

    def parse(self, api: PrefectApi, wire: Wire) -> WorkPoolState:
        """Project one work pool on its canonical state."""
        return WorkPoolState(
            workspace_id=api.workspace_id,
            id=wire["id"],
            name=wire["name"],
            type=wire["type"],
            description=wire["description"] or "",
            base_job_template=wire["base_job_template"]
            or default_template(wire["type"])
            or {},
            is_paused=wire["is_paused"],
            concurrency_limit=wire["concurrency_limit"],
            storage_configuration=StorageConfiguration(**wire["storage_configuration"]),
        )

    def create(self, api: PrefectApi, args: WorkPoolArgs) -> WorkPoolState:
        """Make the work pool."""
        return self.parse(api, api.post("/work_pools/", to_wire(args)))

    def update(
        self, api: PrefectApi, old: WorkPoolState, new: WorkPoolArgs
    ) -> WorkPoolState:
        """Change what differs."""
        api.patch(_path(api, old), changed(to_wire(old), to_wire(new)))
        return WorkPoolState(**{**dict(new), "id": old.id})

    def delete(self, api: PrefectApi, state: WorkPoolState) -> None:
        """Delete the work pool, and its queues with it."""
        api.delete(_path(api, state))


def _path(api: PrefectApi, state: WorkPoolState) -> str:
    """Return the path to write to, if what has the name there is still this pool."""
    path = f"/work_pools/{part(state.name)}"
    if api.get(path)["id"] != str(state.id):
        raise NotFoundError(
            "it is gone, and another one has its name; run `pulumi refresh`"
        )
    return path


class WorkPool(PrefectResource, kind=WorkPoolKind):
    """Where runs wait for infrastructure, and how it is made for them.

    Args:
        resource_name: Its name in the program and in state.
        type: Who runs what waits here: `process`, `docker`, `kubernetes`, `ecs`,
            `modal:push`, or any other worker's type. A change replaces the pool.
        name: The pool's name, without `/ % & < >` and not beginning with `prefect`;
            the resource's name if not given. A change replaces the pool.
        description: For people.
        base_job_template: How a run's infrastructure is described: an object of
            `job_configuration` and the `variables` it may use. The worker's own
            default if not given; left alone, for a type whose default is not known.
        is_paused: Whether nothing is handed out.
        concurrency_limit: How many runs at once; as many as come if not given.
        storage_configuration: Where flows submitted to the pool keep their code and
            results: a `StorageConfiguration`, or a mapping of its fields.
        workspace: The workspace it lives in.
        adopt: Take over a pool of this name that differs.
        opts: Pulumi's resource options.

    See https://docs.prefect.io/v3/concepts/work-pools.
    """

    name: pulumi.Output[str]
    type: pulumi.Output[str]
    description: pulumi.Output[str]
    base_job_template: pulumi.Output[dict[str, Any] | None]
    is_paused: pulumi.Output[bool]
    concurrency_limit: pulumi.Output[int | None]
    storage_configuration: pulumi.Output[dict[str, Any]]

    def __init__(
        self,
        resource_name: str,
        *,
        type: pulumi.Input[str],  # noqa: A002  # the API's own word
        name: pulumi.Input[str] | None = None,
        description: pulumi.Input[str] = "",
        base_job_template: pulumi.Input[Mapping[str, Any]] | None = None,
        is_paused: pulumi.Input[bool] = False,
        concurrency_limit: pulumi.Input[int] | None = None,
        storage_configuration: StorageConfiguration
        | pulumi.Input[Mapping[str, Any]]
        | None = None,
        workspace: WorkspaceLike = None,
        adopt: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            resource_name,
            {
                "name": name if name is not None else resource_name,
                "type": type,
                "description": description,
                "base_job_template": base_job_template,
                "is_paused": is_paused,
                "concurrency_limit": concurrency_limit,
                "storage_configuration": storage_configuration,
                "adopt": adopt,
            },
            workspace=workspace,
            opts=opts,
        )
