"""A Modal service user: an identity for a machine, its token, and its roles.

API: ServiceUserCreate (the only answer that shows a token), ServiceUserList,
ServiceUserDelete, EnvironmentRoleSet.
Immutable: name. Quirks:

- A service user has one token, and no call makes another. So a rotation makes another
  service user: `ci-g1`, `ci-g2`… are the generations of `ci`, the highest is the one
  in use, and the one before it goes on working for the overlap. A new one must have
  been accepted before any other is ended.
- A new one has access to nothing; `no-access` is also how a role is taken away.
- A token's secret that is lost cannot be read again: what is taken over, and what
  ended or was made anew by somebody else, gets another generation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Final, Literal, TypeAlias

import pulumi
from pydantic import AwareDatetime, Field

from components.kernel import (
    AccessError,
    Args,
    Immutable,
    Local,
    ManagedResource,
    NotFoundError,
    RefusedError,
    Wire,
    WriteOnly,
    kind,
)

from .base import WorkspaceKind
from .client import SETTINGS, ModalApi

_GENERATION: Final = re.compile(r"(?P<name>.+)-g(?P<number>[1-9][0-9]*)")
_NO_ACCESS: Final = "no-access"


# 64 characters with a generation behind it.
ServiceUserName: TypeAlias = Annotated[
    str, Field(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9_-]{0,57}$")
]
ServiceUserRole: TypeAlias = Literal["contributor", "viewer"]
Lifetime: TypeAlias = Annotated[int | None, Field(ge=1)]


class ModalServiceUserArgs(Args):
    """What a user writes for a service user; see `ModalServiceUser`."""

    name: Annotated[ServiceUserName, Immutable]
    environment_roles: dict[str, ServiceUserRole] = Field(default_factory=dict)
    expires_in_seconds: Annotated[Lifetime, Local] = None
    rotation: Annotated[str, Local] = ""
    overlap: Annotated[bool, Local] = True
    token_works: bool = True


class ModalServiceUserState(ModalServiceUserArgs):
    """A service user as the control plane has it.

    Attributes:
        id: Its name: every generation has an id of its own.
        environment_roles: May hold custom roles that somebody else assigned.
    """

    id: str
    name: str
    environment_roles: dict[str, str]  # type: ignore[assignment]  # wider, as the service is
    service_user_id: str
    service_user_name: str
    token_id: str
    previous_token_id: str | None = None
    expires_at: AwareDatetime | None = None
    token_secret: Annotated[str | None, WriteOnly] = None


def from_wire(wire: Wire) -> ModalServiceUserState:
    """Read the generations of a service user, the newest first."""
    user, *previous = wire["users"]
    ends = user.get("expires_at")
    expires_at = None if ends is None else datetime.fromtimestamp(ends, UTC)
    return ModalServiceUserState(
        id=wire["id"],
        name=wire["id"],
        environment_roles=_roles(user),
        service_user_id=user["service_user_id"],
        service_user_name=user["name"],
        token_id=user["token_id"],
        previous_token_id=previous[0]["token_id"] if previous else None,
        expires_at=expires_at,
        token_works=expires_at is None or expires_at > datetime.now(UTC),
    )


@kind("modal:ServiceUser", key=("name",))
class ModalServiceUserKind(WorkspaceKind[ModalServiceUserArgs, ModalServiceUserState]):
    """The life cycle of a service user and its token."""

    delete_before_replace = False

    def list(self, api: ModalApi) -> Iterable[Wire]:
        """Yield every service user that has generations."""
        users: dict[str, dict[int, Wire]] = {}
        for user in api.call("ServiceUserList")["service_users"]:
            if named := _GENERATION.fullmatch(user["name"]):
                users.setdefault(named["name"], {})[int(named["number"])] = user
        for name, by_number in users.items():
            newest_first = [by_number[n] for n in sorted(by_number, reverse=True)]
            yield {"id": name, "users": newest_first, "newest": max(by_number)}

    def parse(self, api: ModalApi, wire: Wire) -> ModalServiceUserState:
        """Project one service user on its canonical state."""
        del api
        return from_wire(wire)

    def recall(
        self, state: ModalServiceUserState, known: ModalServiceUserArgs
    ) -> ModalServiceUserState:
        """See that the token is still the one that we were given."""
        ours = getattr(known, "token_id", state.token_id)
        if ours == state.token_id:
            return state
        return state.model_copy(update={"token_works": False})

    def same(
        self, api: ModalApi, found: ModalServiceUserState, args: ModalServiceUserArgs
    ) -> Sequence[str]:
        """Name what differs, unless it is what a create that was cut short left."""
        differs = super().same(api, found, args)
        fresh = not found.environment_roles
        return [f for f in differs if not (fresh and f == "environment_roles")]

    def create(
        self, api: ModalApi, args: ModalServiceUserArgs
    ) -> ModalServiceUserState:
        """Make the first generation; its token is in this answer and in no other."""
        return self._settle(api, args, self._mint(api, args, 1), None)

    def update(
        self, api: ModalApi, old: ModalServiceUserState, new: ModalServiceUserArgs
    ) -> ModalServiceUserState:
        """Change roles in place; make another generation for another token."""
        if _same_token(old, new):
            token = (old.token_id, old.token_secret or "")
            return self._settle(api, new, token, old.previous_token_id)
        there = self._there(api, new.name)
        token = self._mint(api, new, there["newest"] + 1 if there else 1)
        return self._settle(api, new, token, old.token_id)

    def delete(self, api: ModalApi, state: ModalServiceUserState) -> None:
        """Delete every generation; their tokens end."""
        there = self._there(api, state.name)
        if there is None:
            raise NotFoundError("it is gone")
        for user in there["users"]:
            api.call("ServiceUserDelete", service_user_name=user["name"])

    def _there(self, api: ModalApi, name: str) -> Wire | None:
        found = (wire for wire in self.list(api) if wire["id"] == name)
        return next(found, None)

    def _mint(
        self, api: ModalApi, args: ModalServiceUserArgs, number: int
    ) -> tuple[str, str]:
        made = api.call(
            "ServiceUserCreate",
            name=f"{args.name}-g{number}",
            expires_in_seconds=args.expires_in_seconds or 0,
        )
        token = made["token_id"], made["token_secret"]
        _require_accepted(api, token)
        return token

    def _settle(
        self,
        api: ModalApi,
        args: ModalServiceUserArgs,
        token: tuple[str, str],
        previous: str | None,
    ) -> ModalServiceUserState:
        """Give the generations that stay their roles, and end all others.

        Args:
            api: The workspace.
            args: What was asked for.
            token: The id and secret of the token in use.
            previous: The id of the token that it follows.
        """
        token_id, secret = token
        stay = {token_id, previous if args.overlap else None}
        there = self._there(api, args.name)
        if not there or all(user["token_id"] != token_id for user in there["users"]):
            # The list may be older than it; all other tokens are kept until it is seen.
            raise NotFoundError(
                "its token is not listed; run again, after `pulumi refresh` if "
                "somebody has deleted it"
            )
        staying = [user for user in there["users"] if user["token_id"] in stay]
        for user in staying:
            _assign(api, user, args.environment_roles)
        for user in there["users"]:
            if user not in staying:
                api.call("ServiceUserDelete", service_user_name=user["name"])
        there["users"] = staying
        state = from_wire(there)
        asked = {k: v for k, v in dict(args).items() if k != "adopt"}
        return state.model_copy(update={**asked, "token_secret": secret})


def _require_accepted(api: ModalApi, token: tuple[str, str]) -> None:
    """See that a new token works, before anybody is given it or loses another."""
    try:
        api.acting_as(*token).call("TokenInfoGet")
    except AccessError as error:
        said = str(error).partition(";")[0]
        raise AccessError(
            f"its new token is not accepted ({said}), so any before it was kept; run "
            "again"
        ) from None


def _same_token(old: ModalServiceUserState, new: ModalServiceUserArgs) -> bool:
    return (
        old.token_secret is not None
        and old.token_works == new.token_works
        and old.rotation == new.rotation
        and old.expires_in_seconds == new.expires_in_seconds
    )


def _roles(user: Wire) -> dict[str, str]:
    roles = {r["environment_name"]: r["role_str"] for r in user["environment_roles"]}
    return {name: role for name, role in roles.items() if role != _NO_ACCESS}


def _assign(api: ModalApi, user: Wire, wanted: Mapping[str, str]) -> None:
    now = _roles(user)
    lost = dict.fromkeys(now.keys() - wanted.keys(), _NO_ACCESS)
    wrong = {name: role for name, role in wanted.items() if now.get(name) != role}
    if not lost and not wrong:
        return
    listed = api.call("EnvironmentList")["items"]
    ids = {item["name"]: item["environment_id"] for item in listed}
    if missing := sorted(wrong.keys() - ids.keys()):
        raise RefusedError(
            f"there is no environment '{missing[0]}' to have a role in; create it "
            "first, or correct the name"
        )
    for name, role in {**lost, **wrong}.items():
        api.call(
            "EnvironmentRoleSet",
            environment_id=ids[name],
            service_user_name=user["name"],
            role_str=role,
        )


class ModalServiceUser(ManagedResource, kind=ModalServiceUserKind):
    """An identity for a machine, such as a CI job, and its token.

    Args:
        resource_name: Its name in the program and in state.
        name: Its name in the workspace, to which a generation (`-g1`) is added; the
            resource's name if not given.
        environment_roles: Environment → `contributor` or `viewer`. It has access to
            no other environment.
        expires_in_seconds: How long a token works; for ever if not given. Another
            number makes another token.
        rotation: Any text; a different one makes another token.
        overlap: Have the token before the present one go on working, until the next
            rotation; without it, that one ends at once.
        adopt: Take over a service user of this name that differs.
        opts: Pulumi's resource options.

    Attributes:
        token_id: The token's id, for MODAL_TOKEN_ID.
        token_secret: The token's secret, for MODAL_TOKEN_SECRET.
        service_user_name: The name of the generation in use.

    See https://modal.com/docs/guide/service-users.
    """

    settings = SETTINGS
    name: pulumi.Output[str]
    environment_roles: pulumi.Output[dict[str, str]]
    service_user_id: pulumi.Output[str]
    service_user_name: pulumi.Output[str]
    token_id: pulumi.Output[str]
    token_secret: pulumi.Output[str]
    previous_token_id: pulumi.Output[str | None]
    expires_at: pulumi.Output[str | None]

    def __init__(
        self,
        resource_name: str,
        *,
        name: pulumi.Input[str] | None = None,
        environment_roles: pulumi.Input[Mapping[str, pulumi.Input[str]]] | None = None,
        expires_in_seconds: pulumi.Input[int] | None = None,
        rotation: pulumi.Input[str] = "",
        overlap: pulumi.Input[bool] = True,
        adopt: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            resource_name,
            {
                "name": resource_name if name is None else name,
                "environment_roles": environment_roles,
                "expires_in_seconds": expires_in_seconds,
                "rotation": rotation,
                "overlap": overlap,
                "adopt": adopt,
            },
            opts,
        )
