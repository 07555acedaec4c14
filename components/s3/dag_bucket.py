"""A bucket for the code of flows or DAGs: safe by default, and with its readers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pulumi

from .access_key import AccessKey
from .bucket import Bucket
from .bucket_files import BucketFiles
from .oidc_role import OidcRole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .settings import FilesSettings, KeySettings, RoleSettings

# Code is small, and old code is what one goes back to: nothing that is current ever
# expires, and what was replaced can be had back for a month.
LIFECYCLE: Final[dict[str, dict[str, Any]]] = {
    "old-versions": {
        "noncurrent_expire_after_days": 30,
        "noncurrent_keep": 5,
        "expire_delete_markers": True,
    },
    "unfinished-uploads": {"abort_uploads_after_days": 7},
}


class DagBucket(pulumi.ComponentResource):
    """A bucket for code, what the stack keeps there, and who reads it.

    Attributes:
        bucket: The bucket.
        prefix: The folder of it that the code lies in, with a slash at its end.
        files: What the stack keeps there; None where that is left to others.
        role: The role by which Modal's functions read it; None if none does.
        key: The key by which others read it; None if there is none.
    """

    def __init__(
        self,
        resource_name: str,
        *,
        bucket: Mapping[str, Any] | None = None,
        prefix: str = "dags/",
        files: FilesSettings | None = None,
        role: RoleSettings | None = None,
        key: KeySettings | None = None,
        protect: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the bucket.

        Args:
            resource_name: Its name in the program and in state.
            bucket: What the bucket itself takes; see `Bucket`. What is not given has
                defaults that are safe for code.
            prefix: The folder that the code lies in, with a slash at its end.
            files: What the stack keeps there.
            role: Have Modal's functions read it by a role.
            key: Have it read by a key.
            protect: Keep it from being deleted by any update.
            opts: Pulumi's resource options.

        Raises:
            ConfigurationError: The folder of its files is not there.
        """
        super().__init__("flowground:s3:DagBucket", resource_name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        stack = f"{pulumi.get_project()}-{pulumi.get_stack()}"
        named = f"{stack}-{resource_name}"
        wanted = safe_for_code(bucket or {})
        self.prefix = prefix
        self.bucket = Bucket(
            resource_name,
            **{"name": named, **wanted},
            opts=pulumi.ResourceOptions(parent=self, protect=protect),
        )
        grant: dict[str, Any] = {
            "bucket": self.bucket.name,
            "prefix": prefix,
            "kms_key": wanted.get("kms_key"),
            "opts": child,
        }
        self.role = (
            None
            if role is None
            else OidcRole(
                resource_name,
                **grant,
                name=role.name or named,
                workspace_id=role.workspace_id,
                environment=role.environment or stack,
                app=role.app,
                access=role.access,
            )
        )
        self.key = (
            None
            if key is None
            else AccessKey(
                resource_name,
                **grant,
                name=key.name or named,
                access=key.access,
                rotation=key.rotation,
                overlap=key.overlap,
            )
        )
        self.files = (
            None
            if files is None
            else BucketFiles(
                resource_name,
                bucket=self.bucket,
                prefix=prefix,
                folder=files.folder,
                ignore=files.ignore,
                adopt=files.adopt,
                opts=child,
            )
        )
        self.register_outputs({})

    @property
    def uri(self) -> pulumi.Output[str]:
        """Where the code lies: `s3://bucket/dags/`, as `modalflow` takes it."""
        return pulumi.Output.concat("s3://", self.bucket.name, "/", self.prefix)

    @property
    def region(self) -> pulumi.Output[str]:
        """Where the bucket is."""
        return self.bucket.home_region

    @property
    def mount(self) -> dict[str, pulumi.Input[Any]]:
        """What `modal.CloudBucketMount` takes, beside a secret where there is no role.

        To mount it in a place that can be written to, give it `read_only=False`.
        """
        given: dict[str, pulumi.Input[Any]] = {
            "bucket_name": self.bucket.name,
            "read_only": True,
        }
        if self.prefix:
            given["key_prefix"] = self.prefix
        if self.role is not None:
            given["oidc_auth_role_arn"] = self.role.arn
        return given

    @property
    def variables(self) -> dict[str, pulumi.Output[str]]:
        """What a Modal secret has to hold that opens it; empty where there is no key.

        AWS's own names, which all that speaks to S3 reads.
        """
        if self.key is None:
            return {}
        return {
            "AWS_ACCESS_KEY_ID": self.key.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.key.secret_access_key,
            "AWS_REGION": self.region,
        }

    @property
    def aws_credentials_block(self) -> dict[str, pulumi.Output[str]]:
        """What Prefect's block of type `aws-credentials` holds; empty without a key."""
        if self.key is None:
            return {}
        return {
            "aws_access_key_id": self.key.access_key_id,
            "aws_secret_access_key": self.key.secret_access_key,
            "region_name": self.region,
        }

    @property
    def s3_bucket_block(self) -> dict[str, pulumi.Input[str]]:
        """What Prefect's block of type `s3-bucket` holds, beside its credentials."""
        return {
            "bucket_name": self.bucket.name,
            "bucket_folder": self.prefix.removesuffix("/"),
        }


def safe_for_code(bucket: Mapping[str, Any]) -> dict[str, Any]:
    """Complete what is said of a bucket by what is safe for code."""
    safe: dict[str, Any] = {"versioning": True, "tls_only": True}
    if bucket.get("kms_key") or bucket.get("encryption", "s3") != "s3":
        safe["bucket_key"] = True
    lifecycle = {**LIFECYCLE, **bucket.get("lifecycle", {})}
    return {**safe, **bucket, "lifecycle": lifecycle}
