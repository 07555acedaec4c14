"""Which actions on which resources a request is, in IAM's words.

Operations are found by the services' own models. Most carry the name of their action;
those of S3 that do not are listed here, after docs.aws.amazon.com/AmazonS3/latest/
userguide/using-with-s3-policy-actions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import xmltodict  # type: ignore[import-untyped]  # moto's; it has no types
from moto.core.request import Request as MotoRequest
from moto.core.routing import get_service_router
from werkzeug.exceptions import NotFound

from localcloud.s3.errors import AwsError, Service
from localcloud.s3.root import ACCOUNT

if TYPE_CHECKING:
    from localcloud.s3.http import Request

Action = tuple[str, str]

_BUCKET = "arn:aws:s3:::"
# Operation → action, where dropping `s3:` from the action does not give the operation.
_S3_ACTIONS: Mapping[str, str] = {
    "ListBuckets": "ListAllMyBuckets",
    "HeadBucket": "ListBucket",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListParts": "ListMultipartUploadParts",
    "HeadObject": "GetObject",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "CopyObject": "PutObject",
    "PostObject": "PutObject",
    "GetBucketLifecycle": "GetLifecycleConfiguration",
    "PutBucketLifecycle": "PutLifecycleConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "DeleteBucketTagging": "PutBucketTagging",
    "GetBucketCors": "GetBucketCORS",
    "PutBucketCors": "PutBucketCORS",
    "DeleteBucketCors": "PutBucketCORS",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "PutBucketAccelerateConfiguration": "PutAccelerateConfiguration",
    "GetBucketReplication": "GetReplicationConfiguration",
    "PutBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
}
_OF_A_VERSION = frozenset(
    {
        *("GetObject", "GetObjectAcl", "GetObjectTagging", "GetObjectAttributes"),
        *("DeleteObject", "DeleteObjectTagging", "PutObjectAcl", "PutObjectTagging"),
    }
)
_IAM_RESOURCES = {"User": "user", "Group": "group", "Role": "role", "Policy": "policy"}


def operation(service: Service, request: Request) -> tuple[str, Mapping[str, Any]]:
    """Find a request's operation and what its path names.

    Raises:
        AwsError: The service has no such operation.
    """
    wsgi = MotoRequest(request.environ())
    try:
        model, named = get_service_router(service).match(wsgi)
    except (NotFound, NotImplementedError):
        raise AwsError(
            "MethodNotAllowed" if service == "s3" else "InvalidAction",
            "The specified method is not allowed against this resource.",
            405 if service == "s3" else 400,
        ) from None
    return str(model.name), named


def parameters(service: Service, request: Request) -> Mapping[str, Any]:
    """Return the parameters of a call to IAM, STS or KMS."""
    wsgi = MotoRequest(request.environ())
    if service == "kms":
        given = wsgi.get_json(force=True, silent=True)
        return given if isinstance(given, dict) else {}
    return wsgi.values.to_dict()


def s3_actions(
    name: str, named: Mapping[str, Any], request: Request
) -> Iterator[Action]:
    """Yield what an S3 request does."""
    bucket, key = named.get("Bucket"), named.get("Key")
    if bucket is None:
        yield f"s3:{_S3_ACTIONS.get(name, name)}", "*"
        return
    if name == "DeleteObjects":
        return  # each key is answered for by itself, see `keys_to_delete`
    action = _S3_ACTIONS.get(name, name)
    if "versionId" in request.query and action in _OF_A_VERSION:
        action = re.sub("(Object)", r"\1Version", action, count=1)
    resource = f"{_BUCKET}{bucket}" + (f"/{key}" if key is not None else "")
    yield f"s3:{action}", resource
    if action == "PutObject":
        yield from _extras(request, resource)
    if name in ("CopyObject", "UploadPartCopy"):
        source, _, version = request.header("x-amz-copy-source").partition(
            "?versionId="
        )
        read = "s3:GetObjectVersion" if version else "s3:GetObject"
        yield read, _BUCKET + unquote(source).lstrip("/")


def _extras(request: Request, resource: str) -> Iterator[Action]:
    """Yield what writing an object needs besides, for what comes along in headers."""
    if request.header("x-amz-tagging"):
        yield "s3:PutObjectTagging", resource
    names = {name for name, _ in request.headers}
    if any(n == "x-amz-acl" or n.startswith("x-amz-grant-") for n in names):
        yield "s3:PutObjectAcl", resource


def keys_to_delete(bucket: str, body: bytes) -> Iterator[tuple[str, Action]]:
    """Yield the keys of a batch deletion, each with its action."""
    try:
        listed = xmltodict.parse(body, force_list=("Object",))["Delete"]["Object"]
    except Exception:  # noqa: BLE001  expat's and whatever a strange document causes
        raise AwsError(
            "MalformedXML", "The XML you provided was not well-formed.", 400
        ) from None
    for each in listed:
        version = "Version" if each.get("VersionId") else ""
        yield (
            each["Key"],
            (f"s3:DeleteObject{version}", f"{_BUCKET}{bucket}/{each['Key']}"),
        )


def other_action(
    service: Service, name: str, given: Mapping[str, Any], region: str
) -> Action:
    """Return what a call to IAM, STS or KMS does."""
    if service == "sts":
        return f"sts:{name}", given.get("RoleArn", "*")
    if service == "kms":
        key = str(given.get("KeyId", "*"))
        if key.startswith("arn:") or key == "*":
            return f"kms:{name}", key
        kind = "" if key.startswith("alias/") else "key/"
        return f"kms:{name}", f"arn:aws:kms:{region}:{ACCOUNT}:{kind}{key}"
    for parameter, value in given.items():
        if parameter in ("PolicyArn", "OpenIDConnectProviderArn") and (
            f"{parameter[:-3]}".lower() in name.lower()
            and not name.startswith(("Attach", "Detach"))
        ):
            return f"iam:{name}", value
    for kind, path in _IAM_RESOURCES.items():
        if value := given.get(f"{kind}Name"):
            return f"iam:{name}", f"arn:aws:iam::{ACCOUNT}:{path}/{value}"
    return f"iam:{name}", "*"
