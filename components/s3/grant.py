"""What a key or a role may do: read, or read and write, below one prefix of a bucket.

Quirks: `s3:ListBucket` is the bucket's, and is held to the prefix by a condition, which
a HEAD of the bucket does not meet; a key of KMS is only known in policies by its ARN.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import Field

from components.kernel import Args, Wire

from .base import BucketName, Prefix
from .policy import VERSION, bucket_arn, canonical_policy

# The inline policy's name, of users and of roles.
POLICY: Final = "flowground"
# What whatever is made here is known by, by whoever looks at the account.
TAG: Final = {"Key": "managed-by", "Value": "flowground"}
FIELDS: Final = ("bucket", "prefix", "access", "kms_key")
NONE: Final = "none"
OTHER: Final = "other"
_WRITES: Final = [
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
]


class GrantArgs(Args):
    """What is allowed, as a user writes it."""

    bucket: BucketName
    prefix: Prefix = ""
    access: Literal["read", "write"] = "read"
    kms_key: Annotated[str, Field(pattern=r"^arn:[a-z-]+:kms:.+$")] | None = None


class GrantState(GrantArgs):
    """What is allowed, as AWS has it.

    Attributes:
        bucket: As the policy says; as the program does, where that says something else.
        access: `none` where there is no policy, `other` where it is not ours.
    """

    bucket: str = ""
    prefix: str = ""
    access: str  # type: ignore[assignment]  # wider, as IAM is
    kms_key: str | None = None


def to_policy(partition: str, grant: GrantArgs) -> Wire:
    """Write the policy that allows it, in canonical form."""
    bucket = bucket_arn(partition, grant.bucket)
    objects = f"{bucket}/{grant.prefix}*"
    listing: Wire = {"Sid": "List", "Action": "s3:ListBucket", "Resource": bucket}
    if grant.prefix:
        listing["Condition"] = {"StringLike": {"s3:prefix": f"{grant.prefix}*"}}
    statements = [
        listing,
        {"Sid": "Read", "Action": "s3:GetObject", "Resource": objects},
    ]
    writes = grant.access == "write"
    if writes:
        statements.append({"Sid": "Write", "Action": _WRITES, "Resource": objects})
    if grant.kms_key is not None:
        actions = ["kms:Decrypt", *(["kms:GenerateDataKey"] if writes else ())]
        statements.append({"Sid": "Key", "Action": actions, "Resource": grant.kms_key})
    return canonical_policy(
        {
            "Version": VERSION,
            "Statement": [{"Effect": "Allow", **one} for one in statements],
        }
    )


def from_policy(partition: str, document: Wire | None) -> dict[str, Any]:
    """Read what a policy allows: the inverse of `to_policy`."""
    if document is None:
        return {"access": NONE}
    try:
        found = canonical_policy(document)
        by_sid = {one["Sid"]: one for one in found["Statement"]}
        arn, _, pattern = by_sid["Read"]["Resource"].partition("/")
        grant = GrantState(
            bucket=arn.rpartition(":")[2],
            prefix=pattern.removesuffix("*"),
            access="write" if "Write" in by_sid else "read",
            kms_key=by_sid["Key"]["Resource"] if "Key" in by_sid else None,
        )
    except (AttributeError, LookupError, TypeError, ValueError):
        return {"access": OTHER}
    if to_policy(partition, grant) != found:
        return {"access": OTHER}
    return {field: getattr(grant, field) for field in FIELDS}


S = TypeVar("S", bound=GrantState)


def recalled(state: S, known: Args) -> S:
    """Complete a grant that no policy tells by what the program says of it."""
    if state.access not in {NONE, OTHER}:
        return state
    told = ("bucket", "prefix", "kms_key")
    return state.model_copy(
        update={f: getattr(known, f) for f in told if hasattr(known, f)}
    )
