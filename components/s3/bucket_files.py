"""A folder mirrored to a prefix of a bucket.

API: ListObjectsV2, PutObject (large files by CreateMultipartUpload and UploadPart),
HeadObject, GetObject, DeleteObjects.
Immutable: bucket and prefix. Quirks:

- The stamp of a file is its ETag, which S3 lists: a refresh asks once for a thousand
  files. It is told only by the upload of each, and stands for the content: without KMS
  it is the MD5 of a file, or of its parts' MD5s, so what others have put is compared
  without reading it back.
- S3 checks the SHA-256 of the manifest while it takes a file, so that nothing else can
  arrive under that name; of a multipart upload it has none, and keeps checks of its own.
- Where the bucket keeps versions, what is replaced or removed can be had back.
- Markers of folders, which consoles make, are no files and are left alone.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import pulumi

from components.kernel import Config, Immutable, NotFoundError, ServiceError, kind
from components.kernel.folder import File
from components.kernel.mirror import (
    Entry,
    MirrorArgs,
    MirrorKind,
    MirrorState,
    mirrored,
)

from .base import BucketName, Prefix, S3Resource
from .bucket import Bucket
from .client import S3Api, connect

T = TypeVar("T")
R = TypeVar("R")

# Calls at once: more do not get through faster from one process.
AT_ONCE: Final = 16
# The most that one DeleteObjects takes.
DELETED_AT_ONCE: Final = 1000
# Files from here on are sent in parts of this size, side by side; an object may have
# 10,000 parts, and boto3 makes them larger where these would be more.
PART: Final = 64 * 1024 * 1024


class BucketFilesArgs(MirrorArgs):
    """What a user writes for the files of a bucket; see `BucketFiles`."""

    bucket: Annotated[BucketName, Immutable]
    prefix: Annotated[Prefix, Immutable] = ""


class BucketFilesState(MirrorState, BucketFilesArgs):
    """The files of a bucket as S3 has them.

    Attributes:
        id: The bucket and the prefix.
        bucket: As it is, whatever may be new names today.
        stamps: The ETags of the files that have what we put.
    """

    bucket: str


class BucketPath:
    """A prefix of a bucket, as seen by who knows what should be there."""

    def __init__(self, api: S3Api, known: BucketFilesArgs) -> None:
        self.api = api
        self.known = known
        self.bucket = known.bucket
        self.prefix = known.prefix

    @property
    def scope(self) -> tuple[str, ...]:
        """Return what tells this place from others."""
        return self.api.scope

    def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """Make one call of S3 about the bucket."""
        answer: dict[str, Any] = self.api.call(
            "s3", operation, Bucket=self.bucket, **parameters
        )
        return answer


@kind("s3:BucketFiles", key=("bucket", "prefix"))
class BucketFilesKind(MirrorKind[BucketPath, BucketFilesArgs, BucketFilesState]):
    """The life cycle of the files of a bucket."""

    def connect(self, config: Config, args: BucketFilesArgs) -> BucketPath:
        """Return the prefix of the bucket."""
        place = f"files/{args.bucket}/{args.prefix}"
        return BucketPath(connect(config, place), args)

    def where(self, place: BucketPath) -> dict[str, str]:
        """Return the id and the fields that say which place it is."""
        return {
            "id": f"{place.bucket}/{place.prefix}",
            "bucket": place.bucket,
            "prefix": place.prefix,
        }

    def entries(self, place: BucketPath) -> dict[str, Entry]:
        """List the objects below the prefix."""
        pages = place.api.pages(
            "s3", "list_objects_v2", Bucket=place.bucket, Prefix=place.prefix
        )
        return {
            one["Key"][len(place.prefix) :]: Entry(one["Size"], one["ETag"].strip('"'))
            for page in pages
            for one in page.get("Contents", ())
            if not one["Key"].endswith("/")
        }

    def digests(self, place: BucketPath, paths: Mapping[str, Entry]) -> dict[str, str]:
        """Tell what objects are by their ETags, by S3's checksums, or by reading."""

        def digest(path: str) -> str | None:
            wanted = place.known.files[path].sha256
            local = Path(place.known.folder, path)
            if _is(local, wanted) and etag_of(local) == paths[path].stamp:
                return wanted
            try:
                return _remote_digest(place, path)
            except NotFoundError:
                return None

        found = zip(paths, _side_by_side(digest, paths), strict=True)
        return {path: sha256 for path, sha256 in found if sha256 is not None}

    def upload(
        self, place: BucketPath, files: Mapping[str, File], local: Mapping[str, Path]
    ) -> dict[str, str]:
        """Put files side by side, except those that an interrupted run has put."""
        there = self.entries(place)

        def put(path: str) -> str:
            file, entry = local[path], there.get(path)
            if (
                entry is not None
                and entry.size == files[path].size
                and entry.stamp == etag_of(file)
            ):
                return entry.stamp
            if files[path].size >= PART:
                return _put_in_parts(place, path, file)
            return _put(place, path, file, files[path].sha256)

        return dict(zip(local, _side_by_side(put, local), strict=True))

    def remove(self, place: BucketPath, paths: Collection[str]) -> None:
        """Remove objects, a thousand a call."""
        keys = [{"Key": place.prefix + path} for path in sorted(paths)]
        for some in itertools.batched(keys, DELETED_AT_ONCE):
            answer = place.call(
                "delete_objects", Delete={"Objects": list(some), "Quiet": True}
            )
            for refused in answer.get("Errors", ()):
                raise ServiceError(
                    f"AWS does not delete '{refused.get('Key')}' "
                    f"({refused.get('Code')}); let the credential delete objects, or "
                    "lift what keeps it"
                )


def etag_of(file: Path) -> str:
    """Return the ETag that S3 gives a file which is put as it is here, without KMS."""
    with file.open("rb") as content:
        parts = [
            hashlib.md5(part)  # noqa: S324  # as S3's ETags
            for part in iter(lambda: content.read(PART), b"")
        ]
    if file.stat().st_size < PART:
        return parts[0].hexdigest() if parts else hashlib.md5(b"").hexdigest()  # noqa: S324  # as above
    whole = hashlib.md5(b"".join(part.digest() for part in parts))  # noqa: S324  # as above
    return f"{whole.hexdigest()}-{len(parts)}"
