"""After each request: find what it changed, and have that on disk.

If that fails, memory and disk differ, and clients were told of what would be gone after
a restart. The process then ends; it starts again from what the disk has.
"""

from __future__ import annotations

import os
import re
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from localcloud.s3.root import ACCOUNT
from localcloud.s3.storage import models
from localcloud.s3.storage.bodies import Bodies, Body
from localcloud.s3.storage.database import Database, Piece

if TYPE_CHECKING:
    from localcloud.s3.access import Asked

BUCKET, KEY, UPLOAD = "bucket", "key", "upload"
READS = re.compile("Get|Head|List|Describe|Select|Decrypt|Encrypt|Generate|Verify|Sign")
# A name of S3 has no NUL: between a bucket and a key it leaves no doubt.
BETWEEN = "\0"


def is_read(asked: Asked) -> bool:
    """Tell whether a request, by the name of its operation, changes nothing."""
    return READS.match(asked.operation) is not None


class Storage:
    """The state folder, and what of it is in moto's models."""

    def __init__(self, state_dir: Path) -> None:
        self._database = Database(state_dir / "state.db")
        self._bodies = Body.store = Bodies(state_dir / "bodies", self._database)
        self._named: dict[Piece, frozenset[str]] = {}
        models.install()
        self._load()

    def close(self) -> None:
        """Leave one tidy file behind."""
        self._database.close()

    def _load(self) -> None:
        pieces = sorted(self._database.pieces())  # a bucket comes before what it holds
        for kind, name, data in pieces:
            piece = (kind, name)
            if kind == BUCKET:
                models.load_bucket(data)
            elif kind == KEY:
                bucket, _, key = name.partition(BETWEEN)
                versions = models.load_key(models.s3().buckets[bucket], key, data)
                self._name(piece, models.bodies_of(versions))
            elif kind == UPLOAD:
                bucket = models.s3().buckets[name.partition(BETWEEN)[0]]
                upload = models.load_upload(bucket, data)
                self._name(piece, models.bodies_of(upload.parts.values()))
            else:
                models.load_whole(kind, name, data)
        self._bodies.sweep(body for named in self._named.values() for body in named)

    def _name(self, piece: Piece, bodies: Iterable[Body]) -> None:
        self._named[piece] = frozenset(body.id for body in bodies)

    def save(self, asked: Asked) -> None:
        """Have on disk what a request changed."""
        stores = (b.keys.touched for b in models.s3().buckets.values())
        if is_read(asked) and not any(stores):  # a log of accesses is an object too
            return
        try:
            self._write(_Changes(self._named, asked))
        except Exception:  # noqa: BLE001  whatever it is, memory is ahead of the disk
            traceback.print_exc()
            os._exit(1)

    def _write(self, changes: _Changes) -> None:
        before = {
            body for piece in changes.touched for body in self._named.get(piece, ())
        }
        after = {body.id for body in changes.bodies}
        gone = before - after
        pending = ((body.id, body.pending()) for body in changes.bodies)
        self._database.write(
            changes.put,
            changes.dropped,
            [(body_id, data) for body_id, data in pending if data is not None],
            gone,
        )
        for body in changes.bodies:
            body.kept()
        for piece in changes.dropped:
            self._named.pop(piece, None)
        self._named |= changes.named
        for body_id in gone:
            self._bodies.remove(body_id)


class _Changes:
    """What one request changed."""

    def __init__(self, known: Iterable[Piece], asked: Asked) -> None:
        self.put: list[tuple[str, str, bytes]] = []
        self.dropped: list[Piece] = []
        self.bodies: list[Body] = []
        self.named: dict[Piece, frozenset[str]] = {}
        if asked.service == "s3" and not is_read(asked):
            self._of_request(known, asked)
        for bucket in models.s3().buckets.values():
            self._of_touched(bucket)
        for service, backends in models.WHOLE.items():
            # A role's session is a key in IAM.
            if service in (asked.service, "iam" if asked.service == "sts" else ""):
                for region in list(backends[ACCOUNT]):
                    data = models.dump_whole(service, region)
                    self.put.append((service, region, data))

    @property
    def touched(self) -> list[Piece]:
        """All pieces that are written or dropped."""
        return [*((kind, name) for kind, name, _ in self.put), *self.dropped]

    def _of_request(self, known: Iterable[Piece], asked: Asked) -> None:
        """Mark what the request names: it may have been changed in place."""
        bucket = models.s3().buckets.get(asked.bucket)
        if bucket is None:
            prefix = asked.bucket + BETWEEN
            self.dropped += [(BUCKET, asked.bucket)]
            self.dropped += [piece for piece in known if piece[1].startswith(prefix)]
            return
        if not asked.key:
            self.put.append((BUCKET, asked.bucket, models.dump_bucket(bucket)))
        elif upload := asked.request.query.get("uploadId"):
            bucket.multiparts.touched.add(upload)
        else:
            bucket.keys.touched.add(asked.key)

    def _of_touched(self, bucket: Any) -> None:
        for key in bucket.keys.touched:
            versions = bucket.keys.getlist(key, [])
            piece = (KEY, f"{bucket.name}{BETWEEN}{key}")
            self._piece(piece, versions, versions and models.dump_key(versions))
        for upload_id in bucket.multiparts.touched:
            upload = bucket.multiparts.get(upload_id)
            piece = (UPLOAD, f"{bucket.name}{BETWEEN}{upload_id}")
            parts = upload.parts.values() if upload else ()
            self._piece(piece, parts, upload and models.dump_upload(upload))
        bucket.keys.touched.clear()
        bucket.multiparts.touched.clear()

    def _piece(self, piece: Piece, holders: Iterable[Any], data: bytes | None) -> None:
        if not data:
            self.dropped.append(piece)
            return
        self.put.append((*piece, data))
        bodies = list(models.bodies_of(holders))
        self.bodies += bodies
        self.named[piece] = frozenset(body.id for body in bodies)
