"""moto's models as pieces that can be written one by one.

A whole account in one file would be written anew at each request. So a bucket is a
piece without its keys and uploads, each of which is one too; tags go with what they are
of. What a request may have changed is known from the request, and from keys and uploads
that were put or removed meanwhile.
"""

from __future__ import annotations

import io
import pickle
import threading
from collections.abc import Iterable, Iterator
from types import SimpleNamespace
from typing import Any, get_args

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from moto.core.base_backend import BackendDict
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.s3 import models as s3_models
from moto.s3.utils import _VersionedKeyStore
from moto.sts.models import sts_backends

from localcloud.s3.root import ACCOUNT
from localcloud.s3.storage.bodies import Body

WHOLE: dict[str, BackendDict[Any]] = {
    "iam": iam_backends,
    "sts": sts_backends,
    "kms": kms_backends,
}


class Keys(_VersionedKeyStore):
    """A bucket's keys, remembering which of them were put or removed."""

    def __init__(self) -> None:
        super().__init__()
        self.touched: set[str] = set()

    def __setitem__(self, key: str, value: Any) -> None:
        self.touched.add(key)
        super().__setitem__(key, value)

    def setlist(self, key: str, list_: Any) -> None:
        """Replace all versions of a key."""
        self.touched.add(key)
        super().setlist(key, list_)

    def pop(self, key: str) -> None:  # type: ignore[override]  # as moto has it
        """Remove a key with all of its versions."""
        self.touched.add(key)
        super().pop(key)


class Uploads(s3_models.MultipartDict):
    """A bucket's unfinished uploads, remembering which began or ended."""

    def __init__(self) -> None:
        super().__init__()
        self.touched: set[str] = set()

    def __setitem__(self, key: str, value: Any) -> None:
        self.touched.add(key)
        super().__setitem__(key, value)

    def __delitem__(self, key: str) -> None:
        self.touched.add(key)
        super().__delitem__(key)


def _without_lock(key: Any) -> dict[str, Any]:
    return {name: value for name, value in vars(key).items() if name != "lock"}


def _with_lock(key: Any, state: dict[str, Any]) -> None:
    vars(key).update(state)
    key.lock = threading.Lock()


def install() -> None:
    """Have moto make buckets and objects of these kinds."""
    moto: Any = s3_models
    moto._VersionedKeyStore = Keys  # noqa: SLF001  moto's own name for it
    moto.MultipartDict = Uploads
    moto.tempfile = SimpleNamespace(SpooledTemporaryFile=Body)
    # moto's own would put the body itself into the pickle.
    moto.FakeKey.__getstate__ = _without_lock
    moto.FakeKey.__setstate__ = _with_lock


def s3() -> Any:
    """Return the account's S3."""
    return s3_models.s3_backends[ACCOUNT]["aws"]


def bodies_of(models: Iterable[Any]) -> Iterator[Body]:
    """Yield the bodies of objects and parts; delete markers have none."""
    for model in models:
        if isinstance(model, s3_models.FakeKey):
            body: Any = model._value_buffer  # noqa: SLF001  moto's own name for it
            yield body


def dump_bucket(bucket: Any) -> bytes:
    """Return a bucket without what it holds, and its tags."""
    state = {
        name: value
        for name, value in vars(bucket).items()
        if name not in ("keys", "multiparts")
    }
    return _dump((state, s3().tagger.get_tag_dict_for_resource(bucket.arn)))


def load_bucket(data: bytes) -> None:
    """Bring back a bucket, empty."""
    state, tags = _load(data)
    moto: Any = s3_models
    bucket = moto.FakeBucket(state["name"], state["account_id"], state["region_name"])
    vars(bucket).update(state)
    s3().buckets[bucket.name] = bucket
    _tag(bucket.arn, tags)


def dump_key(versions: list[Any]) -> bytes:
    """Return all versions of a key, with their tags."""
    tagger = s3().tagger
    tags = {
        version.arn: tagger.get_tag_dict_for_resource(version.arn)
        for version in versions
        if isinstance(version, s3_models.FakeKey)
    }
    return _dump((versions, tags))


def load_key(bucket: Any, name: str, data: bytes) -> list[Any]:
    """Bring back all versions of a key."""
    versions, tags = _load(data)
    dict.__setitem__(bucket.keys, name, versions)
    for arn, tagged in tags.items():
        _tag(arn, tagged)
    return list(versions)


def dump_upload(upload: Any) -> bytes:
    """Return an unfinished upload with its parts."""
    return _dump(upload)


def load_upload(bucket: Any, data: bytes) -> Any:
    """Bring back an unfinished upload."""
    upload = _load(data)
    bucket.multiparts[upload.id] = upload
    return upload


def dump_whole(service: str, region: str) -> bytes:
    """Return all that a service holds in a region."""
    return _dump(WHOLE[service][ACCOUNT][region])


def load_whole(service: str, region: str, data: bytes) -> None:
    """Bring back all that a service held."""
    WHOLE[service][ACCOUNT][region] = _load(data)


def _tag(arn: str, tags: dict[str, str]) -> None:
    if tags:
        tagger = s3().tagger
        tagger.tag_resource(arn, tagger.convert_dict_to_tags_input(tags))


def _private_key(der: bytes) -> Any:
    return serialization.load_der_private_key(der, None)


class _Pickler(pickle.Pickler):
    """Knows how to keep the keys of KMS, which hold a library's own objects."""

    def reducer_override(self, value: Any) -> Any:
        """Turn a private key into bytes."""
        if not isinstance(value, get_args(PrivateKeyTypes)):
            return NotImplemented
        der = value.private_bytes(
            serialization.Encoding.DER,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return _private_key, (der,)


def _dump(value: Any) -> bytes:
    file = io.BytesIO()
    _Pickler(file, pickle.HIGHEST_PROTOCOL).dump(value)
    return file.getvalue()


def _load(data: bytes) -> Any:
    return pickle.loads(data)  # noqa: S301  this program's own, in a private folder
