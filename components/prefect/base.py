"""What the kinds of a Prefect workspace have in common."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias, TypeVar
from uuid import UUID

import pulumi

from components.kernel import (
    Args,
    Config,
    Immutable,
    Kind,
    ManagedResource,
    RefusedError,
)

from .client import SETTINGS, PrefectApi, connect_account, connect_workspace


class PrefectArgs(Args):
    """What every object of a workspace has.

    Attributes:
        workspace_id: The workspace it lives in; None for the server (or the
            workspace) that PREFECT_API_URL names.
    """

    workspace_id: Annotated[UUID | None, Immutable] = None


A = TypeVar("A", bound=PrefectArgs)
S = TypeVar("S", bound=PrefectArgs)
AccountA = TypeVar("AccountA", bound=Args)
AccountS = TypeVar("AccountS", bound=Args)


class PrefectKind(Kind[PrefectApi, A, S]):
    """A kind whose objects live in a workspace."""

    def connect(self, config: Config, args: A) -> PrefectApi:
        """Return the API of the object's workspace."""
        return connect_workspace(config, args.workspace_id)


class AccountKind(Kind[PrefectApi, AccountA, AccountS]):
    """A kind whose objects live in the account."""

    def connect(self, config: Config, args: AccountA) -> PrefectApi:
        """Return the API of the account."""
        del args
        return connect_account(config)


class LookupKind(AccountKind[AccountA, AccountS]):
    """A kind of the account that a stack may look up, but never own."""

    def create(self, api: PrefectApi, args: AccountA) -> AccountS:
        """Refuse, as `update` and `delete` do."""
        del api, args
        raise self._refusal()

    def update(self, api: PrefectApi, old: AccountS, new: AccountA) -> AccountS:
        """Refuse."""
        del api, old, new
        raise self._refusal()

    def delete(self, api: PrefectApi, state: AccountS) -> None:
        """Refuse."""
        del api, state
        raise self._refusal()

    def _refusal(self) -> RefusedError:
        words = f"{self.title()}s can only be looked up; make it in Prefect Cloud"
        return RefusedError(words)


class PrefectResource(ManagedResource):
    """An object of a workspace that the stack owns."""

    settings = SETTINGS
    workspace_id: pulumi.Output[str | None]

    def __init__(
        self,
        resource_name: str,
        inputs: dict[str, Any],
        *,
        workspace: WorkspaceLike,
        opts: pulumi.ResourceOptions | None,
    ) -> None:
        id_ = (
            workspace.id if isinstance(workspace, pulumi.CustomResource) else workspace
        )
        super().__init__(resource_name, {**inputs, "workspace_id": id_}, opts)


WorkspaceLike: TypeAlias = "pulumi.CustomResource | pulumi.Input[str] | None"
"""A `Workspace`, its id, or None for the one that PREFECT_API_URL names."""
