"""Objects of S3 as files: put, hashed, and told apart by their ETags."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from .client import S3Api

# Files from here on are sent in parts of this size, side by side; an object may have
# 10,000 parts, and boto3 makes them larger where these would be more.
PART: Final = 64 * 1024 * 1024
_CHUNK: Final = 1024 * 1024
_IN_ONE_GO: Final = 1024 * 1024


class Objects:
    """The objects of one bucket.

    Args:
        api: The connection.
        bucket: The bucket's name.
    """

    def __init__(self, api: S3Api, bucket: str) -> None:
        self._api = api
        self._bucket = bucket

    def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """Make one call of S3 about the bucket."""
        answer: dict[str, Any] = self._api.call(
            "s3", operation, Bucket=self._bucket, **parameters
        )
        return answer

    def put(self, key: str, file: Path, size: int, sha256: str) -> str:
        """Put a file, and return the ETag that it got.

        Args:
            key: The object's key.
            file: Where it is.
            size: In bytes; a large one is sent in parts.
            sha256: What its content has to be, which S3 sees to unless it is large.
        """
        if size >= PART:
            return self._put_in_parts(key, file)
        checksum = base64.b64encode(bytes.fromhex(sha256)).decode()
        with file.open("rb") as opened:
            # A body that is a stream has boto3 ask first whether it may send it.
            body = opened.read() if size <= _IN_ONE_GO else opened
            return _etag(
                self.call("put_object", Key=key, Body=body, ChecksumSHA256=checksum)
            )

    def _put_in_parts(self, key: str, file: Path) -> str:
        from boto3.s3.transfer import TransferConfig  # noqa: PLC0415  # see Session

        settings = TransferConfig(multipart_threshold=PART, multipart_chunksize=PART)
        with self._api.telling():
            upload = self._api.client().upload_file
            upload(str(file), self._bucket, key, Config=settings)
        return _etag(self.call("head_object", Key=key))

    def sha256(self, key: str) -> str:
        """Return the hash of an object as S3 has computed it, or by reading it."""
        head = self.call("head_object", Key=key, ChecksumMode="ENABLED")
        checksum = head.get("ChecksumSHA256", "-")
        if "-" not in checksum:  # which says that it is made of the parts' checksums
            return base64.b64decode(checksum).hex()
        digest = hashlib.sha256()
        with self._api.telling():
            for chunk in self.call("get_object", Key=key)["Body"].iter_chunks(_CHUNK):
                digest.update(chunk)
        return digest.hexdigest()


def etag_of(file: Path) -> str:
    """Return the ETag that S3 gives a file which is put as it is here, without KMS."""
    with file.open("rb") as content:
        parts = [_md5(part) for part in iter(lambda: content.read(PART), b"")]
    if file.stat().st_size < PART:
        return (parts or [_md5(b"")])[0].hex()
    return f"{_md5(b''.join(parts)).hex()}-{len(parts)}"


def _md5(content: bytes) -> bytes:
    return hashlib.md5(content, usedforsecurity=False).digest()


def _etag(answer: Mapping[str, Any]) -> str:
    return str(answer["ETag"]).strip('"')
