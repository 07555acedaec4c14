"""Versions outlive a suspension of versioning, and a stranger's version id.

In moto a bucket whose versioning is suspended forgets all versions of a key at the next
write or deletion, and an unversioned key goes with whatever version is named. AWS
replaces, or marks as deleted, the version `null` alone
(docs.aws.amazon.com/AmazonS3/latest/userguide/AddingObjectstoVersionSuspendedBuckets).
"""

from __future__ import annotations

from typing import Any

from moto.s3 import models as s3_models

NULL = "null"


def _others(bucket: Any, name: str) -> list[Any]:
    """Return a key's versions that the version `null` leaves alone."""
    if bucket.versioning_status != "Suspended":
        return []
    versions = bucket.keys.getlist(name, [])
    return [version for version in versions if version.version_id != NULL]


def _delete_version(bucket: Any, name: str, version_id: str) -> tuple[bool, Any]:
    """Delete one version of a bucket that makes no new ones."""
    versions = bucket.keys.getlist(name, [])
    left = [version for version in versions if version.version_id != version_id]
    if left:
        bucket.keys.setlist(name, left)
    elif versions:
        bucket.keys.pop(name)
    return True, {"version-id": version_id}


def _mark_deleted(bucket: Any, name: str) -> tuple[bool, Any]:
    """Put a marker in the place of the version `null`."""
    models: Any = s3_models
    marker = models.FakeDeleteMarker(key=bucket.keys[name])
    marker._version_id = NULL  # noqa: SLF001  moto's own
    bucket.keys.setlist(name, [*_others(bucket, name), marker])
    return True, {"version-id": NULL, "delete-marker": "true"}


def apply() -> None:
    """Keep what AWS keeps."""
    models: Any = s3_models
    put, delete = models.S3Backend.put_object, models.S3Backend.delete_object

    def new_put(
        backend: Any, bucket_name: str, key_name: str, *args: Any, **more: Any
    ) -> Any:
        bucket = backend.get_bucket(bucket_name)
        kept = _others(bucket, key_name)
        if kept:
            # moto disposes of what it drops, so it must not find these.
            versions = bucket.keys.getlist(key_name)
            replaced = [each for each in versions if each not in kept]
            dict.__setitem__(bucket.keys, key_name, replaced)
        key = put(backend, bucket_name, key_name, *args, **more)
        if kept:
            bucket.keys.setlist(key_name, [*kept, key])
        return key

    def new_delete(
        backend: Any,
        bucket_name: str,
        key_name: str,
        version_id: str | None = None,
        **more: Any,
    ) -> Any:
        bucket = backend.get_bucket(bucket_name)
        if not bucket.is_versioned and version_id is not None:
            return _delete_version(bucket, key_name, version_id)
        if bucket.versioning_status == "Suspended" and key_name in bucket.keys:
            return _mark_deleted(bucket, key_name)
        return delete(backend, bucket_name, key_name, version_id, **more)

    models.S3Backend.put_object = new_put
    models.S3Backend.delete_object = new_delete
