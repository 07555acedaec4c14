"""The settings of a bucket, each of which has a call of its own to read and to write.

AWS answers 409 to two such writes at once, so they are made one after the other, in an
order that never leaves a bucket more open than before or after; only those that changed
are made. Reads may be side by side.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from components.kernel import Wire, canonical_json

from .bucket_lifecycle import rule_from_wire, rule_to_wire
from .bucket_notification import notifications_from_wire, notifications_to_wire
from .policy import bucket_arn, split_policy, whole_policy

if TYPE_CHECKING:
    from .bucket_model import BucketArgs
    from .client import S3Api

_SYSTEM_TAG: Final = "aws:"
_ALGORITHMS: Final = {"AES256": "s3", "aws:kms": "kms", "aws:kms:dsse": "kms-twice"}
_FLAGS: Final = {
    "block_acls": "BlockPublicAcls",
    "ignore_acls": "IgnorePublicAcls",
    "block_policy": "BlockPublicPolicy",
    "restrict_access": "RestrictPublicBuckets",
}


class Setting(NamedTuple):
    """One of a bucket's settings.

    Attributes:
        fields: The arguments that it holds.
        get: The call that reads it.
        absent: What AWS says where there is none.
        read: From that call's answer to the fields; given the bucket's ARN too.
        write: Makes the bucket have what the arguments say.
    """

    fields: tuple[str, ...]
    get: str
    absent: str
    read: Callable[[Wire, str], dict[str, Any]]
    write: Callable[[S3Api, BucketArgs], None]


def read_parts(api: S3Api, bucket: str) -> dict[str, Wire]:
    """Read all settings of a bucket, side by side, by the name of the call.

    Raises:
        NotFoundError: The bucket is gone.
    """

    def look(part: Setting) -> Wire:
        answer = api.look("s3", part.get, part.absent, Bucket=bucket) or {}
        return {k: v for k, v in answer.items() if k != "ResponseMetadata"}

    with ThreadPoolExecutor(len(PARTS)) as pool:
        answers = pool.map(look, PARTS)
        return {part.get: found for part, found in zip(PARTS, answers, strict=True)}


def fields_of(answers: dict[str, Wire], arn: str) -> dict[str, Any]:
    """Return the arguments that stand for what `read_parts` found."""
    fields: dict[str, Any] = {}
    for part in PARTS:
        fields |= part.read(answers[part.get], arn)
    return fields


def write_parts(api: S3Api, args: BucketArgs, changed: Iterable[str]) -> None:
    """Write the settings that hold any of the fields."""
    fields = set(changed)
    for part in PARTS:
        if fields.intersection(part.fields):
            part.write(api, args)


def _put(api: S3Api, operation: str, args: BucketArgs, **what: Any) -> None:
    api.call("s3", operation, Bucket=args.name, **what)


def _read_ownership(wire: Wire, _: str) -> dict[str, Any]:
    # Buckets from before April 2023 have none, and behave so.
    rules = wire.get("OwnershipControls", {}).get("Rules", ())
    found = [rule["ObjectOwnership"] for rule in rules]
    return {"ownership": found[0] if found else "ObjectWriter"}


def _write_ownership(api: S3Api, args: BucketArgs) -> None:
    controls = {"Rules": [{"ObjectOwnership": args.ownership}]}
    _put(api, "put_bucket_ownership_controls", args, OwnershipControls=controls)


def _read_public_access(wire: Wire, _: str) -> dict[str, Any]:
    # A new bucket has all four; one without any has had them taken away.
    flags = wire.get("PublicAccessBlockConfiguration", {})
    found = {ours: flags.get(theirs, False) for ours, theirs in _FLAGS.items()}
    return {"public_access": found}


def _write_public_access(api: S3Api, args: BucketArgs) -> None:
    flags = {theirs: getattr(args.public_access, f) for f, theirs in _FLAGS.items()}
    _put(api, "put_public_access_block", args, PublicAccessBlockConfiguration=flags)


def _read_versioning(wire: Wire, _: str) -> dict[str, Any]:
    return {"versioning": wire.get("Status") == "Enabled"}


def _write_versioning(api: S3Api, args: BucketArgs) -> None:
    status = {"Status": "Enabled" if args.versioning else "Suspended"}
    _put(api, "put_bucket_versioning", args, VersioningConfiguration=status)


def _read_encryption(wire: Wire, _: str) -> dict[str, Any]:
    rules = wire.get("ServerSideEncryptionConfiguration", {}).get("Rules", ())
    rule = rules[0] if rules else {}
    default = rule.get("ApplyServerSideEncryptionByDefault", {})
    return {
        "encryption": _ALGORITHMS[default.get("SSEAlgorithm", "AES256")],
        "kms_key": default.get("KMSMasterKeyID"),
        "bucket_key": rule.get("BucketKeyEnabled", False),
    }


def _write_encryption(api: S3Api, args: BucketArgs) -> None:
    algorithm = next(a for a, ours in _ALGORITHMS.items() if ours == args.encryption)
    default = {"SSEAlgorithm": algorithm}
    if args.kms_key is not None:
        default["KMSMasterKeyID"] = args.kms_key
    rule = {
        "ApplyServerSideEncryptionByDefault": default,
        "BucketKeyEnabled": args.bucket_key,
    }
    _put(
        api,
        "put_bucket_encryption",
        args,
        ServerSideEncryptionConfiguration={"Rules": [rule]},
    )


def _read_policy(wire: Wire, arn: str) -> dict[str, Any]:
    document = json.loads(wire["Policy"]) if wire else None
    policy, tls_only = split_policy(arn, document)
    return {"policy": policy, "tls_only": tls_only}


def _write_policy(api: S3Api, args: BucketArgs) -> None:
    arn = bucket_arn(api.partition, args.name)
    document = whole_policy(arn, args.policy, tls_only=args.tls_only)
    if document is None:
        _put(api, "delete_bucket_policy", args)
    else:
        _put(api, "put_bucket_policy", args, Policy=canonical_json(document))


def _read_lifecycle(wire: Wire, _: str) -> dict[str, Any]:
    return {"lifecycle": dict(map(rule_from_wire, wire.get("Rules", ())))}


def _write_lifecycle(api: S3Api, args: BucketArgs) -> None:
    if not args.lifecycle:
        _put(api, "delete_bucket_lifecycle", args)
        return
    rules = [rule_to_wire(name, one) for name, one in sorted(args.lifecycle.items())]
    _put(
        api,
        "put_bucket_lifecycle_configuration",
        args,
        LifecycleConfiguration={"Rules": rules},
    )


def _read_tags(wire: Wire, _: str) -> dict[str, Any]:
    tags = {tag["Key"]: tag["Value"] for tag in wire.get("TagSet", ())}
    return {"tags": {k: v for k, v in tags.items() if not k.startswith(_SYSTEM_TAG)}}


def _write_tags(api: S3Api, args: BucketArgs) -> None:
    if not args.tags:
        _put(api, "delete_bucket_tagging", args)
        return
    tags = [{"Key": key, "Value": value} for key, value in sorted(args.tags.items())]
    _put(api, "put_bucket_tagging", args, Tagging={"TagSet": tags})


def _read_notifications(wire: Wire, _: str) -> dict[str, Any]:
    notifications, event_bridge = notifications_from_wire(wire)
    return {"notifications": notifications, "event_bridge": event_bridge}


def _write_notifications(api: S3Api, args: BucketArgs) -> None:
    wanted = args.notifications
    if wanted is None:  # they are others', and must survive a change of event_bridge
        answer = api.call(
            "s3", "get_bucket_notification_configuration", Bucket=args.name
        )
        wanted, _ = notifications_from_wire(answer)
    wire = notifications_to_wire(wanted, event_bridge=args.event_bridge)
    _put(
        api,
        "put_bucket_notification_configuration",
        args,
        NotificationConfiguration=wire,
    )


# In the order in which they are written.
PARTS: Final = (
    Setting(
        ("ownership",),
        "get_bucket_ownership_controls",
        "OwnershipControlsNotFoundError",
        _read_ownership,
        _write_ownership,
    ),
    Setting(
        ("public_access",),
        "get_public_access_block",
        "NoSuchPublicAccessBlockConfiguration",
        _read_public_access,
        _write_public_access,
    ),
    Setting(
        ("versioning",),
        "get_bucket_versioning",
        "",
        _read_versioning,
        _write_versioning,
    ),
    Setting(
        ("encryption", "kms_key", "bucket_key"),
        "get_bucket_encryption",
        "ServerSideEncryptionConfigurationNotFoundError",
        _read_encryption,
        _write_encryption,
    ),
    Setting(
        ("policy", "tls_only"),
        "get_bucket_policy",
        "NoSuchBucketPolicy",
        _read_policy,
        _write_policy,
    ),
    Setting(
        ("lifecycle",),
        "get_bucket_lifecycle_configuration",
        "NoSuchLifecycleConfiguration",
        _read_lifecycle,
        _write_lifecycle,
    ),
    Setting(("tags",), "get_bucket_tagging", "NoSuchTagSet", _read_tags, _write_tags),
    Setting(
        ("notifications", "event_bridge"),
        "get_bucket_notification_configuration",
        "",
        _read_notifications,
        _write_notifications,
    ),
)
