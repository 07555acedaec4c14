"""CRC32C and CRC64NVME, and checksums of uploads in parts, as AWS has them.

moto puts CRC32 in the place of both; and the `HEAD` of an object that was uploaded in
parts tells neither that its checksum is one of checksums, nor of how many.
"""

from __future__ import annotations

import base64
from typing import Any

from moto.s3 import models as s3_models
from moto.s3 import responses as s3_responses

from localcloud.s3.integrity import ALGORITHMS


def compute(body: bytes, algorithm: str, encode_base64: bool = True) -> bytes:
    """Compute a checksum by its name in AWS."""
    digest = ALGORITHMS[algorithm.lower()](body)
    return base64.b64encode(digest) if encode_base64 else digest


def apply() -> None:
    """Compute all algorithms, and tell of composite checksums."""
    modules: tuple[Any, ...] = (s3_models, s3_responses)
    for module in modules:
        module.compute_checksum = compute
    responses: Any = s3_responses.S3Response
    head = responses.head_object

    def new_head(
        response: Any, bucket_name: str, query: Any, key_name: str, **kw: Any
    ) -> Any:
        status, headers, body = head(response, bucket_name, query, key_name, **kw)
        version = query.get("versionId", [None])[0]
        key = status == 200 and response.backend.get_object(
            bucket_name, key_name, version_id=version
        )
        name = key and f"x-amz-checksum-{(key.checksum_algorithm or '').lower()}"
        if key and name in headers and key.checksum_type:
            headers["x-amz-checksum-type"] = key.checksum_type
            if key.checksum_type == "COMPOSITE":
                headers[name] = f"{key.checksum_value}-{key.checksum_parts}"
        return status, headers, body

    responses.head_object = new_head
