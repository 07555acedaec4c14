"""S3: one file a kind; importing this package registers them all."""

from .bucket import Bucket

__all__ = [
    "Bucket",
]
