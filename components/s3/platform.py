"""One stack's S3, from its settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pulumi

from components.kernel import ConfigurationError, Lookup, resolve

from .dag_bucket import DagBucket

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .settings import S3Settings

SETTINGS_PATH: Final = "s3"


class S3Platform(pulumi.ComponentResource):
    """The buckets that the stack's code lies in, and who reads them.

    Attributes:
        dag_buckets: By the key in the settings.
    """

    def __init__(
        self,
        resource_name: str,
        settings: S3Settings,
        *,
        groups: Mapping[str, Lookup],
        protect: bool,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare all of it.

        Args:
            resource_name: Its name in the program and in state.
            settings: What there is.
            groups: What the settings may refer to, by the word before the dot.
            protect: Keep the buckets from being deleted by any update.
            opts: Pulumi's resource options.

        Raises:
            ConfigurationError: The settings refer to what the stack does not have, or
                name a folder that is not there.
        """
        super().__init__("flowground:s3:Platform", resource_name, None, opts)
        self._settings = settings
        self._known = groups
        self._keep = protect
        self.dag_buckets = {name: self._bucket(name) for name in settings.dag_buckets}
        self.register_outputs({})

    @property
    def groups(self) -> dict[str, Lookup]:
        """What later services may refer to, by the word before the dot."""
        made = self.dag_buckets
        keys = {name: one.key for name, one in made.items() if one.key is not None}
        roles = {name: one.role for name, one in made.items() if one.role is not None}
        return {
            "buckets": {name: one.bucket.name for name, one in made.items()}.get,
            "bucket_uris": {name: one.uri for name, one in made.items()}.get,
            "bucket_regions": {name: one.region for name, one in made.items()}.get,
            "access_key_ids": {n: key.access_key_id for n, key in keys.items()}.get,
            "access_key_secrets": {
                name: key.secret_access_key for name, key in keys.items()
            }.get,
            "oidc_roles": {name: role.arn for name, role in roles.items()}.get,
        }

    def _bucket(self, name: str) -> DagBucket:
        one, path = self._settings.dag_buckets[name], f"{SETTINGS_PATH}.dag_buckets"
        bucket = resolve(one.bucket, self._known, f"{path}.{name}.bucket")
        try:
            return DagBucket(
                name,
                bucket=bucket,
                prefix=one.prefix,
                files=one.files,
                role=one.role,
                key=one.key,
                protect=self._keep,
                opts=pulumi.ResourceOptions(parent=self),
            )
        except ConfigurationError as error:
            raise ConfigurationError(f"{path}.{name}.files: {error}") from None
