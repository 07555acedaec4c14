"""Who may see, run and change a deployment, beyond what workspace roles say.

API: GET and PUT /deployments/{id}/access. Immutable: the deployment. Quirk: a
deployment in a work pool with an access list goes by the pool's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import pulumi

from components.kernel import Immutable, Wire, kind

from .base import PrefectResource, WorkspaceLike
from .deployment import Deployment
from .object_access import ObjectAccessKind, RunnableAccessListArgs

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from .client import PrefectApi


class DeploymentAccessArgs(RunnableAccessListArgs):
    """What a user writes for a deployment's access list; see `DeploymentAccess`."""

    deployment_id: Annotated[UUID, Immutable]


class DeploymentAccessState(DeploymentAccessArgs):
    """A deployment's access list as the account API has it."""

    id: UUID


@kind("prefect:DeploymentAccess", key=("deployment_id",))
class DeploymentAccessKind(
    ObjectAccessKind[DeploymentAccessArgs, DeploymentAccessState]
):
    """The life cycle of a deployment's access list."""

    levels = ("manage", "run", "view")

    def objects(self, api: PrefectApi) -> Iterable[Wire]:
        """Yield every deployment of the workspace."""
        return api.pages("/deployments/filter")

    def object_of(self, api: PrefectApi, args: DeploymentAccessArgs) -> Wire:
        """Return the deployment's id, which is all that is needed."""
        del api
        return {"id": str(args.deployment_id)}

    def path(self, wire: Wire) -> str:
        """Return the deployment's path."""
        return f"/deployments/{wire['id']}"

    def key_of(self, wire: Wire) -> Wire:
        """Name the deployment."""
        return {"deployment_id": wire["id"]}


class DeploymentAccess(PrefectResource, kind=DeploymentAccessKind):
    """The access list of a deployment: those on it, and nobody else.

    Who may manage may run and view; who may run may view.

    Args:
        resource_name: Its name in the program and in state.
        deployment: The deployment, or its id. A change replaces the list.
        manage_actor_ids: Who may change and delete it: users and service accounts by
            their `actor_id`; `*` is everybody.
        manage_team_ids: Teams that may, by their ids.
        run_actor_ids: Who may run it.
        run_team_ids: Teams that may.
        view_actor_ids: Who may see it.
        view_team_ids: Teams that may.
        workspace: The workspace it lives in.
        adopt: Take over a list that says otherwise.
        opts: Pulumi's resource options.

    See https://docs.prefect.io/v3/manage/cloud/manage-users/object-access-control-lists.
    """

    deployment_id: pulumi.Output[str]
    manage_actor_ids: pulumi.Output[list[str]]
    manage_team_ids: pulumi.Output[list[str]]
    run_actor_ids: pulumi.Output[list[str]]
    run_team_ids: pulumi.Output[list[str]]
    view_actor_ids: pulumi.Output[list[str]]
    view_team_ids: pulumi.Output[list[str]]

    def __init__(
        self,
        resource_name: str,
        *,
        deployment: Deployment | pulumi.Input[str],
        manage_actor_ids: pulumi.Input[Collection[pulumi.Input[str]]] = (),
        manage_team_ids: pulumi.Input[Collection[pulumi.Input[str]]] = (),
        run_actor_ids: pulumi.Input[Collection[pulumi.Input[str]]] = (),
        run_team_ids: pulumi.Input[Collection[pulumi.Input[str]]] = (),
        view_actor_ids: pulumi.Input[Collection[pulumi.Input[str]]] = (),
        view_team_ids: pulumi.Input[Collection[pulumi.Input[str]]] = (),
        workspace: WorkspaceLike = None,
        adopt: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            resource_name,
            {
                "deployment_id": deployment.id
                if isinstance(deployment, Deployment)
                else deployment,
                "manage_actor_ids": manage_actor_ids,
                "manage_team_ids": manage_team_ids,
                "run_actor_ids": run_actor_ids,
                "run_team_ids": run_team_ids,
                "view_actor_ids": view_actor_ids,
                "view_team_ids": view_team_ids,
                "adopt": adopt,
            },
            workspace=workspace,
            opts=opts,
        )
