"""moto asks the bucket's policy by itself, whatever its own access control is set to.

It takes every condition that does not hold for a denial: a bucket that asks for TLS
(`Deny` if `aws:SecureTransport` is false) refuses all objects, over HTTPS too. The gate
(`localcloud/s3/access`) has decided before; what is left to say here is which keys of a
batch deletion must stay, for moto answers for each by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.iam.access_control import PermissionResult
from moto.s3 import models as s3_models

_refused: set[str] = set()


@contextmanager
def refused(keys: frozenset[str]) -> Iterator[None]:
    """Have these keys of the request at hand refused."""
    _refused.update(keys)
    try:
        yield
    finally:
        _refused.clear()


def apply() -> None:
    """Permit all but the refused keys."""

    def get_permission(bucket: Any, _action: str, resource: str) -> PermissionResult:
        key = resource.removeprefix(f"{bucket.arn}/")
        return (
            PermissionResult.DENIED if key in _refused else PermissionResult.PERMITTED
        )

    models: Any = s3_models
    models.FakeBucket.get_permission = get_permission
