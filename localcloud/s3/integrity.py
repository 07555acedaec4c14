"""Bodies: unwrapped from `aws-chunked`, and held to the digests that came with them.

moto notes digests without computing them, so damage on the way would be kept.
"""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from awscrt import checksums  # type: ignore[import-untyped]  # it has no types

from localcloud.s3.errors import AwsError

if TYPE_CHECKING:
    from localcloud.s3.http import Request

SHA256 = "x-amz-content-sha256"
STREAMING = "STREAMING-"
HEX_LENGTH = 64

Digest = Callable[[bytes], bytes]

ALGORITHMS: Mapping[str, Digest] = {
    "crc32": lambda body: zlib.crc32(body).to_bytes(4, "big"),
    "crc32c": lambda body: checksums.crc32c(body).to_bytes(4, "big"),
    "crc64nvme": lambda body: checksums.crc64nvme(body).to_bytes(8, "big"),
    "sha1": lambda body: hashlib.sha1(body, usedforsecurity=False).digest(),
    "sha256": lambda body: hashlib.sha256(body).digest(),
}


def checked(request: Request) -> Request:
    """Return a request to S3 with a plain body, which is what was sent.

    Raises:
        AwsError: The body is not what one of its digests says.
    """
    plain = _unwrapped(request)
    sha256 = request.header(SHA256)
    if len(sha256) == HEX_LENGTH and _sha256(plain.body) != sha256:
        raise AwsError(
            "XAmzContentSHA256Mismatch",
            "The provided 'x-amz-content-sha256' header does not match what was "
            "computed.",
            400,
        )
    if md5 := plain.header("content-md5"):
        _check_md5(md5, plain.body)
    for name, digest in ALGORITHMS.items():
        claimed = plain.header(f"x-amz-checksum-{name}")
        if not claimed or ("uploadId" in plain.query and plain.method == "POST"):
            continue  # of a completed upload it is the whole object's, not the body's
        if base64.b64encode(digest(plain.body)).decode() != claimed:
            raise AwsError(
                "BadDigest",
                f"The {name.upper()} you specified did not match the calculated "
                "checksum.",
                400,
            )
        if not plain.header("x-amz-sdk-checksum-algorithm"):
            # Optional to AWS; moto forgets a checksum that it is not told of twice.
            more = ("x-amz-sdk-checksum-algorithm", name.upper())
            plain = replace(plain, headers=(*plain.headers, more))
    # moto would keep it as the object's metadata.
    return replace(plain, headers=tuple(h for h in plain.headers if h[0] != SHA256))


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _check_md5(claimed: str, body: bytes) -> None:
    try:
        digest = base64.b64decode(claimed, validate=True)
    except ValueError:
        digest = b""
    if len(digest) != 16:
        raise AwsError(
            "InvalidDigest", "The Content-MD5 you specified was invalid.", 400
        )
    if hashlib.md5(body, usedforsecurity=False).digest() != digest:
        raise AwsError(
            "BadDigest",
            "The Content-MD5 you specified did not match what we received.",
            400,
        )


def _unwrapped(request: Request) -> Request:
    """Take a body out of `aws-chunked`; the trailers at its end become headers."""
    if not request.header(SHA256).startswith(STREAMING):
        return request
    try:
        body, trailers = _chunks(request.body)
        length = int(request.header("x-amz-decoded-content-length"))
    except ValueError:
        length, body, trailers = -1, b"", ()
    if len(body) != length:
        raise AwsError(
            "IncompleteBody",
            "The request body terminated unexpectedly.",
            400,
        )
    return replace(request, body=body, headers=(*request.headers, *trailers))


def _chunks(wrapped: bytes) -> tuple[bytes, tuple[tuple[str, str], ...]]:
    parts = []
    position = 0
    while True:
        end = wrapped.index(b"\r\n", position)
        size = int(wrapped[position:end].partition(b";")[0], 16)
        position = end + 2
        if not size:
            break
        parts.append(wrapped[position : position + size])
        position += size + 2
    trailers = []
    for line in wrapped[position:].decode("latin-1").splitlines():
        name, _, value = line.partition(":")
        if name.lower().startswith("x-amz-checksum-"):
            trailers.append((name.lower(), value.strip()))
    return b"".join(parts), tuple(trailers)
