"""A Modal token that the stack hands to others: verified, fingerprinted, watched.

API: TokenInfoGet, sent with the token itself; with `revoke_on_delete` TokenDelete for a
member's token and ServiceUserDelete for a service user's.
Immutable: name, which is the stack's own word for it. Quirks:

- Who mints a token is a person (`modal token new`) or a `ModalServiceUser`. So nothing
  is made here, and another token takes this one's place in place.
- Under another name it is verified first, and let go of under the old one last, without
  being revoked.
- One that is no longer accepted (it ended, was disabled or deleted) is drift of
  `token_works`. Only another token mends it: an `up` with the same one fails.
- Providers have no way to warn at a preview. The resource does, in the program: at
  every preview, `up` and `refresh --run-program` in a token's last `warn_days`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal, TypeAlias

import pulumi
from pydantic import AfterValidator, AwareDatetime, Field

from components.kernel import (
    AccessError,
    Args,
    Config,
    Immutable,
    Kind,
    Local,
    ManagedResource,
    RefusedError,
    Wire,
    WriteOnly,
    kind,
)

from .client import SETTINGS, connect, connect_as
from .token_api import NAMES, TokenApi, fingerprint_of, refuse_our_own

WARN_DAYS: Final = 14


def _no_proxy_token(token_id: str) -> str:
    if token_id.startswith("wk-"):
        raise ValueError(
            "is the id of a proxy token, which opens web endpoints only; give that of "
            "a member's or a service user's token"
        )
    return token_id


TokenId: TypeAlias = Annotated[
    str, Field(min_length=1), AfterValidator(_no_proxy_token)
]
WarnDays: TypeAlias = Annotated[int, Field(ge=0)]


class ModalTokenArgs(Args):
    """What a user writes for a token; see `ModalToken`."""

    name: Annotated[str, Field(min_length=1), Immutable]
    token_id: TokenId
    token_secret: Annotated[str, Field(min_length=1), WriteOnly]
    warn_days: Annotated[WarnDays, Local] = WARN_DAYS
    revoke_on_delete: Annotated[bool, Local] = False
    token_works: bool = True


class ModalTokenState(ModalTokenArgs):
    """A token as the control plane knows it; of one that ended, what it last told.

    Attributes:
        id: Its name: another token may take its place.
        identity_id: What the control plane knows its owner by.
    """

    id: str
    token_secret: Annotated[str | None, WriteOnly] = None  # type: ignore[assignment]  # never read
    fingerprint: str
    workspace: str | None = None
    workspace_id: str | None = None
    identity: str | None = None
    identity_id: str | None = None
    identity_type: Literal["member", "service_user"] | None = None
    created_at: AwareDatetime | None = None
    expires_at: AwareDatetime | None = None


_TOLD: Final = frozenset(ModalTokenState.model_fields) - {
    *ModalTokenArgs.model_fields,
    "id",
    "fingerprint",
}


def from_wire(wire: Wire) -> Wire:
    """Read what TokenInfoGet tells."""
    told = {
        "workspace": wire["workspace_name"],
        "workspace_id": wire["workspace_id"],
        "created_at": wire.get("created_at"),
        "expires_at": wire.get("expires_at"),
    }
    if user := wire.get("service_user_identity"):
        owner = "service_user", user["service_user_name"], user["service_user_id"]
    else:
        user = wire["user_identity"]
        owner = "member", user["username"], user["user_id"]
    names = ("identity_type", "identity", "identity_id")
    return told | dict(zip(names, owner, strict=True))


@kind("modal:Token", key=("name",))
class ModalTokenKind(Kind[TokenApi, ModalTokenArgs, ModalTokenState]):
    """The life cycle of a token."""

    delete_before_replace = False

    def connect(self, config: Config, args: ModalTokenArgs) -> TokenApi:
        """Return the API by the token itself."""
        token_id, secret = (
            getattr(args, field, None) for field in ("token_id", "token_secret")
        )
        if not token_id or not secret:
            raise RefusedError("no call tells its secret; declare it with its secret")
        itself = connect_as(config, token_id, secret)
        return TokenApi(args.name, token_id, fingerprint_of(secret), itself, config)

    def list(self, api: TokenApi) -> Iterable[Wire]:
        """Yield the one token that can be asked for: itself."""
        try:
            yield {"id": api.name, **api.itself.call("TokenInfoGet")}
        except AccessError:
            yield {"id": api.name}

    def parse(self, api: TokenApi, wire: Wire) -> ModalTokenState:
        """Project what is told on the canonical state."""
        accepted = "workspace_id" in wire
        return ModalTokenState(
            id=wire["id"],
            name=api.name,
            token_id=api.token_id,
            fingerprint=api.fingerprint,
            token_works=accepted,
            **(from_wire(wire) if accepted else {}),
        )

    def recall(self, state: ModalTokenState, known: ModalTokenArgs) -> ModalTokenState:
        """Complete a token that is not accepted by what it told before."""
        if state.token_works:
            return state
        told = {field: getattr(known, field, None) for field in _TOLD}
        return state.model_copy(update=told)

    def find(
        self, api: TokenApi, args: ModalTokenArgs, listed: ModalTokenState | None
    ) -> None:
        """Find nothing: whoever names a token has it, and has nobody else's."""
        del api, args, listed

    def create(self, api: TokenApi, args: ModalTokenArgs) -> ModalTokenState:
        """Verify the token."""
        if args.revoke_on_delete:
            refuse_our_own(api)
        try:
            told = from_wire(api.itself.call("TokenInfoGet"))
        except AccessError as error:
            said = str(error).partition(";")[0]
            raise AccessError(
                f"its id and secret are not accepted ({said}); give a token that "
                "works, from `modal token new` or of a service user"
            ) from None
        NAMES.add(api)
        given = dict(args) | {"id": api.name, "fingerprint": api.fingerprint}
        return ModalTokenState(**given, **told)

    def update(
        self, api: TokenApi, old: ModalTokenState, new: ModalTokenArgs
    ) -> ModalTokenState:
        """Verify the token, which may be another one.

        The one before goes on working: who has it still is for its maker to know.
        """
        del old
        return self.create(api, new)

    def delete(self, api: TokenApi, state: ModalTokenState) -> None:
        """Let go of the token, and revoke it where that was asked for."""
        if state.revoke_on_delete:
            refuse_our_own(api)
        if not NAMES.end(api) or not state.revoke_on_delete:
            return
        if state.identity_type == "service_user":
            ours = connect(api.config)
            ours.call("ServiceUserDelete", service_user_id=state.identity_id)
            return
        try:
            api.itself.call("TokenDelete", token_id=state.token_id)
        except AccessError:
            # One that is disabled could be enabled again.
            connect(api.config).call("TokenDelete", token_id=state.token_id)


def ending(
    name: str, expires_at: str | None, warn_days: float, now: datetime
) -> str | None:
    """Say that a token ends soon or has ended, or None where it does neither.

    Args:
        name: What the stack calls it.
        expires_at: When it ends, in ISO 8601; None for never.
        warn_days: How many days before that it is said; 0 for never.
        now: The time.
    """
    if expires_at is None or not warn_days:
        return None
    ends = datetime.fromisoformat(expires_at)
    if ends - now > timedelta(days=warn_days):
        return None
    verb = "ends" if ends > now else "ended"
    return (
        f"Modal token '{name}' {verb} on {ends:%Y-%m-%d at %H:%M %Z}; rotate its "
        "service user, or give another token"
    )


class ModalToken(ManagedResource, kind=ModalTokenKind):
    """A credential of the workspace that the stack hands to others.

    Args:
        resource_name: Its name in the program and in state.
        token_id: The token's id; another one takes its place in place.
        token_secret: The token's secret, kept encrypted in state.
        name: What the stack calls it; the resource's name if not given.
        warn_days: How many days before its end previews and updates begin to warn; 0
            for never.
        revoke_on_delete: Have the token end when the resource is deleted: a member's
            token is deleted, and for a service user's its service user. Refused for
            the token that flowground itself works with.
        opts: Pulumi's resource options.

    Attributes:
        workspace: The workspace's name.
        workspace_id: The workspace's id.
        identity: Who it is accepted as: a member's or a service user's name.
        identity_type: `member` or `service_user`.
        created_at: When it was made.
        expires_at: When it ends; None for never.
        fingerprint: The beginning of its secret's SHA-256, which tells one secret from
            another.

    See https://modal.com/docs/reference/modal.config.
    """

    settings = SETTINGS
    name: pulumi.Output[str]
    token_id: pulumi.Output[str]
    token_secret: pulumi.Output[str]
    warn_days: pulumi.Output[float]
    workspace: pulumi.Output[str]
    workspace_id: pulumi.Output[str]
    identity: pulumi.Output[str]
    identity_type: pulumi.Output[str]
    created_at: pulumi.Output[str]
    expires_at: pulumi.Output[str | None]
    fingerprint: pulumi.Output[str]

    def __init__(
        self,
        resource_name: str,
        *,
        token_id: pulumi.Input[str],
        token_secret: pulumi.Input[str],
        name: pulumi.Input[str] | None = None,
        warn_days: pulumi.Input[int] = WARN_DAYS,
        revoke_on_delete: pulumi.Input[bool] = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            resource_name,
            {
                "name": resource_name if name is None else name,
                "token_id": token_id,
                "token_secret": token_secret,
                "warn_days": warn_days,
                "revoke_on_delete": revoke_on_delete,
            },
            opts,
        )
        pulumi.Output.all(self.name, self.expires_at, self.warn_days).apply(self._warn)

    def _warn(self, known: list[Any]) -> None:
        name, expires_at, warn_days = known
        if said := ending(name, expires_at, warn_days, datetime.now(UTC)):
            pulumi.log.warn(said, self)
