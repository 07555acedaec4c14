"""S3: one file a kind; importing this package registers them all."""

from .access_key import AccessKey
from .bucket import Bucket
from .bucket_files import BucketFiles
from .oidc_role import OidcRole

__all__ = [
    "AccessKey",
    "Bucket",
    "BucketFiles",
    "OidcRole",
]
