"""A folder mirrored to a prefix of a bucket.

API: ListObjectsV2, PutObject (large files by CreateMultipartUpload and UploadPart),
HeadObject, GetObject, DeleteObjects.
Immutable: bucket and prefix. Quirks:

- The stamp of a file is its ETag, which S3 lists: a refresh asks once for a thousand
  files. It is told only by the upload of each, and stands for the content: without KMS
  it is the MD5 of a file, or of its parts' MD5s, so what others have put is compared
  without reading it back.
- S3 checks the SHA-256 of the manifest while it takes a file, so that nothing else can
  arrive under that name; of one sent in parts it checks the parts by themselves.
- Where the bucket keeps versions, what is replaced or removed can be had back.
- Markers of folders, which consoles make, are no files and are left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import pulumi

from components.kernel import Config, Immutable, NotFoundError, ServiceError, kind
from components.kernel.apart import apart
from components.kernel.folder import File, holds
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
from .objects import Objects, etag_of

T = TypeVar("T")
R = TypeVar("R")

# Calls at once: more do not get through faster from one process.
AT_ONCE: Final = 16
# The most that one DeleteObjects takes.
DELETED_AT_ONCE: Final = 1000
# So few are sent again sooner than it is found out whether an interrupted run has.
SENT_UNSEEN: Final = 100


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
        self.objects = Objects(api, known.bucket)

    @property
    def scope(self) -> tuple[str, ...]:
        """Return what tells this place from others."""
        return self.api.scope


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
            "id": f"{place.known.bucket}/{place.known.prefix}",
            "bucket": place.known.bucket,
            "prefix": place.known.prefix,
        }

    def entries(self, place: BucketPath) -> dict[str, Entry]:
        """List the objects below the prefix."""
        pages = place.api.pages(
            "s3",
            "list_objects_v2",
            Bucket=place.known.bucket,
            Prefix=place.known.prefix,
        )
        return {
            one["Key"][len(place.known.prefix) :]: Entry(
                one["Size"], one["ETag"].strip('"')
            )
            for page in pages
            for one in page.get("Contents", ())
            if not one["Key"].endswith("/")
        }

    def digests(self, place: BucketPath, paths: Mapping[str, Entry]) -> dict[str, str]:
        """Tell what objects are by their ETags, by S3's checksums, or by reading."""

        def digest(path: str) -> str | None:
            wanted = place.known.files[path].sha256
            local = Path(place.known.folder, path)
            if holds(local, wanted) and etag_of(local) == paths[path].stamp:
                return wanted
            try:
                return place.objects.sha256(place.known.prefix + path)
            except NotFoundError:
                return None

        found = zip(paths, _side_by_side(digest, paths), strict=True)
        return {path: sha256 for path, sha256 in found if sha256 is not None}

    def upload(
        self, place: BucketPath, files: Mapping[str, File], local: Mapping[str, Path]
    ) -> dict[str, str]:
        """Put files side by side, except those that an interrupted run has put."""
        there = self.entries(place) if len(local) > SENT_UNSEEN else {}

        def put(path: str) -> str:
            file, entry = local[path], there.get(path)
            if (
                entry is not None
                and entry.size == files[path].size
                and entry.stamp == etag_of(file)
            ):
                return entry.stamp
            key = place.known.prefix + path
            return place.objects.put(key, file, files[path].size, files[path].sha256)

        return dict(zip(local, _side_by_side(put, local), strict=True))

    def remove(self, place: BucketPath, paths: Collection[str]) -> None:
        """Remove objects, a thousand a call."""
        keys = [{"Key": place.known.prefix + path} for path in sorted(paths)]
        for first in range(0, len(keys), DELETED_AT_ONCE):
            some = keys[first : first + DELETED_AT_ONCE]
            answer = place.objects.call(
                "delete_objects", Delete={"Objects": some, "Quiet": True}
            )
            for refused in answer.get("Errors", ()):
                raise ServiceError(
                    f"AWS does not delete '{refused.get('Key')}' "
                    f"({refused.get('Code')}); let the credential delete objects, or "
                    "lift what keeps it"
                )


def _side_by_side(work: Callable[[T], R], items: Collection[T]) -> list[R]:
    """Do something for each item; after a failure nothing more is begun."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(work, items))


class BucketFiles(S3Resource, kind=BucketFilesKind):
    """A folder mirrored to a bucket: it has these files below a prefix, and no others.

    The plan names the files that are added, changed or removed, by their content and
    never by their dates. New files are put before old ones are removed; those that did
    not change are neither read nor sent.

    Args:
        resource_name: Its name in the program and in state.
        bucket: The bucket.
        folder: What is mirrored; a relative path starts from the program's folder.
        prefix: Where in the bucket, with a slash at its end; all of it if not given.
        ignore: What is left out, as in a .gitignore file, and left alone in the
            bucket. `__pycache__`, `*.pyc`, `.git` and `.DS_Store` are, unless a
            pattern such as `!.git` has them back.
        adopt: Take over a prefix that has other objects, which are removed.
        opts: Pulumi's resource options.

    Attributes:
        files: The manifest: the SHA-256 and the size of each file by its path.

    See https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html.
    """

    bucket: pulumi.Output[str]
    prefix: pulumi.Output[str]
    files: pulumi.Output[dict[str, Any]]

    def __init__(
        self,
        resource_name: str,
        *,
        bucket: Bucket | pulumi.Input[str],
        folder: str | Path,
        prefix: pulumi.Input[str] = "",
        ignore: Sequence[str] = (),
        adopt: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        name = bucket.name if isinstance(bucket, Bucket) else bucket
        super().__init__(
            resource_name,
            {
                **mirrored(folder, ignore, mode=False),
                "bucket": name,
                "prefix": apart(resource_name, [name], prefix, ignore),
                "adopt": adopt,
            },
            opts,
        )
