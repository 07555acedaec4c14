"""A Prefect flow: the name that its deployments and runs are filed under.

API: POST /flows/, PATCH and DELETE /flows/{id}, GET /flows/name/{name},
POST /flows/filter.
Immutable: name and labels; PATCH takes tags only. Quirks: POST answers with whatever
flow has that name already, ignoring the tags and labels sent, so the name is looked up
right before; DELETE takes the flow's deployments along, so it is refused while some
are left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import UUID

import pulumi
from pydantic import Field, JsonValue

from components.kernel import (
    AlreadyExistsError,
    DataLossError,
    Immutable,
    Local,
    Names,
    NotFoundError,
    Wire,
    changed,
    kind,
)

from .base import PrefectArgs, PrefectKind, PrefectResource, WorkspaceLike
from .client import part
from .fields import EntityName, Labels, own_labels

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from .client import PrefectApi

# A sentence that names more reads as a list.
MAX_NAMED: Final = 5


class FlowArgs(PrefectArgs):
    """What a user writes for a flow; see `Flow`."""

    name: Annotated[EntityName, Immutable]
    tags: Names = frozenset()
    labels: Annotated[Labels, Immutable] = Field(default_factory=dict)
    force_destroy: Annotated[bool, Local] = False


class FlowState(FlowArgs):
    """A flow as the server has it."""

    id: UUID


def to_wire(args: FlowArgs) -> Wire:
    """Write a flow as the API takes it."""
    return {"name": args.name, "tags": sorted(args.tags), "labels": args.labels}


@kind("prefect:Flow", key=("name",))
class FlowKind(PrefectKind[FlowArgs, FlowState]):
    """The life cycle of a flow."""

    def list(self, api: PrefectApi) -> Iterable[Wire]:
        """Yield every flow of the workspace."""
        return api.pages("/flows/filter")

    def parse(self, api: PrefectApi, wire: Wire) -> FlowState:
        """Project one flow on its canonical state."""
        return FlowState(
            workspace_id=api.workspace_id,
            id=wire["id"],
            name=wire["name"],
            tags=frozenset(wire["tags"]),
            labels=own_labels(wire["labels"]),
        )

    def find(
        self, api: PrefectApi, args: FlowArgs, listed: FlowState | None
    ) -> FlowState | None:
        """Make sure of a name that the list lacks: POST would take the flow over."""
        if listed is not None:
            return listed
        try:
            return self.parse(api, api.get(f"/flows/name/{part(args.name)}"))
        except NotFoundError:
            return None

    def create(self, api: PrefectApi, args: FlowArgs) -> FlowState:
        """Make the flow."""
        made = self.parse(api, api.post("/flows/", to_wire(args)))
        if self.same(api, made, args):
            raise AlreadyExistsError("somebody else has made it at the same moment")
        return made

    def update(self, api: PrefectApi, old: FlowState, new: FlowArgs) -> FlowState:
        """Change the tags."""
        api.patch(f"/flows/{old.id}", changed(to_wire(old), to_wire(new)))
        return FlowState(**{**dict(new), "id": old.id})

    def delete(self, api: PrefectApi, state: FlowState) -> None:
        """Delete the flow, unless that would delete deployments with it."""
        if not state.force_destroy:
            of_flow = {"flows": {"id": {"any_": [str(state.id)]}}}
            left = [f"'{d['name']}'" for d in api.pages("/deployments/filter", of_flow)]
            if left:
                raise DataLossError(
                    f"Prefect would delete its deployments with it, and "
                    f"{_listed(left)} of others are left; delete them first, keep the "
                    f"flow with retain_on_delete=True, or set force_destroy=True"
                )
        api.delete(f"/flows/{state.id}")


def labels_of(api: PrefectApi, flows: Iterable[str]) -> dict[str, dict[str, JsonValue]]:
    """Return the labels that some flows were given, by the flows' ids."""
    if not (ids := sorted(flows)):
        return {}
    found = api.pages("/flows/filter", {"flows": {"id": {"any_": ids}}})
    return {flow["id"]: own_labels(flow["labels"]) for flow in found}


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:MAX_NAMED])
    more = len(names) - MAX_NAMED
    return f"{shown} and {more} more" if more > 0 else shown


class Flow(PrefectResource, kind=FlowKind):
    """The name that deployments and runs are filed under.

    Args:
        resource_name: Its name in the program and in state.
        name: The flow's name, as its `@flow` decorator has it. The resource's name if
            not given. A change replaces the flow, its deployments and its runs.
        tags: Labels to find it by; their order means nothing.
        labels: Facts about it (strings, numbers, booleans), which its deployments
            inherit. A change replaces the flow.
        force_destroy: Delete the flow even while it has deployments that the stack
            did not make: they go with it.
        workspace: The workspace it lives in.
        adopt: Take over a flow of this name that differs.
        opts: Pulumi's resource options.

    See https://docs.prefect.io/v3/concepts/flows.
    """

    name: pulumi.Output[str]
    tags: pulumi.Output[list[str]]
    labels: pulumi.Output[dict[str, Any]]
    force_destroy: pulumi.Output[bool]

    def __init__(
        self,
        resource_name: str,
        *,
        name: pulumi.Input[str] | None = None,
        tags: pulumi.Input[Collection[str]] = (),
        labels: pulumi.Input[Mapping[str, Any]] | None = None,
        force_destroy: bool = False,
        workspace: WorkspaceLike = None,
        adopt: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            resource_name,
            {
                "name": name if name is not None else resource_name,
                "tags": tags,
                "labels": labels,
                "force_destroy": force_destroy,
                "adopt": adopt,
            },
            workspace=workspace,
            opts=opts,
        )
