"""AWS Signature Version 4: what a request claims, and what it would have to say.

After docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.
Both forms: by the header `Authorization`, and by the query of a presigned URL.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from localcloud.s3.errors import AwsError

if TYPE_CHECKING:
    from localcloud.s3.http import Request

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"
_HEADER = re.compile(
    rf"{ALGORITHM}\s+Credential=(?P<credential>[^,\s]+),\s*"
    r"SignedHeaders=(?P<headers>[^,\s]+),\s*Signature=(?P<signature>[0-9a-f]+)\s*"
)
_STAMP = re.compile(r"\d{8}T\d{6}Z")
_SPACES = re.compile(r" +")


@dataclass(frozen=True)
class Claim:
    """The signature that came with a request, and what it covers."""

    key_id: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str
    stamp: str
    token: str
    expires: int | None = None

    @property
    def scope(self) -> str:
        """The credential's scope: day, region and service."""
        return f"{self.date}/{self.region}/{self.service}/aws4_request"


def claim(request: Request) -> Claim | None:
    """Read a request's signature; `None` is for a request that is not signed at all.

    Raises:
        AwsError: It is signed in a way that AWS does not take.
    """
    query = request.query
    if "X-Amz-Signature" in query:
        return _claim(
            query.get("X-Amz-Credential", ""),
            signed_headers=query.get("X-Amz-SignedHeaders", ""),
            signature=query["X-Amz-Signature"],
            stamp=query.get("X-Amz-Date", ""),
            token=query.get("X-Amz-Security-Token", ""),
            expires=query.get("X-Amz-Expires", "0"),
        )
    authorization = request.header("authorization")
    if not authorization and "Signature" not in query:
        return None
    found = _HEADER.fullmatch(authorization)
    if found is None:
        raise AwsError(
            "InvalidRequest",
            "The authorization mechanism you have provided is not supported. "
            f"Please use {ALGORITHM}.",
            400,
        )
    return _claim(
        found["credential"],
        signed_headers=found["headers"],
        signature=found["signature"],
        stamp=request.header("x-amz-date"),
        token=request.header("x-amz-security-token"),
    )


def _claim(
    credential: str,
    *,
    signed_headers: str,
    signature: str,
    stamp: str,
    token: str,
    expires: str = "",
) -> Claim:
    parts = credential.split("/")
    if (
        len(parts) != 5
        or parts[4] != "aws4_request"
        or _STAMP.fullmatch(stamp) is None
        or stamp[:8] != parts[1]
        or not (expires or "0").isdigit()
    ):
        raise AwsError(
            "AuthorizationHeaderMalformed",
            "The authorization header is malformed; the Credential is mal-formed; "
            'expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
            400,
        )
    return Claim(
        key_id=parts[0],
        date=parts[1],
        region=parts[2],
        service=parts[3],
        signed_headers=tuple(signed_headers.lower().split(";")),
        signature=signature,
        stamp=stamp,
        token=token,
        expires=int(expires) if expires else None,
    )


def is_right(request: Request, claimed: Claim, secret: str) -> bool:
    """Tell whether the signature was made with this secret, for this very request."""
    to_sign = "\n".join(
        (ALGORITHM, claimed.stamp, claimed.scope, _sha256(_canonical(request, claimed)))
    )
    key = _key(secret, claimed.date, claimed.region, claimed.service)
    signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(signature, claimed.signature)


def _canonical(request: Request, claimed: Claim) -> str:
    query = "&".join(
        f"{name}={value}"
        for name, value in sorted(
            (quote(name, safe="-_.~"), quote(value, safe="-_.~"))
            for name, value in request.query_pairs
            if name != "X-Amz-Signature"
        )
    )
    headers = "".join(
        f"{name}:{_SPACES.sub(' ', request.header(name).strip())}\n"
        for name in claimed.signed_headers
    )
    return "\n".join(
        (
            request.method,
            quote(unquote(request.raw_path), safe="/-_.~"),
            query,
            headers,
            ";".join(claimed.signed_headers),
            payload_hash(request, claimed),
        )
    )


def payload_hash(request: Request, claimed: Claim) -> str:
    """Return what the signature says of the body."""
    if claimed.service != "s3":
        return hashlib.sha256(request.body).hexdigest()
    absent = "" if claimed.expires is None else UNSIGNED
    return request.header("x-amz-content-sha256") or absent


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@lru_cache(maxsize=256)
def _key(secret: str, date: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key
