"""Who may see and change a block, beyond what workspace roles say.

API: GET and PUT /block_documents/{id}/access. Immutable: the block. Blocks are not run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import pulumi

from components.kernel import Immutable, Wire, kind

from .base import PrefectResource, WorkspaceLike
from .block import Block
from .object_access import AccessListArgs, ObjectAccessKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from .client import PrefectApi


class BlockAccessArgs(AccessListArgs):
    """What a user writes for a block's access list; see `BlockAccess`."""

    block_id: Annotated[UUID, Immutable]


class BlockAccessState(BlockAccessArgs):
    """A block's access list as the account API has it."""

    id: UUID


@kind("prefect:BlockAccess", key=("block_id",))
class BlockAccessKind(ObjectAccessKind[BlockAccessArgs, BlockAccessState]):
    """The life cycle of a block's access list."""

    levels = ("manage", "view")

    def objects(self, api: PrefectApi) -> Iterable[Wire]:
        """Yield every named block of the workspace."""
        return api.pages("/block_documents/filter")

    def object_of(self, api: PrefectApi, args: BlockAccessArgs) -> Wire:
        """Return the block's id, which is all that is needed."""
        del api
        return {"id": str(args.block_id)}

    def path(self, wire: Wire) -> str:
        """Return the block's path."""
        return f"/block_documents/{wire['id']}"

    def key_of(self, wire: Wire) -> Wire:
        """Name the block."""
        return {"block_id": wire["id"]}


class BlockAccess(PrefectResource, kind=BlockAccessKind):
    """The access list of a block: those on it, and nobody else.

    Who may manage may view.

    Args:
        resource_name: Its name in the program and in state.
        block: The block, or its id. A change replaces the list.
        manage_actor_ids: Who may change and delete it: users and service accounts by
            their `actor_id`; `*` is everybody.
        manage_team_ids: Teams that may, by their ids.
        view_actor_ids: Who may see and load it.
        view_team_ids: Teams that may.
        workspace: The workspace it lives in.
        adopt: Take over a list that says otherwise.
        opts: Pulumi's resource options.

    See https://docs.prefect.io/v3/manage/cloud/manage-users/object-access-control-lists.
    """

    block_id: pulumi.Output[str]
    manage_actor_ids: pulumi.Output[list[str]]
    manage_team_ids: pulumi.Output[list[str]]
    view_actor_ids: pulumi.Output[list[str]]
    view_team_ids: pulumi.Output[list[str]]

    def __init__(
        self,
        resource_name: str,
        *,
        block: Block | pulumi.Input[str],
        manage_actor_ids: pulumi.Input[Collection[pulumi.Input[str]]] = (),
        manage_team_ids: pulumi.Input[Collection[pulumi.Input[str]]] = (),
        view_actor_ids: pulumi.Input[Collection[pulumi.Input[str]]] = (),
        view_team_ids: pulumi.Input[Collection[pulumi.Input[str]]] = (),
        workspace: WorkspaceLike = None,
        adopt: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            resource_name,
            {
                "block_id": block.id if isinstance(block, Block) else block,
                "manage_actor_ids": manage_actor_ids,
                "manage_team_ids": manage_team_ids,
                "view_actor_ids": view_actor_ids,
                "view_team_ids": view_team_ids,
                "adopt": adopt,
            },
            workspace=workspace,
            opts=opts,
        )
