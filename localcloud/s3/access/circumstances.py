"""What the conditions of policies can ask about a request.

After docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys and
docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3. Keys are in
lower case; a key that a request does not have is not there.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from localcloud.s3.integrity import SHA256
from localcloud.s3.root import ACCOUNT

if TYPE_CHECKING:
    from localcloud.s3.access.principals import Principal
    from localcloud.s3.access.signature import Claim
    from localcloud.s3.http import Request

_HEADERS = {
    "s3:x-amz-acl": "x-amz-acl",
    "s3:x-amz-server-side-encryption": "x-amz-server-side-encryption",
    "s3:x-amz-server-side-encryption-aws-kms-key-id": (
        "x-amz-server-side-encryption-aws-kms-key-id"
    ),
    "s3:x-amz-storage-class": "x-amz-storage-class",
    "s3:x-amz-copy-source": "x-amz-copy-source",
    "s3:x-amz-content-sha256": SHA256,
    "s3:if-none-match": "if-none-match",
    "s3:if-match": "if-match",
    "aws:useragent": "user-agent",
    "aws:referer": "referer",
}
_QUERY = {
    "s3:prefix": "prefix",
    "s3:delimiter": "delimiter",
    "s3:max-keys": "max-keys",
    "s3:versionid": "versionId",
}


def context_of(
    request: Request, principal: Principal, claimed: Claim | None
) -> dict[str, tuple[str, ...]]:
    """Return what is known of a request, by condition key."""
    now = dt.datetime.now(dt.UTC)
    found = {
        "aws:securetransport": str(request.is_secure).lower(),
        "aws:sourceip": request.source_ip,
        "aws:currenttime": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "aws:epochtime": str(int(now.timestamp())),
        "aws:resourceaccount": ACCOUNT,
        "s3:resourceaccount": ACCOUNT,
    }
    for key, name in _HEADERS.items():
        if value := request.header(name):
            found[key] = value
    for key, name in _QUERY.items():
        if name in request.query:
            found[key] = request.query[name]
    if request.is_secure:
        found["s3:tlsversion"] = "1.3"  # the client and we are both able to
    if claimed is not None:
        kind = "REST-HEADER" if claimed.expires is None else "REST-QUERY-STRING"
        found["s3:authtype"] = kind
        found["s3:signatureversion"] = "AWS4-HMAC-SHA256"
        found["aws:requestedregion"] = claimed.region
    return {**{key: (value,) for key, value in found.items()}, **principal.keys}
