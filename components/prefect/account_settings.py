"""What is on and off for the whole account.

API: GET and PATCH /settings. Immutable: nothing. Quirks: an account has exactly one of
these and always, so it is never made, refused or deleted: a resource takes over those
settings that it names, and when it goes they stay as they are. Whether the IP allowlist
is enforced is a setting too, but belongs to `IpAllowlist`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, TypeAlias

import pulumi

from components.kernel import (
    Args,
    ManagedResource,
    UnmanagedIfUnset,
    Wire,
    changed,
    kind,
)

from .base import AccountKind
from .client import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .client import PrefectApi

Switch: TypeAlias = Annotated[bool | None, UnmanagedIfUnset]


class AccountSettingsArgs(Args):
    """What a user writes for the account's settings; see `AccountSettings`."""

    allow_public_workspaces: Switch = None
    ai_log_summaries: Switch = None
    managed_execution: Switch = None
    enforce_webhook_authentication: Switch = None


class AccountSettingsState(AccountSettingsArgs):
    """The account's settings as the account API has them; the id is the account's."""

    id: str


def to_wire(args: AccountSettingsArgs) -> Wire:
    """Write the settings that are named, as PATCH takes them."""
    fields = set(AccountSettingsArgs.model_fields) - {"adopt"}
    return args.model_dump(include=fields, exclude_none=True)


@kind("prefect:AccountSettings", key=())
class AccountSettingsKind(AccountKind[AccountSettingsArgs, AccountSettingsState]):
    """The life cycle of an account's settings."""

    def list(self, api: PrefectApi) -> Iterable[Wire]:
        """Yield the settings."""
        yield {"id": api.account_id, **api.get("/settings")}

    def parse(self, api: PrefectApi, wire: Wire) -> AccountSettingsState:
        """Project the settings on their canonical state."""
        del api
        fields = AccountSettingsState.model_fields.keys() & wire.keys()
        return AccountSettingsState(**{field: wire[field] for field in fields})

    def find(
        self,
        api: PrefectApi,
        args: AccountSettingsArgs,
        listed: AccountSettingsState | None,
    ) -> None:
        """Find none: what always is need not be adopted."""
        del api, args, listed

    def create(
        self, api: PrefectApi, args: AccountSettingsArgs
    ) -> AccountSettingsState:
        """Take the named settings over, changing those that differ."""
        (there,) = self.list(api)
        return self.update(api, self.parse(api, there), args)

    def update(
        self, api: PrefectApi, old: AccountSettingsState, new: AccountSettingsArgs
    ) -> AccountSettingsState:
        """Change what differs."""
        api.patch("/settings", changed(to_wire(old), to_wire(new)))
        return AccountSettingsState(**{**dict(new), "id": old.id})

    def delete(self, api: PrefectApi, state: AccountSettingsState) -> None:
        """Leave the settings as they are."""

    def describe(self, args: Args) -> str:
        """Name them without a name, as there is one of them."""
        del args
        return "the account's settings"


class AccountSettings(ManagedResource, kind=AccountSettingsKind):
    """Settings of the account; those that are not given are left to others.

    Args:
        resource_name: Its name in the program and in state.
        allow_public_workspaces: Whether workspaces may be shown to everybody.
        ai_log_summaries: Whether failed runs' logs are summarised by a model.
        managed_execution: Whether Prefect runs flows on its own machines.
        enforce_webhook_authentication: Whether webhooks demand a service account.
        opts: Pulumi's resource options.

    """

    settings = SETTINGS
    allow_public_workspaces: pulumi.Output[bool | None]
    ai_log_summaries: pulumi.Output[bool | None]
    managed_execution: pulumi.Output[bool | None]
    enforce_webhook_authentication: pulumi.Output[bool | None]

    def __init__(
        self,
        resource_name: str,
        *,
        allow_public_workspaces: pulumi.Input[bool] | None = None,
        ai_log_summaries: pulumi.Input[bool] | None = None,
        managed_execution: pulumi.Input[bool] | None = None,
        enforce_webhook_authentication: pulumi.Input[bool] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            resource_name,
            {
                "allow_public_workspaces": allow_public_workspaces,
                "ai_log_summaries": ai_log_summaries,
                "managed_execution": managed_execution,
                "enforce_webhook_authentication": enforce_webhook_authentication,
            },
            opts,
        )
