"""What a bucket holds: objects, their old versions, and the markers of deletions."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from components.kernel import DataLossError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from components.kernel import Wire

    from .client import S3Api

# As many pages of a thousand are deleted at a time.
_AT_A_TIME: Final = 8


def holds_anything(api: S3Api, bucket: str) -> bool:
    """Tell whether anything would be lost with the bucket, old versions too."""
    page = api.call("s3", "list_object_versions", Bucket=bucket, MaxKeys=1)
    return bool(_versions(page))


def empty(api: S3Api, bucket: str) -> None:
    """Delete all that a bucket holds, every version of it.

    Raises:
        DataLossError: Something is locked, or may not be deleted.
    """
    pages = api.pages("s3", "list_object_versions", Bucket=bucket)
    with ThreadPoolExecutor(_AT_A_TIME) as pool:
        while some := list(itertools.islice(pages, _AT_A_TIME)):
            for _ in pool.map(lambda page: _delete(api, bucket, _versions(page)), some):
                pass


def _versions(page: Wire) -> list[dict[str, Any]]:
    listed = (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
    return [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in listed]


def _delete(api: S3Api, bucket: str, versions: Sequence[dict[str, Any]]) -> None:
    if not versions:
        return
    answer = api.call(
        "s3",
        "delete_objects",
        Bucket=bucket,
        Delete={"Objects": [*versions], "Quiet": True},
    )
    for refused in answer.get("Errors", ()):
        raise DataLossError(
            f"AWS does not delete its object '{refused.get('Key')}' "
            f"({refused.get('Code')}); lift the lock that is on it, or let the "
            "credential delete versions"
        )
