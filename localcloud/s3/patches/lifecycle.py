"""A bucket's lifecycle is read back as it was put.

moto forgets `NewerNoncurrentVersions` of an expiration, `ObjectSizeGreaterThan` and
`ObjectSizeLessThan` of a filter, and the `TransitionDefaultMinimumObjectSize`: whoever
compares would see a difference for ever. AWS gives a rule without an ID one of its own.
"""

from __future__ import annotations

import copy
import secrets
from typing import Any

from moto.core.responses import ActionResult
from moto.s3 import models as s3_models
from moto.s3.exceptions import NoSuchLifecycleConfiguration
from moto.s3.responses import S3Response

SIZE_HEADER = "x-amz-transition-default-minimum-object-size"
SIZE_DEFAULT = "all_storage_classes_128K"
# XML has no numbers and no lists of one.
_NUMBERS = {
    "Days",
    "NoncurrentDays",
    "NewerNoncurrentVersions",
    "DaysAfterInitiation",
    "ObjectSizeGreaterThan",
    "ObjectSizeLessThan",
}
_LISTS = {
    "Transition": "Transitions",
    "NoncurrentVersionTransition": "NoncurrentVersionTransitions",
}


def _read_back(value: Any, *, inside: str = "") -> Any:
    if isinstance(value, list):
        return [_read_back(each) for each in value]
    if not isinstance(value, dict):
        return value
    result: dict[str, Any] = {}
    for name, given in value.items():
        if name in _NUMBERS:
            result[name] = int(given)
        elif name == "ExpiredObjectDeleteMarker":
            result[name] = given == "true"
        elif name in _LISTS or (name == "Tag" and inside == "And"):
            several = given if isinstance(given, list) else [given]
            result[_LISTS.get(name, "Tags")] = _read_back(several)
        elif given is None:
            result[name] = {} if name == "Filter" else ""
        else:
            result[name] = _read_back(given, inside=name)
    return result


def apply() -> None:
    """Keep what is put, and answer it."""
    models: Any = s3_models
    responses: Any = S3Response
    set_lifecycle = models.FakeBucket.set_lifecycle

    def new_set(bucket: Any, rules: list[dict[str, Any]]) -> None:
        given = copy.deepcopy(rules)
        set_lifecycle(bucket, rules)  # which checks them
        for rule in given:
            rule.setdefault("ID", secrets.token_hex(24))
        bucket.lifecycle_put = [_read_back(rule) for rule in given]

    def get(response: Any) -> Any:
        bucket = response.backend.get_bucket(response.bucket_name)
        if not bucket.rules:
            raise NoSuchLifecycleConfiguration(bucket_name=response.bucket_name)
        response.data["Action"] = "GetBucketLifecycleConfiguration"
        size = getattr(bucket, "lifecycle_size", SIZE_DEFAULT)
        result = {
            "Rules": bucket.lifecycle_put,
            "TransitionDefaultMinimumObjectSize": size,
        }
        return response.serialized(ActionResult(result))

    put = responses._bucket_response_put  # noqa: SLF001  moto's own

    def new_put(response: Any, request: Any, name: str, query: dict[str, Any]) -> Any:
        answer = put(response, request, name, query)
        if "lifecycle" not in query:
            return answer
        size = request.headers.get(SIZE_HEADER, SIZE_DEFAULT)
        response.backend.get_bucket(name).lifecycle_size = size
        return 200, {SIZE_HEADER: size}, ""

    models.FakeBucket.set_lifecycle = new_set
    responses.get_bucket_lifecycle = get
    responses._bucket_response_put = new_put  # noqa: SLF001  moto's own
