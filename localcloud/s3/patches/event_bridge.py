"""That a bucket tells EventBridge is read back as it was put.

moto keeps it, and leaves it out of its answer: whoever compares would see a difference
for ever.
"""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.s3.responses import S3Response


def apply() -> None:
    """Answer the empty element that AWS does."""
    responses: Any = S3Response
    get = responses.get_bucket_notification

    def new_get(response: Any) -> Any:
        backend, bucket = response.backend, response.bucket_name
        config = backend.get_bucket_notification_configuration(bucket)
        if config is None or config.event_bridge is None:
            return get(response)
        serialized = response.serialized

        def with_event_bridge(result: ActionResult | EmptyResult) -> Any:
            told = result.result if isinstance(result.result, dict) else {}
            return serialized(ActionResult({**told, "EventBridgeConfiguration": {}}))

        response.serialized = with_event_bridge
        try:
            return get(response)
        finally:
            del response.serialized

    responses.get_bucket_notification = new_get
