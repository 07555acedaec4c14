"""A Prefect Cloud account, to look up.

API: GET / of the account. Nobody makes or ends an account by a stack.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pulumi

from components.kernel import Args, ManagedResource, Wire, kind

from .base import LookupKind
from .client import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .client import PrefectApi


class AccountArgs(Args):
    """What names an account: nothing, as it is the one that the settings name."""


class AccountState(AccountArgs):
    """An account as the account API has it."""

    id: UUID
    name: str
    handle: str


@kind("prefect:Account", key=())
class AccountLookup(LookupKind[AccountArgs, AccountState]):
    """The lookup of an account."""

    def list(self, api: PrefectApi) -> Iterable[Wire]:
        """Yield the account that the settings name."""
        yield api.get("/")

    def parse(self, api: PrefectApi, wire: Wire) -> AccountState:
        """Project it on its canonical state."""
        del api
        return AccountState(id=wire["id"], name=wire["name"], handle=wire["handle"])

    def describe(self, args: Args) -> str:
        """Name it without a name, as there is one of it."""
        del args
        return "the account"


class Account(ManagedResource, kind=AccountLookup):
    """The account that the stack's settings name; see `get_account`.

    Attributes:
        name: Its display name.
        handle: Its unique name in addresses.
    """

    settings = SETTINGS
    name: pulumi.Output[str]
    handle: pulumi.Output[str]
