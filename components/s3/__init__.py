"""S3: one file a kind; importing this package registers them all."""

from .bucket import Bucket
from .bucket_files import BucketFiles

__all__ = [
    "Bucket",
    "BucketFiles",
]
