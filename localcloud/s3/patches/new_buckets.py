"""A new bucket is private and encrypted: AWS makes it so since 2023, moto does not.

All four blocks of public access are on, ACLs are off (`BucketOwnerEnforced`), objects
are encrypted by SSE-S3; deleting the encryption brings that back. Tags that came with
`CreateBucketConfiguration` are the bucket's.
(docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq and
default-bucket-encryption)
"""

from __future__ import annotations

from typing import Any

import xmltodict  # type: ignore[import-untyped]  # moto's; it has no types
from moto.s3 import models as s3_models
from moto.s3.responses import S3Response

ENFORCED = "BucketOwnerEnforced"


def _sse_s3() -> dict[str, Any]:
    by_default = {"SSEAlgorithm": "AES256"}
    return {
        "Rule": {
            "ApplyServerSideEncryptionByDefault": by_default,
            "BucketKeyEnabled": False,
        }
    }


def apply() -> None:
    """Make buckets as AWS does."""
    models: Any = s3_models
    responses: Any = S3Response
    init, put = models.FakeBucket.__init__, responses._bucket_response_put  # noqa: SLF001  moto's own

    def new_init(bucket: Any, *args: Any, **kwargs: Any) -> None:
        init(bucket, *args, **kwargs)
        bucket.public_access_block = models.PublicAccessBlock(True, True, True, True)
        bucket.ownership_rule = ENFORCED
        bucket.encryption = _sse_s3()

    def delete_encryption(backend: Any, bucket_name: str) -> None:
        backend.get_bucket(bucket_name).encryption = _sse_s3()

    def new_put(response: Any, request: Any, name: str, query: dict[str, Any]) -> Any:
        is_new = not query and name not in response.backend.buckets
        answer = put(response, request, name, query)
        if is_new and b"<Tags>" in response.body:
            given = xmltodict.parse(response.body, force_list=("Tag",))
            tags = given["CreateBucketConfiguration"]["Tags"]["Tag"]
            response.backend.put_bucket_tagging(
                name, {tag["Key"]: tag["Value"] or "" for tag in tags}
            )
        return answer

    models.FakeBucket.__init__ = new_init
    models.S3Backend.delete_bucket_encryption = delete_encryption
    responses._bucket_response_put = new_put  # noqa: SLF001  moto's own
