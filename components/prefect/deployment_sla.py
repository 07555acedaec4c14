"""The service level agreements of a deployment, all of them as one resource.

API: POST /slas/apply-resource-slas/prefect.deployment.{id}, whose list is the whole
truth: what it does not name is deleted. Immutable: the deployment.

Quirk: Prefect has no documented call that reads them. So state keeps what was applied
last, a foreign change shows only when it is overwritten by the next one of ours, and
agreements that are there already are replaced without a question. That the deployment
is gone is seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Literal, Self, TypeAlias
from uuid import UUID

import pulumi
from pydantic import AfterValidator, Field, model_validator

from components.kernel import Immutable, JsonObject, Part, Wire, kind

from .base import PrefectArgs, PrefectKind, PrefectResource, WorkspaceLike
from .deployment import Deployment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from .client import PrefectApi

Severity: TypeAlias = Literal["minor", "low", "moderate", "high", "critical"]
Seconds: TypeAlias = Annotated[int, Field(gt=0)]
_SORTS: Final = ("duration", "stale_after", "within")


class Sla(Part):
    """One agreement; exactly one of duration, stale_after and within says what sort.

    Attributes:
        name: Tells it from the others of the deployment.
        severity: How bad a violation is.
        enabled: Whether it is watched.
        duration: The seconds that a run may take.
        stale_after: The seconds that may pass between two completed runs.
        within: The seconds by which a run may start late or, with expected_event,
            within which that event must come.
        expected_event: The event that must come: `prefect.asset.materialization`.
        resource_match: Whose event counts, by the labels of the resource.
    """

    name: Annotated[str, Field(min_length=1, max_length=255)]
    severity: Severity = "moderate"
    enabled: bool = True
    duration: Seconds | None = None
    stale_after: Seconds | None = None
    within: Seconds | None = None
    expected_event: Annotated[str, Field(min_length=1)] | None = None
    resource_match: JsonObject | None = None

    @model_validator(mode="after")
    def _one_sort(self) -> Self:
        given = [sort for sort in _SORTS if getattr(self, sort) is not None]
        if len(given) != 1:
            raise ValueError(
                f"has {' and '.join(given) or 'none of ' + ', '.join(_SORTS)}; "
                f"give it exactly one of the three"
            )
        for field in ("expected_event", "resource_match"):
            if getattr(self, field) is not None and given != ["within"]:
                raise ValueError(f"has {field}, which only within knows; remove it")
        return self


def _canonical(slas: tuple[Sla, ...]) -> tuple[Sla, ...]:
    if not slas:
        raise ValueError("has no agreement; add one, or remove the resource")
    names = [sla.name for sla in slas]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"two are called '{name}'; give each a name of its own")
    return tuple(sorted(slas, key=lambda sla: sla.name))


Slas: TypeAlias = Annotated[tuple[Sla, ...], AfterValidator(_canonical)]
"""The agreements of a deployment; their order means nothing."""


class DeploymentSlaArgs(PrefectArgs):
    """What a user writes for a deployment's agreements; see `DeploymentSla`."""

    deployment_id: Annotated[UUID, Immutable]
    slas: Slas


class DeploymentSlaState(DeploymentSlaArgs):
    """A deployment's agreements as they were last applied; its id is theirs."""

    id: UUID
    slas: tuple[Sla, ...] = ()


def to_wire(args: DeploymentSlaArgs) -> list[Wire]:
    """Write the agreements as the API takes them."""
    return [sla.model_dump(mode="json", exclude_none=True) for sla in args.slas]


@kind("prefect:DeploymentSla", key=("deployment_id",))
class DeploymentSlaKind(PrefectKind[DeploymentSlaArgs, DeploymentSlaState]):
    """The life cycle of a deployment's agreements."""

    def list(self, api: PrefectApi) -> Iterable[Wire]:
        """Yield every deployment, as agreements themselves cannot be listed."""
        return api.pages("/deployments/filter")

    def parse(self, api: PrefectApi, wire: Wire) -> DeploymentSlaState:
        """Tell that the deployment is there, which is all that can be told."""
        return DeploymentSlaState(
            workspace_id=api.workspace_id, id=wire["id"], deployment_id=wire["id"]
        )

    def recall(
        self, state: DeploymentSlaState, known: DeploymentSlaArgs
    ) -> DeploymentSlaState:
        """Complete it by what was applied last."""
        return state.model_copy(update={"slas": getattr(known, "slas", ())})

    def find(
        self,
        api: PrefectApi,
        args: DeploymentSlaArgs,
        listed: DeploymentSlaState | None,
    ) -> None:
        """Find none: whether there are any cannot be asked."""
        del api, args, listed

    def create(self, api: PrefectApi, args: DeploymentSlaArgs) -> DeploymentSlaState:
        """Apply the agreements."""
        self._apply(api, args.deployment_id, to_wire(args))
        return DeploymentSlaState(**{**dict(args), "id": args.deployment_id})

    def update(
        self, api: PrefectApi, old: DeploymentSlaState, new: DeploymentSlaArgs
    ) -> DeploymentSlaState:
        """Apply the agreements anew; the API takes them as a whole."""
        del old
        return self.create(api, new)

    def delete(self, api: PrefectApi, state: DeploymentSlaState) -> None:
        """Delete all agreements of the deployment."""
        self._apply(api, state.deployment_id, [])

    def _apply(
        self, api: PrefectApi, deployment_id: UUID, slas: Sequence[Wire]
    ) -> None:
        owner = f"prefect.deployment.{deployment_id}"
        body = [{**sla, "owner_resource": owner} for sla in slas]
        api.post(f"/slas/apply-resource-slas/{owner}", body)


class DeploymentSla(PrefectResource, kind=DeploymentSlaKind):
    """The service level agreements of a deployment: these and no others.

    Args:
        resource_name: Its name in the program and in state.
        deployment: The deployment, or its id. A change replaces the agreements.
        slas: The agreements; see `Sla`.
        workspace: The workspace it lives in.
        opts: Pulumi's resource options.

    See https://docs.prefect.io/v3/automate/events/slas.
    """

    deployment_id: pulumi.Output[str]
    slas: pulumi.Output[list[dict[str, Any]]]

    def __init__(
        self,
        resource_name: str,
        *,
        deployment: Deployment | pulumi.Input[str],
        slas: pulumi.Input[Sequence[Sla | Mapping[str, Any]]],
        workspace: WorkspaceLike = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            resource_name,
            {
                "deployment_id": deployment.id
                if isinstance(deployment, Deployment)
                else deployment,
                "slas": slas,
            },
            workspace=workspace,
            opts=opts,
        )
