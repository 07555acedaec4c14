"""A member of a Prefect Cloud account, who is a user, to look up.

API: POST /account_memberships/filter. Users join by an invitation that they accept, so
no stack can make one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import pulumi
from pydantic import AfterValidator

from components.kernel import Args, ManagedResource, Wire, kind

from .base import LookupKind
from .client import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .client import PrefectApi


class AccountMemberArgs(Args):
    """What names a member; see `get_member`."""

    email: Annotated[str, AfterValidator(str.lower)]


class AccountMemberState(AccountMemberArgs):
    """A member as the account API has it."""

    id: UUID
    user_id: UUID
    actor_id: UUID
    handle: str
    account_role: str


@kind("prefect:AccountMember", key=("email",))
class AccountMemberLookup(LookupKind[AccountMemberArgs, AccountMemberState]):
    """The lookup of a member."""

    def list(self, api: PrefectApi) -> Iterable[Wire]:
        """Yield every member of the account."""
        return api.pages("/account_memberships/filter")

    def parse(self, api: PrefectApi, wire: Wire) -> AccountMemberState:
        """Project one member on its canonical state."""
        del api
        return AccountMemberState(
            id=wire["id"],
            email=wire["email"],
            user_id=wire["user_id"],
            actor_id=wire["actor_id"],
            handle=wire["handle"],
            account_role=wire["account_role_name"],
        )


class AccountMember(ManagedResource, kind=AccountMemberLookup):
    """A user who is a member of the account; see `get_member`.

    Attributes:
        email: The address that the user signs in with.
        user_id: What teams and workspaces know the user by.
        actor_id: What access lists know the user by.
        handle: The user's unique name.
        account_role: The user's role in the account, by name.
    """

    settings = SETTINGS
    email: pulumi.Output[str]
    user_id: pulumi.Output[str]
    actor_id: pulumi.Output[str]
    handle: pulumi.Output[str]
    account_role: pulumi.Output[str]
