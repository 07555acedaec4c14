"""Bodies of objects and parts: on disk, and read from there when they are asked for.

moto keeps each in a temporary file that nobody finds again. A `Body` takes the place of
that file. A large one is on the disk when it is written, under a name of its own; it
counts from the moment at which a committed piece names it. What no piece names is left
over from a request that came to nothing, and is removed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

if TYPE_CHECKING:
    from localcloud.s3.storage.database import Database

SMALL = 64 * 1024


class Bodies:
    """Where the bodies of one state folder are."""

    def __init__(self, folder: Path, database: Database) -> None:
        self._folder = folder
        self._database = database
        folder.mkdir(parents=True, exist_ok=True)

    def keep(self, body_id: str, data: bytes) -> None:
        """Put a large body on the disk, for good: the data, then its name."""
        with self._path(body_id).open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def read(self, body: Body) -> bytes:
        """Return what is kept of a body."""
        if body.is_small:
            return self._database.body(body.id)
        return self._path(body.id).read_bytes()

    def remove(self, body_id: str) -> None:
        """Remove a large body, if there is one."""
        with suppress(FileNotFoundError):
            self._path(body_id).unlink()

    def sweep(self, named: Iterable[str]) -> None:
        """Remove every large body but those that are named."""
        kept = set(named)
        for path in self._folder.iterdir():
            if path.name not in kept:
                path.unlink()

    def _path(self, body_id: str) -> Path:
        return self._folder / body_id


class Body:
    """One body, with as much of a file's interface as moto uses."""

    store: Bodies

    def __init__(self, _max_size: int = 0) -> None:
        self.id = uuid4().hex
        self.size = 0
        self.is_kept = False
        self._data: bytes | None = b""
        self._position = 0

    @property
    def is_small(self) -> bool:
        """Whether it belongs into the database."""
        return self.size <= SMALL

    def write(self, data: bytes) -> int:
        """Set the body: moto writes each in one piece, once."""
        self.size = len(data)
        self._data = bytes(data)
        if not self.is_small:
            self.store.keep(self.id, self._data)
            self._data = None
        return self.size

    def pending(self) -> bytes | None:
        """Return what is still to be put into the database."""
        return None if self.is_kept or not self.is_small else self._data or b""

    def kept(self) -> None:
        """Know that a committed piece names it, so that memory can do without."""
        self.is_kept = True
        self._data = None

    def seek(self, position: int) -> None:
        """Move to a position."""
        self._position = position

    def truncate(self) -> None:
        """Do nothing: a body is written once."""

    def read(self, size: int = -1) -> bytes:
        """Read from the position on."""
        data = self._data if self._data is not None else self.store.read(self)
        end = None if size < 0 else self._position + size
        part = data[self._position : end]
        self._position += len(part)
        return part

    def close(self) -> None:
        """Let go of it; a large one that came to nothing leaves no file behind."""
        if not self.is_kept and not self.is_small:
            self.store.remove(self.id)

    def __getstate__(self) -> dict[str, Any]:
        return {"id": self.id, "size": self.size}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__()  # type: ignore[misc]  # as it was made at first
        self.__dict__.update(state)
        self.kept()
