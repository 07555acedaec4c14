"""Where the bucket's owner owns all objects, which is the default, ACLs are off.

AWS then refuses every ACL but `bucket-owner-full-control`, and a private bucket's own;
moto takes them all. Where ACLs are on, public ones are refused while they are blocked.
"""

from __future__ import annotations

from typing import Any

from moto.s3.responses import S3Response

from localcloud.s3.errors import AwsError

HARMLESS = ("", "private", "bucket-owner-full-control")


def _owner_enforced(rule: Any) -> bool:
    """Read either of the two forms that moto keeps: of creation, and as put."""
    if isinstance(rule, dict):
        rule = rule.get("Rule", {}).get("ObjectOwnership")
    return bool(rule == "BucketOwnerEnforced")


def apply() -> None:
    """Refuse ACLs where they are off, or public ones blocked."""
    responses: Any = S3Response
    from_headers = responses._acl_from_headers  # noqa: SLF001  moto's own
    from_body = responses._acl_from_body  # noqa: SLF001  moto's own

    def check(response: Any, acl: Any, canned: str) -> Any:
        bucket = response.backend.buckets.get(response.bucket_name)
        if acl is None or bucket is None:
            return acl
        if _owner_enforced(bucket.ownership_rule):
            if canned in HARMLESS and canned:
                return acl
            raise AwsError(
                "AccessControlListNotSupported", "The bucket does not allow ACLs", 400
            )
        block = bucket.public_access_block
        if block and block.block_public_acls and acl.public_read:
            raise AwsError(
                "AccessDenied", "Access Denied by the BlockPublicAcls setting", 403
            )
        return acl

    def new_from_headers(response: Any, headers: Any) -> Any:
        acl = from_headers(response, headers)
        return check(response, acl, headers.get("x-amz-acl", ""))

    def new_from_body(response: Any) -> Any:
        return check(response, from_body(response), "")

    responses._acl_from_headers = new_from_headers  # noqa: SLF001  moto's own
    responses._acl_from_body = new_from_body  # noqa: SLF001  moto's own
