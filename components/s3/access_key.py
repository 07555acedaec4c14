"""A key to one prefix of a bucket: an IAM user, what it may do, and its access key.

API: IAM's CreateUser, GetUser, DeleteUser, PutUserPolicy, GetUserPolicy,
DeleteUserPolicy, CreateAccessKey (the only answer that shows a secret),
ListAccessKeys, DeleteAccessKey; STS's GetCallerIdentity.
Immutable: the name. Quirks:

- A user has two slots for keys. A rotation frees the one that is not in use, puts a new
  key there, and sees that it works; the key in use goes on working for the overlap.
- An answer to CreateAccessKey that is lost is a secret that nobody has: that key is
  deleted, and another one made.
- What a run that was cut short left is known by its tag, and is gone on with. A key
  whose secret the stack has not got is never the one in use.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import pulumi
from pydantic import Field

from components.kernel import (
    AlreadyExistsError,
    Local,
    LostAnswerError,
    ServiceError,
    Wire,
    WriteOnly,
    differing,
    kind,
)

from .base import S3Resource
from .client import S3Api
from .grant import FIELDS, TAG, from_policy, recalled
from .identity import GONE, IdentityArgs, IdentityKind, IdentityState

_ACTIVE: Final = "Active"
# How often an answer may be lost before that is told.
_MINT_TRIES: Final = 3


class AccessKeyArgs(IdentityArgs):
    """What a user writes for a key; see `AccessKey`."""

    rotation: Annotated[str, Local] = ""
    overlap: Annotated[bool, Local] = True
    key_works: bool = True


class AccessKeyState(IdentityState, AccessKeyArgs):
    """A user as IAM has it, and its keys.

    Attributes:
        access_key_id: The key in use.
        previous_access_key_id: The user's other key, if there is one.
        key_statuses: Each key's status: `Active` or `Inactive`.
        secret_access_key: What was shown once, when the key was made.
    """

    access_key_id: str | None = None
    previous_access_key_id: str | None = None
    key_statuses: dict[str, str] = Field(default_factory=dict)
    secret_access_key: Annotated[str | None, WriteOnly] = None


@kind("s3:AccessKey", key=("name",))
class AccessKeyKind(IdentityKind[AccessKeyArgs, AccessKeyState]):
    """The life cycle of a user and its keys."""

    noun = "User"

    def besides(self, api: S3Api, identity: Wire) -> Wire:
        """Read the user's keys."""
        return {"keys": _keys(api, identity["UserName"])}

    def usable(self, wire: Wire) -> bool:
        """Tell whether the user has a key."""
        return bool(wire["keys"])

    def parse(self, api: S3Api, wire: Wire) -> AccessKeyState:
        """Project the user on its canonical state, its newest key the one in use."""
        return _with_key(
            AccessKeyState(
                id=wire["id"],
                name=wire["id"],
                arn=wire["identity"]["Arn"],
                key_statuses={k["AccessKeyId"]: k["Status"] for k in wire["keys"]},
                **from_policy(api.partition, wire["policy"]),
            ),
            wire["keys"][0]["AccessKeyId"] if wire["keys"] else None,
        )

    def recall(self, state: AccessKeyState, known: AccessKeyArgs) -> AccessKeyState:
        """See that the key in use is still the one that we were given."""
        ours = getattr(known, "access_key_id", None)
        return _with_key(recalled(state, known), ours or state.access_key_id)

    def create(self, api: S3Api, args: AccessKeyArgs) -> AccessKeyState:
        """Make the user, allow what it may do, and make its first key."""
        try:
            made = api.call("iam", "create_user", UserName=args.name, Tags=[TAG])
        except AlreadyExistsError:
            there = self.begun(api, args.name)
            if there is None:
                raise
            made = {"User": there["identity"]}
        new = api.awaiting(GONE)
        self.allow(new, args)
        state = AccessKeyState(
            **{**dict(args), "id": args.name, "arn": made["User"]["Arn"]}
        )
        return _with_new_key(new, state, None)

    def update(
        self, api: S3Api, old: AccessKeyState, new: AccessKeyArgs
    ) -> AccessKeyState:
        """Allow what changed; make another key for another rotation."""
        if set(differing(old, new)) & set(FIELDS):
            self.allow(api, new)
        state = old.model_copy(
            update={k: v for k, v in dict(new).items() if k != "adopt"}
        )
        if not _same_key(old, new):
            return _with_new_key(api, state, old.access_key_id)
        previous = old.previous_access_key_id
        if previous is None or new.overlap:
            return state
        return _without(api, state, previous)

    def delete(self, api: S3Api, state: AccessKeyState) -> None:
        """Delete the user with its keys, which end."""
        for key in _keys(api, state.name):
            _end(api, state.name, key["AccessKeyId"])
        self.remove(api, state.name)


def _keys(api: S3Api, name: str) -> list[Wire]:
    """Return a user's keys, the newest first."""
    listed = api.call("iam", "list_access_keys", UserName=name)["AccessKeyMetadata"]
    return sorted(listed, key=lambda key: key["CreateDate"], reverse=True)


def _same_key(old: AccessKeyState, new: AccessKeyArgs) -> bool:
    return (
        old.secret_access_key is not None
        and old.key_works == new.key_works
        and old.rotation == new.rotation
    )


def _with_key(state: AccessKeyState, in_use: str | None) -> AccessKeyState:
    """Say which of the keys that there are is in use, and whether it works."""
    others = sorted(state.key_statuses.keys() - {in_use})
    return state.model_copy(
        update={
            "access_key_id": in_use,
            "previous_access_key_id": others[0] if others else None,
            "key_works": state.key_statuses.get(in_use or "") == _ACTIVE,
        }
    )


def _with_new_key(
    api: S3Api, state: AccessKeyState, in_use: str | None
) -> AccessKeyState:
    """Make a key beside the one in use, which ends last if it is to end."""
    for key in _keys(api, state.name):
        if key["AccessKeyId"] != in_use:
            _end(api, state.name, key["AccessKeyId"])
    made = _mint(api, state.name, in_use)
    key_id, secret = made["AccessKeyId"], made["SecretAccessKey"]
    there = {key["AccessKeyId"]: key["Status"] for key in _keys(api, state.name)}
    state = state.model_copy(
        update={
            "key_statuses": {**there, key_id: _ACTIVE},
            "secret_access_key": secret,
        }
    )
    ends = in_use in there and not state.overlap
    try:
        _use(api.acting_as(key_id, secret))
    except ServiceError:
        if ends:  # or it would go on working; the next run makes another new one
            raise
    if ends:
        state = _without(api, state, in_use)
    return _with_key(state, key_id)


def _mint(api: S3Api, name: str, in_use: str | None) -> dict[str, Any]:
    for tries_left in reversed(range(_MINT_TRIES)):
        try:
            made = api.call("iam", "create_access_key", once=True, UserName=name)
        except LostAnswerError:
            if not tries_left:
                raise
            for key in _keys(api, name):
                if key["AccessKeyId"] != in_use:
                    _end(api, name, key["AccessKeyId"])
        else:
            return dict(made["AccessKey"])
    raise AssertionError  # the last try returns or raises


def _use(api: S3Api) -> None:
    """See that a key works, once AWS has had the time to hear of it."""
    api.awaiting("InvalidClientTokenId", "InvalidAccessKeyId").call(
        "sts", "get_caller_identity"
    )


def _without(api: S3Api, state: AccessKeyState, key_id: str | None) -> AccessKeyState:
    _end(api, state.name, key_id or "")
    left = {k: v for k, v in state.key_statuses.items() if k != key_id}
    return _with_key(
        state.model_copy(update={"key_statuses": left}), state.access_key_id
    )


def _end(api: S3Api, name: str, key_id: str) -> None:
    api.look("iam", "delete_access_key", GONE, UserName=name, AccessKeyId=key_id)


class AccessKey(S3Resource, kind=AccessKeyKind):
    """A key to one prefix of a bucket, for who cannot take on a role.

    Args:
        resource_name: Its name in the program and in state.
        bucket: The bucket's name.
        prefix: The folder of it, with a slash at its end; all of it if empty.
        access: `read`, or `write` to read and write.
        kms_key: The ARN of the key that the objects are encrypted with, where it is
            not AWS's own.
        name: The name of the IAM user; the resource's name if not given. A change
            replaces it.
        rotation: Any text; a different one makes another key.
        overlap: Have the key before the present one go on working, until the next
            rotation; without it, that one ends as soon as the new one works.
        adopt: Take over a user of this name that differs.
        opts: Pulumi's resource options.

    Attributes:
        access_key_id: The key's id, for AWS_ACCESS_KEY_ID.
        secret_access_key: The key's secret, for AWS_SECRET_ACCESS_KEY.

    See https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html.
    """

    arn: pulumi.Output[str]
    bucket: pulumi.Output[str]
    prefix: pulumi.Output[str]
    access: pulumi.Output[str]
    access_key_id: pulumi.Output[str]
    secret_access_key: pulumi.Output[str]
    previous_access_key_id: pulumi.Output[str | None]

    def __init__(
        self,
        resource_name: str,
        *,
        bucket: pulumi.Input[str],
        prefix: pulumi.Input[str] = "",
        access: pulumi.Input[Literal["read", "write"]] = "read",
        kms_key: pulumi.Input[str] | None = None,
        name: pulumi.Input[str] | None = None,
        rotation: pulumi.Input[str] = "",
        overlap: pulumi.Input[bool] = True,
        adopt: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            resource_name,
            {
                "bucket": bucket,
                "prefix": prefix,
                "access": access,
                "kms_key": kms_key,
                "name": resource_name if name is None else name,
                "rotation": rotation,
                "overlap": overlap,
                "adopt": adopt,
            },
            opts,
        )
