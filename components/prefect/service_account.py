"""A Prefect Cloud service account, and its API key.

API: POST /bots/ (the only answer, beside a rotation's, that shows a key), PATCH and
DELETE /bots/{id}, POST /bots/{id}/rotate_api_key, POST /bots/filter. Immutable:
nothing. Quirk: a key that is lost cannot be read again. So a service account that is
taken over, and a key that ended or that somebody else rotated, get a new key; the old
one goes on working for the overlap, so that no consumer breaks.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import pulumi
from pydantic import AfterValidator, AwareDatetime, Field

from components.kernel import (
    Args,
    Local,
    ManagedResource,
    Wire,
    WriteOnly,
    changed,
    kind,
)

from .base import AccountKind
from .client import SETTINGS, PrefectApi
from .roles import role_id

ONE_DAY_SECONDS = 24 * 60 * 60
# The longest overlap that rotate_api_key takes.
MAX_OVERLAP_SECONDS = 48 * 60 * 60


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


class ServiceAccountArgs(Args):
    """What a user writes for a service account; see `ServiceAccount`."""

    name: Annotated[str, Field(min_length=1, max_length=255)]
    account_role: str = "Member"
    api_key_expiration: Annotated[AwareDatetime, AfterValidator(_utc)] | None = None
    rotation: Annotated[str, Local] = ""
    overlap_seconds: Annotated[int, Field(ge=0, le=MAX_OVERLAP_SECONDS), Local] = (
        ONE_DAY_SECONDS
    )
    api_key_works: bool = True


class ServiceAccountState(ServiceAccountArgs):
    """A service account as the account API has it."""

    id: UUID
    actor_id: UUID
    api_key_id: UUID
    api_key: Annotated[str | None, WriteOnly] = None


def to_wire(args: ServiceAccountArgs) -> Wire:
    """Write what PATCH takes, the role by its name."""
    return {"name": args.name, "account_role_id": args.account_role}


@kind("prefect:ServiceAccount", key=("name",))
class ServiceAccountKind(AccountKind[ServiceAccountArgs, ServiceAccountState]):
    """The life cycle of a service account and its key."""

    def list(self, api: PrefectApi) -> Iterable[Wire]:
        """Yield every service account."""
        return api.pages("/bots/filter")

    def parse(self, api: PrefectApi, wire: Wire) -> ServiceAccountState:
        """Project one service account on its canonical state."""
        del api
        key = wire["api_key"]
        ends = key["expiration"] and datetime.fromisoformat(key["expiration"])
        return ServiceAccountState(
            id=wire["id"],
            actor_id=wire["actor_id"],
            name=wire["name"],
            account_role=wire["account_role_name"],
            api_key_id=key["id"],
            api_key_expiration=ends,
            api_key_works=ends is None or ends > datetime.now(UTC),
            api_key=key.get("key"),
        )

    def recall(
        self, state: ServiceAccountState, known: ServiceAccountArgs
    ) -> ServiceAccountState:
        """See that the key is still the one that we were given."""
        ours = getattr(known, "api_key_id", state.api_key_id)
        if ours == state.api_key_id:
            return state
        return state.model_copy(update={"api_key_works": False})

    def create(self, api: PrefectApi, args: ServiceAccountArgs) -> ServiceAccountState:
        """Make the service account; its key is in this answer and in no other."""
        body = {
            "name": args.name,
            "account_role_id": self._role(api, args),
            "api_key_expiration": _text(args.api_key_expiration),
        }
        made = self.parse(api, api.post("/bots/", body, repeatable=False))
        return made.model_copy(update=_local(args))

    def update(
        self, api: PrefectApi, old: ServiceAccountState, new: ServiceAccountArgs
    ) -> ServiceAccountState:
        """Change what differs; rotate the key where it must be another one."""
        body = changed(to_wire(old), to_wire(new))
        if "account_role_id" in body:
            body["account_role_id"] = self._role(api, new)
        api.patch(f"/bots/{old.id}", body)
        state = ServiceAccountState(
            **{
                **dict(new),
                "id": old.id,
                "actor_id": old.actor_id,
                "api_key_id": old.api_key_id,
                "api_key": old.api_key,
            }
        )
        if _same_key(old, new):
            return state
        rotation = {
            "api_key_expiration": _text(new.api_key_expiration),
            "old_key_expires_in_seconds": new.overlap_seconds,
        }
        path = f"/bots/{old.id}/rotate_api_key"
        key = api.post(path, rotation, repeatable=False)["api_key"]
        return state.model_copy(
            update={"api_key_id": UUID(key["id"]), "api_key": key["key"]}
        )

    def delete(self, api: PrefectApi, state: ServiceAccountState) -> None:
        """Delete the service account; all its keys end."""
        api.delete(f"/bots/{state.id}")

    def _role(self, api: PrefectApi, args: ServiceAccountArgs) -> str:
        return str(role_id(api, "account", args.account_role))


def _same_key(old: ServiceAccountState, new: ServiceAccountArgs) -> bool:
    return (
        old.api_key is not None
        and old.api_key_works == new.api_key_works
        and old.rotation == new.rotation
        and old.api_key_expiration == new.api_key_expiration
    )


def _local(args: ServiceAccountArgs) -> Wire:
    return {"rotation": args.rotation, "overlap_seconds": args.overlap_seconds}


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


class ServiceAccount(ManagedResource, kind=ServiceAccountKind):
    """An account for a machine, such as a CI job, and its API key.

    Args:
        resource_name: Its name in the program and in state.
        name: Its name in the account; the resource's name if not given.
        account_role: Its role in the account, by name.
        api_key_expiration: When its key ends, in ISO 8601 with an offset; never if
            not given. Another moment makes another key.
        rotation: Any text; a different one makes another key.
        overlap_seconds: How long a key that was rotated out goes on working, so that
            its consumers can be given the new one; 48 hours at most.
        adopt: Take over a service account of this name that differs.
        opts: Pulumi's resource options.

    Attributes:
        api_key: The key, a secret.
        actor_id: What access lists know it by.

    See https://docs.prefect.io/v3/manage/cloud/manage-users/service-accounts.
    """

    settings = SETTINGS
    name: pulumi.Output[str]
    account_role: pulumi.Output[str]
    actor_id: pulumi.Output[str]
    api_key: pulumi.Output[str]
    api_key_id: pulumi.Output[str]
    api_key_expiration: pulumi.Output[str | None]

    def __init__(
        self,
        resource_name: str,
        *,
        name: pulumi.Input[str] | None = None,
        account_role: pulumi.Input[str] = "Member",
        api_key_expiration: pulumi.Input[str] | None = None,
        rotation: pulumi.Input[str] = "",
        overlap_seconds: pulumi.Input[int] = ONE_DAY_SECONDS,
        adopt: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            resource_name,
            {
                "name": resource_name if name is None else name,
                "account_role": account_role,
                "api_key_expiration": api_key_expiration,
                "rotation": rotation,
                "overlap_seconds": overlap_seconds,
                "adopt": adopt,
            },
            opts,
        )
