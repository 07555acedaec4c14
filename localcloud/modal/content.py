"""Content-addressed files: bytes under the SHA-256 of what they are.

A file appears under its name only when it is whole and its hash was checked, by a
rename; what a killed process leaves behind is a nameless part that is swept at start.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
import uuid
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from localcloud.modal.store import Store

CHUNK = 1024 * 1024
# Content is written before the row that names it: what is younger than this may be
# waiting for its row.
SWEEP_AFTER = 3600.0


class Writer:
    """An upload under way: bytes in, hashes out."""

    def __init__(self, file: BinaryIO, *, stripped: bool) -> None:
        self._file = file
        self._stripped = stripped
        self._zeros = 0
        self.sha256 = hashlib.sha256()
        self.md5 = hashlib.md5(usedforsecurity=False)
        self.size = 0
        """Bytes kept so far, without trailing zeros when those are stripped."""
        self.received = 0

    def write(self, chunk: bytes) -> None:
        """Take the next bytes; trailing zeros wait until something follows them."""
        self.received += len(chunk)
        self.md5.update(chunk)
        if not self._stripped:
            self._keep(chunk)
            return
        body = chunk.rstrip(b"\0")
        if body:
            self._keep(bytes(self._zeros) + body)
            self._zeros = 0
        self._zeros += len(chunk) - len(body)

    def flush(self) -> None:
        """Bring everything to the file, before it is adopted."""
        self._file.flush()

    def _keep(self, chunk: bytes) -> None:
        self.sha256.update(chunk)
        self._file.write(chunk)
        self.size += len(chunk)


class Content:
    """The folder of all content."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._parts = folder / "parts"
        self._parts.mkdir(parents=True, exist_ok=True)

    def path(self, sha256: bytes) -> Path:
        """Return where content of this hash is, or would be."""
        name = sha256.hex()
        return self._folder / name[:2] / name

    def has(self, sha256: bytes) -> bool:
        """Tell whether content of this hash is here."""
        return self.path(sha256).exists()

    def part(self, name: str) -> Path:
        """Return the path of a named part of an upload in several parts."""
        return self._parts / name

    @contextlib.contextmanager
    def writing(self, *, stripped: bool = False) -> Iterator[tuple[Writer, Path]]:
        """Open a part to write to; it is gone at the end unless it was adopted."""
        path = self._parts / uuid.uuid4().hex
        try:
            with path.open("wb", buffering=CHUNK) as file:
                yield Writer(file, stripped=stripped), path
        finally:
            path.unlink(missing_ok=True)

    def adopt(self, part: Path, sha256: bytes) -> None:
        """Make a finished part the content of its hash."""
        path = self.path(sha256)
        path.parent.mkdir(exist_ok=True)
        part.replace(path)
        os.utime(path)

    @staticmethod
    def know(store: Store, workspace_id: str, sha256: bytes, size: int) -> None:
        """Record that a workspace has uploaded this content.

        Only to that workspace is it then already there: knowing a hash gives nobody
        the bytes.
        """
        store.run(
            "INSERT OR IGNORE INTO known_content VALUES (?, ?, ?)",
            workspace_id,
            sha256,
            size,
        )

    def known(self, store: Store, workspace_id: str, sha256: bytes) -> int | None:
        """Return the size of content that this workspace has uploaded, or None."""
        size: int | None = store.value(
            "SELECT size FROM known_content WHERE workspace_id=? AND sha256=?",
            workspace_id,
            sha256,
        )
        return size if size is not None and self.has(sha256) else None

    def put(self, data: bytes) -> bytes:
        """Store bytes that are in memory; return their hash."""
        sha256 = hashlib.sha256(data).digest()
        if not self.has(sha256):
            part = self._parts / uuid.uuid4().hex
            part.write_bytes(data)
            self.adopt(part, sha256)
        return sha256

    def read(self, sha256: bytes, offset: int, length: int) -> Iterator[bytes]:
        """Yield a range of the content, as far as there is any."""
        with self.path(sha256).open("rb") as file:
            file.seek(offset)
            while length > 0 and (chunk := file.read(min(CHUNK, length))):
                length -= len(chunk)
                yield chunk

    def sweep(self, wanted: set[bytes]) -> int:
        """Remove old content that nothing names; return how many files went."""
        horizon = time.time() - SWEEP_AFTER
        swept = 0
        for path in self._folder.glob("*/*"):
            kept = path.parent != self._parts and bytes.fromhex(path.name) in wanted
            if not kept and path.stat().st_mtime < horizon:
                path.unlink()
                swept += 1
        return swept
