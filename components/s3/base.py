"""What the kinds of S3 and of those who may read it have in common."""

from __future__ import annotations

import re
from typing import Annotated, Final, TypeAlias, TypeVar

import pulumi
from pydantic import AfterValidator

from components.kernel import Args, Kind, ManagedResource

from .client import SETTINGS, S3Api

_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_BARRED: Final = re.compile(
    r"(xn--|sthree-|amzn-s3-demo-).*|.*(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)"
    r"|.*\.\..*|\d+\.\d+\.\d+\.\d+"
)
MAX_PREFIX_BYTES: Final = 512


def _bucket(name: str) -> str:
    if not _BUCKET.fullmatch(name) or _BARRED.fullmatch(name):
        raise ValueError(
            "is no name for a bucket; give it 3 to 63 lower-case letters, digits and "
            "hyphens, a letter or digit at both ends, and none of S3's own prefixes "
            "and suffixes"
        )
    return name


def _prefix(prefix: str) -> str:
    if prefix and not prefix.endswith("/"):
        raise ValueError(f"must end with a slash; write '{prefix}/'")
    if prefix.startswith("/") or "//" in prefix:
        raise ValueError("begins with a slash or has two in a row; remove one")
    if any(char in prefix for char in "*?$"):
        raise ValueError("has one of *, ? and $, which policies read as more; rename")
    if len(prefix.encode()) > MAX_PREFIX_BYTES:
        raise ValueError(f"is longer than {MAX_PREFIX_BYTES} bytes; shorten it")
    return prefix


BucketName: TypeAlias = Annotated[str, AfterValidator(_bucket)]
"""A bucket's name, which no two in the world share."""

Prefix: TypeAlias = Annotated[str, AfterValidator(_prefix)]
"""A folder of a bucket: empty for all of it, else with a slash at its end."""

A = TypeVar("A", bound=Args)
S = TypeVar("S", bound=Args)


class S3Kind(Kind[S3Api, A, S]):
    """A kind that AWS serves."""


class S3Resource(ManagedResource):
    """An object of AWS that the stack owns."""

    settings = SETTINGS
    name: pulumi.Output[str]
