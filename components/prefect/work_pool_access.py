"""Who may see, use and change a work pool, beyond what workspace roles say.

API: GET and PUT /work_pools/{name}/access. Immutable: the pool. Quirk: it holds for the
deployments of the pool as well, in place of their own lists.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import pulumi
from pydantic import Field

from components.kernel import Immutable, Wire, kind

from .base import PrefectResource, WorkspaceLike
from .client import part
from .object_access import ObjectAccessKind, RunnableAccessListArgs
from .work_pool import WorkPool

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from .client import PrefectApi


class WorkPoolAccessArgs(RunnableAccessListArgs):
    """What a user writes for a work pool's access list; see `WorkPoolAccess`."""

    work_pool_name: Annotated[str, Field(min_length=1), Immutable]


class WorkPoolAccessState(WorkPoolAccessArgs):
    """A work pool's access list as the account API has it; its id is the pool's."""

    id: UUID


@kind("prefect:WorkPoolAccess", key=("work_pool_name",))
class WorkPoolAccessKind(ObjectAccessKind[WorkPoolAccessArgs, WorkPoolAccessState]):
    """The life cycle of a work pool's access list."""

    levels = ("manage", "run", "view")

    def objects(self, api: PrefectApi) -> Iterable[Wire]:
        """Yield every work pool of the workspace."""
        return api.pages("/work_pools/filter")

    def object_of(self, api: PrefectApi, args: WorkPoolAccessArgs) -> Wire:
        """Return the pool, whose id tells it from a later one of the same name."""
        pool: Wire = api.get(f"/work_pools/{part(args.work_pool_name)}")
        return pool

    def path(self, wire: Wire) -> str:
        """Return the pool's path."""
        return f"/work_pools/{part(wire['name'])}"

    def key_of(self, wire: Wire) -> Wire:
        """Name the pool."""
        return {"work_pool_name": wire["name"]}


class WorkPoolAccess(PrefectResource, kind=WorkPoolAccessKind):
    """The access list of a work pool: those on it, and nobody else.

    Who may manage may run and view; who may run may view.

    Args:
        resource_name: Its name in the program and in state.
        work_pool: The work pool, or its name. A change replaces the list.
        manage_actor_ids: Who may change and delete it: users and service accounts by
            their `actor_id`; `*` is everybody.
        manage_team_ids: Teams that may, by their ids.
        run_actor_ids: Who may run its deployments, and poll it as a worker.
        run_team_ids: Teams that may.
        view_actor_ids: Who may see it.
        view_team_ids: Teams that may.
        workspace: The workspace it lives in.
        adopt: Take over a list that says otherwise.
        opts: Pulumi's resource options.

    See https://docs.prefect.io/v3/manage/cloud/manage-users/object-access-control-lists.
    """

    work_pool_name: pulumi.Output[str]
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
        work_pool: WorkPool | pulumi.Input[str],
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
                "work_pool_name": work_pool.name
                if isinstance(work_pool, WorkPool)
                else work_pool,
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
