"""A role that Modal's functions take on to read a bucket: no key, nothing to rotate.

API: IAM's CreateRole, GetRole, UpdateRole, UpdateAssumeRolePolicy, DeleteRole,
PutRolePolicy, GetRolePolicy, DeleteRolePolicy, and the account's identity provider
(see `oidc_trust`).
Immutable: the name. Quirks:

- The account has one provider for Modal, which its roles share: the first makes it, the
  last one takes it away, unless somebody else had made it.
- What a run that was cut short left is known by its tag, and is gone on with.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import suppress
from typing import Annotated, Final, Literal

import pulumi
from pydantic import Field

from components.kernel import (
    AccessError,
    AlreadyExistsError,
    Config,
    Immutable,
    Wire,
    canonical_json,
    differing,
    kind,
)

from .base import S3Kind, S3Resource
from .client import S3Api, connect
from .grant import (
    FIELDS,
    OTHER,
    POLICY,
    TAG,
    GrantArgs,
    GrantState,
    from_policy,
    recalled,
    to_policy,
)
from .oidc_trust import (
    Trusted,
    from_trust,
    provide,
    provider_arn,
    provider_there,
    retire,
    to_trust,
)

_GONE: Final = "NoSuchEntity"
# Nobody may take the provider away between our seeing it and our trusting it.
_provider: Final = threading.Lock()

RoleName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_+=,.@-]{1,64}$")]
WorkspaceId = Annotated[str, Field(pattern=r"^ac-[A-Za-z0-9]+$")]
ModalName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]


class OidcRoleArgs(GrantArgs):
    """What a user writes for a role; see `OidcRole`."""

    name: Annotated[RoleName, Immutable]
    workspace_id: WorkspaceId
    environment: ModalName
    app: ModalName | None = None
    max_session_seconds: Annotated[int, Field(ge=3600, le=43200)] = 3600
    provider_there: bool = True


class OidcRoleState(GrantState, OidcRoleArgs):
    """A role as IAM has it.

    Attributes:
        id: Its name.
        arn: What is given to `CloudBucketMount` as `oidc_auth_role_arn`.
        workspace_id: `other` where it trusts others than a program can say.
    """

    id: str
    name: str
    workspace_id: str
    environment: str = ""
    app: str | None = None
    arn: str


@kind("s3:OidcRole", key=("name",))
class OidcRoleKind(S3Kind[OidcRoleArgs, OidcRoleState]):
    """The life cycle of a role."""

    def connect(self, config: Config, args: OidcRoleArgs) -> S3Api:
        """Return the API of the one role."""
        return connect(config, f"role/{args.name}")

    def list(self, api: S3Api) -> Iterable[Wire]:
        """Yield the role, if it is there."""
        found = _read(api, api.place.partition("/")[2])
        return [] if found is None else [found]

    def parse(self, api: S3Api, wire: Wire) -> OidcRoleState:
        """Project the role on its canonical state."""
        role, arn = wire["role"], wire["role"]["Arn"]
        trusted = from_trust(provider_arn(arn), role["AssumeRolePolicyDocument"])
        return OidcRoleState(
            id=wire["id"],
            name=wire["id"],
            arn=arn,
            **(trusted or Trusted(OTHER, "", None))._asdict(),
            max_session_seconds=role.get("MaxSessionDuration", 3600),
            provider_there=wire["provider_there"],
            **from_policy(api.partition, wire["policy"]),
        )

    def recall(self, state: OidcRoleState, known: OidcRoleArgs) -> OidcRoleState:
        """Complete what neither policy tells by what the program says."""
        state = recalled(state, known)
        if state.workspace_id != OTHER:
            return state
        told = ("environment", "app")
        return state.model_copy(
            update={f: getattr(known, f) for f in told if hasattr(known, f)}
        )

    def find(
        self, api: S3Api, args: OidcRoleArgs, listed: OidcRoleState | None
    ) -> OidcRoleState | None:
        """Leave it to `create` to go on with what one that was cut short left."""
        del listed
        found = _read(api, args.name)
        looked_up = isinstance(args, OidcRoleState)
        if found is None or (_begun(found) and not looked_up):
            return None
        return self.parse(api, found)

    def create(self, api: S3Api, args: OidcRoleArgs) -> OidcRoleState:
        """Have a provider, make the role that trusts it, allow what it may do."""
        with _provider:
            trust = canonical_json(to_trust(provide(api), _trusted(args)))
            try:
                made = api.call(
                    "iam",
                    "create_role",
                    RoleName=args.name,
                    AssumeRolePolicyDocument=trust,
                    MaxSessionDuration=args.max_session_seconds,
                    Tags=[TAG],
                )
            except AlreadyExistsError:
                there = _read(api, args.name)
                if there is None or not _begun(there):
                    raise
                return self.update(api, self.parse(api, there), args)
        arn = made["Role"]["Arn"]
        _allow(api.awaiting(_GONE), args)
        return OidcRoleState(**{**dict(args), "id": args.name, "arn": arn})

    def update(
        self, api: S3Api, old: OidcRoleState, new: OidcRoleArgs
    ) -> OidcRoleState:
        """Write the policies and the limit that changed."""
        changes = set(differing(old, new))
        if "provider_there" in changes:
            provide(api)
        if changes & set(Trusted._fields):
            trust = to_trust(provider_arn(old.arn), _trusted(new))
            api.call(
                "iam",
                "update_assume_role_policy",
                RoleName=new.name,
                PolicyDocument=canonical_json(trust),
            )
        if "max_session_seconds" in changes:
            api.call(
                "iam",
                "update_role",
                RoleName=new.name,
                MaxSessionDuration=new.max_session_seconds,
            )
        if changes & set(FIELDS):
            _allow(api, new)
        return OidcRoleState(**{**dict(new), "id": old.id, "arn": old.arn})

    def delete(self, api: S3Api, state: OidcRoleState) -> None:
        """Delete the role, and after the last one the provider."""
        with _provider:
            api.look(
                "iam",
                "delete_role_policy",
                _GONE,
                RoleName=state.name,
                PolicyName=POLICY,
            )
            api.call("iam", "delete_role", RoleName=state.name)
            # A provider that nobody trusts does no harm, and may be left.
            with suppress(AccessError):
                retire(api, provider_arn(state.arn), state.name)


def _read(api: S3Api, name: str) -> Wire | None:
    found = api.look("iam", "get_role", _GONE, RoleName=name)
    if found is None:
        return None
    policy = api.look("iam", "get_role_policy", _GONE, RoleName=name, PolicyName=POLICY)
    role = found["Role"]
    return {
        "id": name,
        "role": role,
        "policy": None if policy is None else policy["PolicyDocument"],
        "provider_there": provider_there(api, provider_arn(role["Arn"])),
    }


def _begun(wire: Wire) -> bool:
    """Tell whether a role is what a create of ours left before it could do anything."""
    return TAG in wire["role"].get("Tags", ()) and wire["policy"] is None


def _trusted(args: OidcRoleArgs) -> Trusted:
    return Trusted(args.workspace_id, args.environment, args.app)


def _allow(api: S3Api, args: OidcRoleArgs) -> None:
    api.call(
        "iam",
        "put_role_policy",
        RoleName=args.name,
        PolicyName=POLICY,
        PolicyDocument=canonical_json(to_policy(api.partition, args)),
    )


class OidcRole(S3Resource, kind=OidcRoleKind):
    """A role that the functions of a Modal environment take on, with no key at all.

    Args:
        resource_name: Its name in the program and in state.
        bucket: The bucket's name.
        workspace_id: The Modal workspace whose functions may: `ac-…`.
        environment: The Modal environment whose functions may.
        app: The one app there whose functions may; every app's if not given.
        prefix: The folder of the bucket, with a slash at its end; all of it if empty.
        access: `read`, or `write` to read and write.
        kms_key: The ARN of the key that the objects are encrypted with, where it is
            not AWS's own.
        max_session_seconds: For how long it may be taken on at a time.
        name: Its name in the account; the resource's name if not given. A change
            replaces it.
        adopt: Take over a role of this name that differs.
        opts: Pulumi's resource options.

    See https://modal.com/docs/guide/oidc-integration.
    """

    arn: pulumi.Output[str]
    bucket: pulumi.Output[str]
    prefix: pulumi.Output[str]
    access: pulumi.Output[str]
    workspace_id: pulumi.Output[str]
    environment: pulumi.Output[str]
    app: pulumi.Output[str | None]

    def __init__(
        self,
        resource_name: str,
        *,
        bucket: pulumi.Input[str],
        workspace_id: pulumi.Input[str],
        environment: pulumi.Input[str],
        app: pulumi.Input[str] | None = None,
        prefix: pulumi.Input[str] = "",
        access: pulumi.Input[Literal["read", "write"]] = "read",
        kms_key: pulumi.Input[str] | None = None,
        max_session_seconds: pulumi.Input[int] = 3600,
        name: pulumi.Input[str] | None = None,
        adopt: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            resource_name,
            {
                "bucket": bucket,
                "workspace_id": workspace_id,
                "environment": environment,
                "app": app,
                "prefix": prefix,
                "access": access,
                "kms_key": kms_key,
                "max_session_seconds": max_session_seconds,
                "name": resource_name if name is None else name,
                "adopt": adopt,
            },
            opts,
        )
