"""What is written of a bucket, and what is read of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from components.kernel import Args, Immutable, Local, Location, Part, UnmanagedIfUnset

from .base import BucketName
from .bucket_lifecycle import LifecycleRule, rules_broken
from .bucket_notification import Notification
from .policy import BucketPolicy


def _not_of_aws(key: str) -> str:
    if key.lower().startswith("aws:"):
        raise ValueError("begins with 'aws:', which AWS keeps for itself; rename it")
    return key


TagKey = Annotated[
    str, Field(min_length=1, max_length=128), AfterValidator(_not_of_aws)
]
Tags = Annotated[
    dict[TagKey, Annotated[str, Field(max_length=256)]], Field(max_length=50)
]
RuleName = Annotated[str, Field(min_length=1, max_length=255)]


class PublicAccess(Part):
    """What of public access is barred, whatever policies and ACLs say.

    Attributes:
        block_acls: Refuse ACLs that make public.
        ignore_acls: Pass over ACLs that make public.
        block_policy: Refuse policies that make public.
        restrict_access: Keep a bucket with a public policy to its own account.
    """

    block_acls: bool = True
    ignore_acls: bool = True
    block_policy: bool = True
    restrict_access: bool = True


class BucketArgs(Args):
    """What a user writes for a bucket; see `Bucket`."""

    name: Annotated[BucketName, Immutable]
    region: Annotated[
        Annotated[str, Field(pattern=r"^[a-z]+(-[a-z0-9]+)+$")] | None,
        Immutable,
        UnmanagedIfUnset,
    ] = None
    versioning: bool = False
    encryption: Literal["s3", "kms", "kms-twice"] = "s3"
    kms_key: Annotated[str, Field(min_length=1)] | None = None
    bucket_key: bool = False
    public_access: PublicAccess = Field(default_factory=PublicAccess)
    ownership: Literal[
        "BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"
    ] = "BucketOwnerEnforced"
    tls_only: bool = False
    policy: BucketPolicy | None = None
    lifecycle: dict[RuleName, LifecycleRule] = Field(default_factory=dict)
    tags: Tags = Field(default_factory=dict)
    event_bridge: bool = False
    notifications: Annotated[dict[str, Notification] | None, UnmanagedIfUnset] = None
    force_destroy: Annotated[bool, Local] = False

    @classmethod
    def derived(cls, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Take a key for saying that it is used."""
        return {"encryption": "kms"} if given.get("kms_key") else {}

    @classmethod
    def rules(cls, known: Mapping[str, Any]) -> Iterable[tuple[Location, str]]:
        """Yield what AWS would refuse."""
        if known.get("encryption") == "s3":
            for field in ("kms_key", "bucket_key"):
                if known.get(field):
                    yield (field,), "is for encryption by KMS; set encryption to 'kms'"
        yield from rules_broken(known.get("lifecycle", {}))


class BucketState(BucketArgs):
    """A bucket as AWS has it.

    Attributes:
        id: Its name.
        name: As it is, whatever may be new names today.
        arn: What policies call it.
        home_region: Where it is, said or not.
    """

    id: str
    name: str
    arn: str
    home_region: str
