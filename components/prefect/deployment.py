"""A Prefect deployment: a flow's code with where, when and how it runs.

API: POST /deployments/, GET, PATCH and DELETE /deployments/{id}, POST
/deployments/filter; its schedules: see `schedule`.
Immutable: flow_id and name. Quirks, each of which the code below answers:

- POST is an upsert by flow and name that makes all schedules anew, so it only creates
  (after a confirming look-up) and changes labels, which nothing else can.
- Every PATCH deletes the runs that were scheduled ahead; the server makes them again
  within seconds. None is sent for nothing, but a changed tag costs as much.
- POST and PATCH drop `max_scheduled_runs` of schedules; only POST …/schedules keeps it.
- `concurrency_limit` is a limit object that the deployment is linked to. Setting it to
  null, in POST too, and deleting the deployment delete the object that is linked,
  even a global limit that is somebody else's: it is unlinked first.
- Job variables are checked against the pool only if the pool is in the same PATCH,
  and a pool without a queue moves the deployment to the default queue: the three
  always go together.
- A pool that is deleted lets go of its deployments, even if another one takes its
  name. So the pool's id is kept beside the name: where it moved, the three go again.
- A deployment whose schema is null refuses every PATCH without one: it goes with each.
- A flow's labels are among those of its deployments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Self

import pulumi

from components.kernel import (
    AlreadyExistsError,
    NotFoundError,
    ServiceError,
    Wire,
    changed,
    differing,
    kind,
)

from . import schedule as schedules_
from .base import PrefectKind, PrefectResource, WorkspaceLike
from .client import part
from .deployment_model import (
    ConcurrencyOptions,
    DeploymentArgs,
    DeploymentState,
    from_wire,
    limit_to_wire,
    takes_two_calls,
    to_wire,
)
from .fields import own_labels
from .flow import Flow, labels_of
from .flow_code import describe_entrypoint
from .work_pool import WorkPool

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from .client import PrefectApi
    from .schedule import Schedule

# The server checks and moves these together; see above.
INFRASTRUCTURE: Final = ("work_pool_name", "work_queue_name", "job_variables")


@kind("prefect:Deployment", key=("flow_id", "name"))
class DeploymentKind(PrefectKind[DeploymentArgs, DeploymentState]):
    """The life cycle of a deployment."""

    # Of a limit that was linked by hand the state knows nothing.
    deletes_as_listed = True

    def describe(self, args: DeploymentArgs) -> str:  # type: ignore[override]  # narrower
        """Leave out the flow, whose id tells nobody anything."""
        return f"deployment '{args.name}'"

    def list(self, api: PrefectApi) -> Iterable[Wire]:
        """Yield every deployment of the workspace."""
        return _inheriting(api, api.pages("/deployments/filter"))

    def parse(self, api: PrefectApi, wire: Wire) -> DeploymentState:
        """Project one deployment on its canonical state."""
        return from_wire(wire, wire["inherited"], workspace_id=api.workspace_id)

    def recall(self, state: DeploymentState, known: DeploymentArgs) -> DeploymentState:
        """Tell a label that repeats the flow's from one that is only the flow's."""
        repeated = getattr(known, "labels", {}).keys() & state.inherited_labels.keys()
        if not repeated:
            return state
        again = {key: state.inherited_labels[key] for key in repeated}
        return state.model_copy(update={"labels": {**again, **state.labels}})

    def find(
        self, api: PrefectApi, args: DeploymentArgs, listed: DeploymentState | None
    ) -> DeploymentState | None:
        """Make sure of a name that the list lacks: POST would overwrite it.

        What `create` was killed half-way through does not count: its POST repeats.
        """
        if listed is None:
            only = {
                "flows": {"id": {"any_": [str(args.flow_id)]}},
                "deployments": {"name": {"any_": [args.name]}},
            }
            for wire in _inheriting(api, api.pages("/deployments/filter", only)):
                listed = self.parse(api, wire)
        if listed and not listed.schedules and takes_two_calls(args):
            recalled = self.recall(listed, args)
            unfinished = self.same(api, recalled, args) == ["schedules"]
            return None if unfinished else listed
        return listed

    def create(self, api: PrefectApi, args: DeploymentArgs) -> DeploymentState:
        """Make the deployment."""
        [wire] = _inheriting(api, [self._post(api, args)])
        return self.recall(self.parse(api, wire), args)

    def _post(self, api: PrefectApi, args: DeploymentArgs) -> Wire:
        """Write the whole deployment, and its schedules anew; return what is there."""
        twice = takes_two_calls(args)
        schedules = [schedules_.to_wire(schedule) for schedule in args.schedules]
        body = {
            "flow_id": str(args.flow_id),
            "name": args.name,
            "labels": args.labels,
            "schedules": [] if twice else schedules,
            **to_wire(args),
            **limit_to_wire(args),
        }
        try:
            wire: Wire = api.post("/deployments/", body)
        except NotFoundError as error:
            raise NotFoundError(
                f"{error}; make what it refers to first: its work pool, the blocks in "
                f"that pool's template, its concurrency limit",
                status=error.status,
            ) from None
        except AlreadyExistsError:
            # This is also how the server says that there is no such flow.
            api.get(f"/flows/{args.flow_id}")
            raise
        if twice:
            made = api.post(f"/deployments/{wire['id']}/schedules", schedules)
            return {**wire, "schedules": made}
        return wire

    def update(
        self, api: PrefectApi, old: DeploymentState, new: DeploymentArgs
    ) -> DeploymentState:
        """Change what differs."""
        body = changed(to_wire(old), to_wire(new))
        moved = old.work_pool_id and old.work_pool_id != new.work_pool_id
        if moved or body.keys() & set(INFRASTRUCTURE):
            body |= {key: to_wire(new)[key] for key in INFRASTRUCTURE}
        if limit_to_wire(old) != limit_to_wire(new):
            body |= self._relinked(api, old, new)
        if body:
            body["parameter_openapi_schema"] = new.parameter_openapi_schema
            self._patch(api, old, body)
        fields = set(differing(old, new))
        ids = old.schedule_ids
        if "labels" in fields:
            ids = schedules_.by_slug(
                schedules_.from_wires(self._post(api, new)["schedules"])
            )
        elif "schedules" in fields:
            ids = schedules_.reconcile(api, old.id, new.schedules)
        return DeploymentState(
            **{**dict(new), "id": old.id},
            schedule_ids=ids,
            inherited_labels=old.inherited_labels,
        )

    def _relinked(
        self, api: PrefectApi, old: DeploymentState, new: DeploymentArgs
    ) -> Wire:
        """Return what links the new limit, going by what is really linked now."""
        live = from_wire(api.get(f"/deployments/{old.id}"), {})
        if live.global_concurrency_limit_id:
            return {"global_concurrency_limit_id": None, **limit_to_wire(new)}
        if live.concurrency_limit and not new.concurrency_limit:
            gone = {"concurrency_limit": None}
            if not new.global_concurrency_limit_id:
                return gone
            # Both in one PATCH would delete the limit that is being linked.
            schema = {"parameter_openapi_schema": new.parameter_openapi_schema}
            api.patch(f"/deployments/{old.id}", gone | schema)
        return limit_to_wire(new)

    def _patch(self, api: PrefectApi, old: DeploymentState, body: Wire) -> None:
        try:
            api.patch(f"/deployments/{old.id}", body)
        except ServiceError as error:
            pool = body.get("work_pool_name")
            if pool and error.status == 500:
                # The server's way of saying that there is no such pool.
                api.get(f"/work_pools/{part(pool)}")
            raise

    def delete(self, api: PrefectApi, state: DeploymentState) -> None:
        """Delete the deployment, and not the global limit that it is linked to."""
        path = f"/deployments/{state.id}"
        if state.global_concurrency_limit_id:
            schema = {"parameter_openapi_schema": state.parameter_openapi_schema}
            api.patch(path, {"global_concurrency_limit_id": None, **schema})
        api.delete(path)


def _inheriting(api: PrefectApi, wires: Iterable[Wire]) -> Iterator[Wire]:
    """Complete deployments by the labels of their flows.

    Most have none but the server's own, and then flows need not be asked for.
    """
    found = [*wires]
    flows = {wire["flow_id"] for wire in found if own_labels(wire["labels"])}
    labels = labels_of(api, flows)
    for wire in found:
        yield {**wire, "inherited": labels.get(wire["flow_id"], {})}


class Deployment(PrefectResource, kind=DeploymentKind):
    """A flow's code with where, when and how it runs.

    A field that is not given has the server's default, and goes back to it when it is
    removed. An update deletes the runs that were scheduled ahead, whatever it changes;
    the server schedules them again within seconds.

    Args:
        resource_name: Its name in the program and in state.
        flow: The flow it belongs to, or that flow's id. A change replaces it.
        name: The deployment's name among those of the flow. The resource's name if
            not given. A change replaces it.
        entrypoint: Where the flow is in the code: `path/file.py:function` or
            `package.module.function`.
        path: The folder the code is in when a run begins.
        pull_steps: What fetches the code before a run: any of Prefect's steps, each
            `{"package.step": {inputs}}`, kept as they are for the run to render.
        storage_document_id: A storage block that the code is in (instead of steps).
        version: Which version of the code this is; any text.
        description: Markdown for people.
        tags: Labels that its runs get too; their order means nothing.
        labels: Facts about it: strings, numbers and booleans. A change is an upsert,
            which makes the schedules anew.
        paused: Whether its schedules make no runs.
        schedules: When it runs; see `Schedule`.
        parameters: The parameters of its runs.
        parameter_openapi_schema: The JSON schema of the flow's parameters; see
            `from_entrypoint`, which computes it.
        enforce_parameter_schema: Refuse parameters that do not fit the schema.
        work_pool: The pool whose workers run it, or its name; None for `serve`.
            Given a `WorkPool`, the deployment is put back where that is replaced.
        work_queue_name: The pool's queue; the one named `default` if not given.
        job_variables: Values for the pool's job template.
        concurrency_limit: How many of its runs may run at once.
        concurrency_options: What happens to a run beyond that.
        global_concurrency_limit_id: A limit shared with others, instead of its own.
        workspace: The workspace it lives in, which is the flow's.
        adopt: Take over a deployment of this name that differs.
        opts: Pulumi's resource options.

    See https://docs.prefect.io/v3/concepts/deployments.
    """

    flow_id: pulumi.Output[str]
    name: pulumi.Output[str]
    entrypoint: pulumi.Output[str | None]
    path: pulumi.Output[str | None]
    pull_steps: pulumi.Output[list[Any]]
    storage_document_id: pulumi.Output[str | None]
    version: pulumi.Output[str | None]
    description: pulumi.Output[str | None]
    tags: pulumi.Output[list[str]]
    labels: pulumi.Output[dict[str, Any]]
    paused: pulumi.Output[bool]
    schedules: pulumi.Output[list[dict[str, Any]]]
    schedule_ids: pulumi.Output[dict[str, str]]
    parameters: pulumi.Output[dict[str, Any]]
    parameter_openapi_schema: pulumi.Output[dict[str, Any]]
    enforce_parameter_schema: pulumi.Output[bool]
    work_pool_name: pulumi.Output[str | None]
    work_pool_id: pulumi.Output[str | None]
    work_queue_name: pulumi.Output[str | None]
    job_variables: pulumi.Output[dict[str, Any]]
    concurrency_limit: pulumi.Output[int | None]
    concurrency_options: pulumi.Output[dict[str, Any] | None]
    global_concurrency_limit_id: pulumi.Output[str | None]

    def __init__(
        self,
        resource_name: str,
        *,
        flow: Flow | pulumi.Input[str],
        name: pulumi.Input[str] | None = None,
        entrypoint: pulumi.Input[str] | None = None,
        path: pulumi.Input[str] | None = None,
        pull_steps: pulumi.Input[Sequence[Any]] | None = None,
        storage_document_id: pulumi.Input[str] | None = None,
        version: pulumi.Input[str] | None = None,
        description: pulumi.Input[str] | None = None,
        tags: pulumi.Input[Collection[str]] = (),
        labels: pulumi.Input[Mapping[str, Any]] | None = None,
        paused: pulumi.Input[bool] = False,
        schedules: pulumi.Input[Sequence[Schedule | Mapping[str, Any]]] = (),
        parameters: pulumi.Input[Mapping[str, Any]] | None = None,
        parameter_openapi_schema: pulumi.Input[Mapping[str, Any]] | None = None,
        enforce_parameter_schema: pulumi.Input[bool] = True,
        work_pool: WorkPool | pulumi.Input[str] | None = None,
        work_queue_name: pulumi.Input[str] | None = None,
        job_variables: pulumi.Input[Mapping[str, Any]] | None = None,
        concurrency_limit: pulumi.Input[int] | None = None,
        concurrency_options: ConcurrencyOptions
        | pulumi.Input[Mapping[str, Any]]
        | None = None,
        global_concurrency_limit_id: pulumi.Input[str] | None = None,
        workspace: WorkspaceLike = None,
        adopt: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        pool = work_pool if isinstance(work_pool, WorkPool) else None
        super().__init__(
            resource_name,
            {
                "flow_id": flow.id if isinstance(flow, Flow) else flow,
                "name": name if name is not None else resource_name,
                "entrypoint": entrypoint,
                "path": path,
                "pull_steps": pull_steps,
                "storage_document_id": storage_document_id,
                "version": version,
                "description": description,
                "tags": tags,
                "labels": labels,
                "paused": paused,
                "schedules": schedules,
                "parameters": parameters,
                "parameter_openapi_schema": parameter_openapi_schema,
                "enforce_parameter_schema": enforce_parameter_schema,
                "work_pool_name": pool.name if pool else work_pool,
                "work_pool_id": pool and pool.id,
                "work_queue_name": work_queue_name,
                "job_variables": job_variables,
                "concurrency_limit": concurrency_limit,
                "concurrency_options": concurrency_options,
                "global_concurrency_limit_id": global_concurrency_limit_id,
                "adopt": adopt,
            },
            workspace=workspace,
            opts=opts,
        )

    @classmethod
    def from_entrypoint(
        cls,
        resource_name: str,
        *,
        entrypoint: str,
        project: str | Path = ".",
        flow: Flow | pulumi.Input[str] | None = None,
        **fields: Any,
    ) -> Self:
        """Declare a deployment of code that lies in a folder at hand.

        The flow's name, its description, the version and the schema of its parameters
        come from the code, as `prefect deploy` takes them; what is given wins. Types
        whose packages are not installed here are left out of the schema.

        Args:
            resource_name: Its name in the program and in state.
            entrypoint: Where the flow is: `path/file.py:function`, or
                `package.module.function`, from the project's folder.
            project: The folder of the code, now; `path` and `pull_steps` say where it
                is when a run begins.
            flow: The flow. Made if not given; deployments of one flow must share it,
                so that all but one are given it.
            **fields: Whatever the constructor takes.

        Raises:
            ConfigurationError: There is no such flow in the code.
        """
        described = describe_entrypoint(project, entrypoint)
        if flow is None:
            opts = fields.get("opts") or pulumi.ResourceOptions()
            flow = Flow(
                described.name,
                workspace=fields.get("workspace"),
                opts=pulumi.ResourceOptions(parent=opts.parent, provider=opts.provider),
            )
        found = {
            "description": described.description,
            "version": described.version,
            "parameter_openapi_schema": described.parameter_openapi_schema,
        }
        return cls(
            resource_name, flow=flow, entrypoint=entrypoint, **{**found, **fields}
        )
