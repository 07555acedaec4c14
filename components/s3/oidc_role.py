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
from contextlib import suppress
from typing import Annotated, Final, Literal

import pulumi
from pydantic import Field

from components.kernel import (
    AccessError,
    AlreadyExistsError,
    Wire,
    canonical_json,
    differing,
    kind,
)

from .base import S3Resource
from .client import S3Api
from .grant import FIELDS, OTHER, TAG, from_policy, recalled
from .identity import GONE, IdentityArgs, IdentityKind, IdentityState
from .oidc_trust import (
    Trusted,
    from_trust,
    provide,
    provider_arn,
    provider_there,
    retire,
    to_trust,
)

# Nobody may take the provider away between our seeing it and our trusting it.
_provider: Final = threading.Lock()

WorkspaceId = Annotated[str, Field(pattern=r"^ac-[A-Za-z0-9]+$")]
ModalName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]


class OidcRoleArgs(IdentityArgs):
    """What a user writes for a role; see `OidcRole`."""

    workspace_id: WorkspaceId
    environment: ModalName
    app: ModalName | None = None
    max_session_seconds: Annotated[int, Field(ge=3600, le=43200)] = 3600
    provider_there: bool = True


class OidcRoleState(IdentityState, OidcRoleArgs):
    """A role as IAM has it.

    Attributes:
        arn: What is given to `CloudBucketMount` as `oidc_auth_role_arn`.
        workspace_id: `other` where it trusts others than a program can say.
    """

    workspace_id: str
    environment: str = ""
    app: str | None = None


@kind("s3:OidcRole", key=("name",))
class OidcRoleKind(IdentityKind[OidcRoleArgs, OidcRoleState]):
    """The life cycle of a role."""

    noun = "Role"

    def besides(self, api: S3Api, identity: Wire) -> Wire:
        """See whether there is the provider that the role trusts."""
        arn = provider_arn(identity["Arn"])
        return {"provider_there": provider_there(api, arn)}

    def usable(self, wire: Wire) -> bool:
        """Tell whether the role may do anything."""
        return wire["policy"] is not None

    def parse(self, api: S3Api, wire: Wire) -> OidcRoleState:
        """Project the role on its canonical state."""
        role, arn = wire["identity"], wire["identity"]["Arn"]
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
                there = self.begun(api, args.name)
                if there is None:
                    raise
                return self.update(api, self.parse(api, there), args)
        arn = made["Role"]["Arn"]
        self.allow(api.awaiting(GONE), args)
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
            self.allow(api, new)
        return OidcRoleState(**{**dict(new), "id": old.id, "arn": old.arn})

    def delete(self, api: S3Api, state: OidcRoleState) -> None:
        """Delete the role, and after the last one the provider."""
        with _provider:
            self.remove(api, state.name)
            # A provider that nobody trusts does no harm, and may be left.
            with suppress(AccessError):
                retire(api, provider_arn(state.arn), state.name)


def _trusted(args: OidcRoleArgs) -> Trusted:
    return Trusted(args.workspace_id, args.environment, args.app)


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
