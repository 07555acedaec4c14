"""A CloudBucketMount as a folder: pulled before an input, pushed after it.

The real one is a live view of the bucket. Here the folder is brought up to date
before every input and written back after it, which is what a function that reads and
writes whole files can tell.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from modal_proto import api_pb2

REGION = "us-east-1"


class Bucket:
    """One mount in one container; all of it blocks, and runs in a thread."""

    def __init__(
        self,
        mount: api_pb2.CloudBucketMount,
        credentials: Mapping[str, str],
        identity_token: str,
        folder: Path,
    ) -> None:
        self._name = mount.bucket_name
        self._prefix = mount.key_prefix
        self._read_only = mount.read_only
        self.folder = folder
        self._seen: dict[str, tuple[str, tuple[int, int]]] = {}
        folder.mkdir(parents=True, exist_ok=True)
        self._s3 = _client(mount, credentials, identity_token)

    def pull(self) -> None:
        """Bring the folder to what the bucket holds below the prefix."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._name, Prefix=self._prefix
        )
        held = {
            item["Key"]: item["ETag"]
            for page in pages
            for item in page.get("Contents", ())
        }
        for key in self._seen.keys() - held.keys():
            self._place(key).unlink(missing_ok=True)
            del self._seen[key]
        for key, etag in held.items():
            place = self._place(key)
            if key.endswith("/"):
                place.mkdir(parents=True, exist_ok=True)
            elif key not in self._seen or self._seen[key][0] != etag:
                place.parent.mkdir(parents=True, exist_ok=True)
                self._s3.download_file(self._name, key, str(place))
                self._seen[key] = (etag, _signature(place))

    def push(self) -> None:
        """Write the folder's changes to the bucket."""
        if self._read_only:
            return
        here = set()
        for place in self.folder.rglob("*"):
            if not place.is_file():
                continue
            key = self._prefix + place.relative_to(self.folder).as_posix()
            here.add(key)
            signature = _signature(place)
            if key not in self._seen or self._seen[key][1] != signature:
                self._s3.upload_file(str(place), self._name, key)
                etag = self._s3.head_object(Bucket=self._name, Key=key)["ETag"]
                self._seen[key] = (etag, signature)
        for key in self._seen.keys() - here:
            self._s3.delete_object(Bucket=self._name, Key=key)
            del self._seen[key]

    def _place(self, key: str) -> Path:
        place = self.folder / key.removeprefix(self._prefix)
        if not place.resolve().is_relative_to(self.folder.resolve()):
            msg = f"The key '{key}' of bucket '{self._name}' is no path below a folder."
            raise ValueError(msg)
        return place


def _client(
    mount: api_pb2.CloudBucketMount, credentials: Mapping[str, str], identity_token: str
) -> Any:
    """Connect as the mount's role, by its secret's key, or as nobody."""
    # A third of the control plane's start-up time, and few apps mount a bucket.
    import boto3  # noqa: PLC0415
    from botocore import UNSIGNED  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415
    from botocore.credentials import (  # noqa: PLC0415
        AssumeRoleWithWebIdentityCredentialFetcher,
        DeferredRefreshableCredentials,
    )
    from botocore.session import Session  # noqa: PLC0415

    session: Any = Session()
    session.set_config_variable("region", credentials.get("AWS_REGION", REGION))
    config = Config()
    if mount.oidc_auth_role_arn:
        fetcher = AssumeRoleWithWebIdentityCredentialFetcher(
            session.create_client, lambda: identity_token, mount.oidc_auth_role_arn
        )
        # A container may outlive what it is given.
        session._credentials = DeferredRefreshableCredentials(  # noqa: SLF001  no setter
            fetcher.fetch_credentials, "assume-role-with-web-identity"
        )
    elif "AWS_ACCESS_KEY_ID" in credentials:
        session.set_credentials(
            credentials["AWS_ACCESS_KEY_ID"],
            credentials.get("AWS_SECRET_ACCESS_KEY"),
            credentials.get("AWS_SESSION_TOKEN"),
        )
    else:
        # Whatever credentials the control plane's own process finds are not its.
        config = Config(signature_version=UNSIGNED)
    # The machine's own endpoint is the local cloud's; a mount may name another.
    endpoint = mount.bucket_endpoint_url or os.environ.get("AWS_ENDPOINT_URL")
    transfers = boto3.Session(botocore_session=session)
    return transfers.client("s3", endpoint_url=endpoint or None, config=config)


def _signature(place: Path) -> tuple[int, int]:
    status = place.stat()
    return status.st_size, status.st_mtime_ns
