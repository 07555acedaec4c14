"""Who signs with a key: the account's owner, an IAM user, or a session of a role."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from moto.core.utils import utcnow
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from localcloud.s3.access.policies import Document, parse
from localcloud.s3.root import ACCOUNT, ROOT_ARN

if TYPE_CHECKING:
    from localcloud.s3.root import RootKey


@dataclass(frozen=True)
class Principal:
    """Who asks.

    Attributes:
        arn: As `GetCallerIdentity` has it.
        account: The account, or nothing for whoever did not sign.
        names: The ARNs by which a policy can name it directly.
        identity: The policies that it has.
        limits: Policies of which each must allow too: a permissions boundary, and what
            a session was narrowed to.
        provider: The identity provider that vouches for it, if one does.
        keys: What conditions can ask about it, by lower-case key.
        is_root: Whether it is the account's owner, who needs no policy.
    """

    arn: str
    account: str = ACCOUNT
    names: tuple[str, ...] = ()
    identity: tuple[Document, ...] = ()
    limits: tuple[tuple[Document, ...], ...] = ()
    provider: str = ""
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    is_root: bool = False

    @property
    def account_names(self) -> tuple[str, str]:
        """The two ways in which a policy names the whole account."""
        return (self.account, f"arn:aws:iam::{self.account}:root")


@dataclass(frozen=True)
class Credential:
    """A key's secret, and who it stands for."""

    secret: str
    principal: Principal
    token: str = ""
    has_ended: bool = False


ANONYMOUS = Principal(arn="anonymous", account="")


def iam() -> Any:
    """Return the account's IAM."""
    return iam_backends[ACCOUNT]["aws"]


def find(key_id: str, root: RootKey) -> Credential | None:
    """Find an active key; `None` is for one that AWS would not know."""
    if key_id == root.id:
        keys = _keys(ROOT_ARN, ACCOUNT, "Account")
        owner = Principal(ROOT_ARN, names=(ROOT_ARN,), keys=keys, is_root=True)
        return Credential(root.secret, owner)
    if key_id.startswith("ASIA"):
        return _session(key_id)
    key = iam().access_keys.get(key_id)
    if key is None or key.status != "Active" or key.user_name is None:
        return None
    user = iam().users.get(key.user_name)
    return user and Credential(key.secret_access_key, _user(user))


def _user(user: Any) -> Principal:
    groups = [group for group in iam().groups.values() if user in group.users]
    tags = iam().tagger.get_tag_dict_for_resource(user.arn)
    keys = _keys(user.arn, user.id, "User", tags) | {"aws:username": (user.name,)}
    documents = [document for holder in (user, *groups) for document in _held(holder)]
    return Principal(
        arn=user.arn, names=(user.arn,), identity=tuple(documents), keys=keys
    )


def _session(key_id: str) -> Credential | None:
    session = sts_backends[ACCOUNT]["aws"].get_assumed_role_from_access_key(key_id)
    role = session and role_named(session.role_arn)
    if not session or not role:
        return None
    boundary = iam().managed_policies.get(role.permissions_boundary_arn)
    limits = [(_current(boundary),)] if boundary else []
    if session.policy:
        limits.append((parse(session.policy),))
    tags = {tag["Key"]: tag["Value"] for tag in _tags(role)}
    return Credential(
        session.secret_access_key,
        Principal(
            arn=session.arn,
            names=(session.arn, role.arn),
            identity=tuple(_held(role)),
            limits=tuple(limits),
            keys=_keys(role.arn, session.user_id, "AssumedRole", tags),
        ),
        token=session.session_token,
        has_ended=session.expiration <= utcnow(),
    )


def role_named(arn: str) -> Any:
    """Find a role by its ARN, or return `None`."""
    roles = iam().roles.values()
    return next((role for role in roles if role.arn == arn), None)


def _current(managed: Any) -> Document:
    """Return the version of a managed policy that is in force."""
    return next(
        parse(version.document)
        for version in managed.versions
        if version.version_id == managed.default_version_id
    )


def _tags(role: Any) -> list[dict[str, str]]:
    return list(role.tags.values() if isinstance(role.tags, dict) else role.tags or ())


def _held(holder: Any) -> Iterator[Document]:
    """Yield the policies of a user, group or role, inline and managed."""
    for inline in holder.policies.values():
        yield json.loads(inline) if isinstance(inline, str) else inline
    for managed in holder.managed_policies.values():
        yield _current(managed)


def _keys(
    arn: str, user_id: str, kind: str, tags: Mapping[str, str] | None = None
) -> dict[str, tuple[str, ...]]:
    return {
        "aws:principalarn": (arn,),
        "aws:principalaccount": (ACCOUNT,),
        "aws:principaltype": (kind,),
        "aws:userid": (user_id,),
        **{f"aws:principaltag/{k.lower()}": (v,) for k, v in (tags or {}).items()},
    }
