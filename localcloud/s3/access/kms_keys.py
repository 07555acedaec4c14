"""The keys of KMS that objects are encrypted with, and who needs them.

An object under a key of the account is written by whoever may `kms:GenerateDataKey` and
read by whoever may `kms:Decrypt` with it, beside what S3 asks
(docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption). The key that AWS
manages for S3 itself (`aws/s3`) is open to all of the account.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from moto.kms.models import kms_backends
from moto.s3.models import FakeKey, s3_backends

from localcloud.s3.errors import AwsError
from localcloud.s3.root import ACCOUNT

if TYPE_CHECKING:
    from localcloud.s3.access.operations import Action
    from localcloud.s3.http import Request

KMS = "aws:kms"
MANAGED = "alias/aws/s3"
_SSE = "x-amz-server-side-encryption"
_WRITES = ("PutObject", "CreateMultipartUpload", "CopyObject")


def find_key(name: str, region: str) -> Any:
    """Find a key by its id, alias or ARN, or return `None`."""
    if name.startswith("arn:"):
        region = name.split(":")[3]
    backend = kms_backends[ACCOUNT].get(region)
    return backend and backend.keys.get(backend.any_id_to_key_id(name))


def actions(
    name: str, named: Mapping[str, Any], request: Request, region: str
) -> Iterator[Action]:
    """Yield what an S3 request does with keys of KMS.

    Raises:
        AwsError: It names a key that cannot be used.
    """
    bucket, key = str(named.get("Bucket", "")), str(named.get("Key", ""))
    if name in _WRITES and (wanted := _wanted(bucket, request)):
        found = find_key(wanted, region)
        if found is None:
            raise AwsError("KMS.NotFoundException", f"Invalid keyId '{wanted}'", 400)
        if found.key_state != "Enabled":
            raise AwsError(
                "KMS.DisabledException"
                if found.key_state == "Disabled"
                else "KMS.KMSInvalidStateException",
                f"{found.arn} is {found.key_state}.",
                400,
            )
        yield "kms:GenerateDataKey", found.arn
    if name == "GetObject":
        yield from _to_read(bucket, key, request.query.get("versionId"), region)
    if name in ("CopyObject", "UploadPartCopy"):
        path, _, version = request.header("x-amz-copy-source").partition("?versionId=")
        source, _, source_key = unquote(path).lstrip("/").partition("/")
        yield from _to_read(source, source_key, version or None, region)


def _wanted(bucket: str, request: Request) -> str:
    """Return the account's key that an object is to be encrypted with, if any."""
    if encryption := request.header(_SSE):
        key_id = request.header(f"{_SSE}-aws-kms-key-id")
    else:
        held = s3_backends[ACCOUNT]["aws"].buckets.get(bucket)
        rule = held.encryption["Rule"] if held and held.encryption else {}
        default = rule.get("ApplyServerSideEncryptionByDefault", {})
        encryption = default.get("SSEAlgorithm", "")
        key_id = default.get("KMSMasterKeyID") or ""
    is_own = encryption.startswith(KMS) and not key_id.endswith(MANAGED)
    return key_id if is_own else ""


def _to_read(
    bucket: str, key: str, version: str | None, region: str
) -> Iterator[Action]:
    held = s3_backends[ACCOUNT]["aws"].buckets.get(bucket)
    for each in reversed(held.keys.getlist(key, []) if held else []):
        if version in (None, each.version_id):
            if isinstance(each, FakeKey) and (each.encryption or "").startswith(KMS):
                found = each.kms_key_id and find_key(each.kms_key_id, region)
                if found:
                    yield "kms:Decrypt", found.arn
            return
