"""The tree of files and directories in a volume, as the listings show it.

A path is relative, without a leading slash, and never both file and directory. A
file's content is a list of extents: pieces of content-addressed files, of which a
version 1 file has one and a version 2 file one for every 8 MiB block.
"""

from __future__ import annotations

import posixpath
import sqlite3
import struct
import time
from typing import TYPE_CHECKING, NamedTuple

from modal_proto import api_pb2

from localcloud.modal.errors import already_exists, invalid, not_found

if TYPE_CHECKING:
    from collections.abc import Iterable

    from localcloud.modal.store import Store

FILE = api_pb2.FileEntry.FileType.FILE
DIRECTORY = api_pb2.FileEntry.FileType.DIRECTORY
DIRECTORY_MODE = 0o755
FILE_MODE = 0o644
EXTENT = struct.Struct(">32sQ")


class Extent(NamedTuple):
    """A piece of a file: content, and how long it is with its trailing zeros."""

    sha256: bytes
    length: int


class NewFile(NamedTuple):
    """A file to be put into the tree."""

    path: str
    extents: tuple[Extent, ...]
    mode: int | None = None
    mtime: int | None = None

    @property
    def size(self) -> int:
        """The bytes that a reader gets."""
        return sum(extent.length for extent in self.extents)


def clean(path: str) -> str:
    """Return a path as the tree has it: dots resolved inside the volume; root empty."""
    if "\0" in path:
        msg = "A path in a volume cannot contain a NUL character."
        raise invalid(msg)
    return posixpath.normpath("/" + path.lstrip("/")).lstrip("/")


def unpack(content: bytes) -> list[Extent]:
    """Return the extents of a file's row."""
    return [Extent(*fields) for fields in EXTENT.iter_unpack(content)]


class Tree:
    """One volume's tree; changes happen in the caller's transaction."""

    def __init__(self, store: Store, volume_id: str) -> None:
        self._store = store
        self._volume = volume_id

    def find(self, path: str) -> sqlite3.Row | None:
        """Return the file or directory at a clean path; the root has no row."""
        return self._store.one(
            "SELECT * FROM files WHERE volume_id=? AND path=?", self._volume, path
        )

    def file(self, path: str) -> sqlite3.Row:
        """Return the file at a path, or refuse."""
        row = self.find(clean(path))
        if row is None:
            msg = f"File '{path}' not found in the volume."
            raise not_found(msg)
        if row["type"] != FILE:
            msg = f"'{path}' is a directory, not a file."
            raise invalid(msg)
        return row

    def entries(self, path: str, *, recursive: bool) -> list[sqlite3.Row]:
        """Return what is in a directory, or a file's own entry."""
        base = clean(path)
        if base:
            row = self.find(base)
            if row is None:
                msg = f"No such file or directory in the volume: '{path}'."
                raise not_found(msg)
            if row["type"] == FILE:
                return [row]
        return self._inside(base, recursive=recursive)

    def _inside(self, base: str, *, recursive: bool) -> list[sqlite3.Row]:
        if not recursive:
            return self._store.all(
                "SELECT * FROM files WHERE volume_id=? AND parent=? AND path <> '' "
                "ORDER BY path",
                self._volume,
                base,
            )
        if not base:
            return self._store.all(
                "SELECT * FROM files WHERE volume_id=? ORDER BY path", self._volume
            )
        # "0" is the character after "/": this is the index range of what is below.
        return self._store.all(
            "SELECT * FROM files WHERE volume_id=? AND path > ? AND path < ? "
            "ORDER BY path",
            self._volume,
            base + "/",
            base + "0",
        )

    def put(self, file: NewFile, *, overwrite: bool) -> None:
        """Put a file, making the directories above it."""
        path = clean(file.path)
        if not path or file.path.endswith("/"):
            msg = f"'{file.path}' does not name a file."
            raise invalid(msg)
        there = self.find(path)
        if there and (there["type"] == DIRECTORY or not overwrite):
            kind = "a directory" if there["type"] == DIRECTORY else "a file"
            msg = f"{path}: already exists as {kind}."
            raise already_exists(msg)
        self.make_directory(posixpath.dirname(path))
        content = b"".join(EXTENT.pack(*extent) for extent in file.extents)
        mtime = int(time.time()) if file.mtime is None else file.mtime
        mode = FILE_MODE if file.mode is None else file.mode
        self._insert(path, FILE, mode, mtime=mtime, size=file.size, content=content)

    def make_directory(self, path: str) -> None:
        """Make a directory and those above it, where they are not there yet."""
        if not path:
            return
        there = self.find(path)
        if there is None:
            self.make_directory(posixpath.dirname(path))
            self._insert(path, DIRECTORY, DIRECTORY_MODE, mtime=int(time.time()))
        elif there["type"] != DIRECTORY:
            msg = f"'{path}' is a file: nothing can be put below it."
            raise invalid(msg)

    def _insert(
        self,
        path: str,
        kind: int,
        mode: int,
        *,
        mtime: int,
        size: int = 0,
        content: bytes = b"",
    ) -> None:
        self._store.run(
            "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            self._volume,
            path,
            posixpath.dirname(path),
            kind,
            size,
            mtime,
            mode,
            content,
        )

    def remove(self, path: str, *, recursive: bool) -> None:
        """Remove a file, or a directory with all that is in it."""
        base = clean(path)
        row = self.find(base)
        if base and row is None:
            msg = f"No such file or directory in the volume: '{path}'."
            raise not_found(msg)
        if (row is None or row["type"] == DIRECTORY) and not recursive:
            msg = f"'{path}' is a directory: remove it recursively."
            raise invalid(msg)
        self.drop([inner["path"] for inner in self._inside(base, recursive=True)])
        self.drop([base])

    def drop(self, paths: Iterable[str]) -> None:
        """Remove these very entries."""
        self._store.db.executemany(
            "DELETE FROM files WHERE volume_id=? AND path=?",
            [(self._volume, path) for path in paths],
        )

    def copy(self, sources: Iterable[str], target: str, *, recursive: bool) -> None:
        """Copy as `cp` does: into the target if it is a directory, else to its name."""
        goal = clean(target)
        there = self.find(goal)
        into = not goal or (there is not None and there["type"] == DIRECTORY)
        paths = [clean(source) for source in sources]
        if not into and (len(paths) > 1 or target.endswith("/")):
            msg = f"'{target}' is not a directory."
            raise invalid(msg)
        for path in paths:
            destination = posixpath.join(goal, posixpath.basename(path))
            self._copy_one(path, destination if into else goal, recursive=recursive)

    def _copy_one(self, path: str, goal: str, *, recursive: bool) -> None:
        row = self.find(path)
        if row is None:
            msg = f"Source file not found: '{path}'."
            raise not_found(msg)
        parent = posixpath.dirname(goal)
        above = parent and self.find(parent)
        if parent and (not above or above["type"] != DIRECTORY):
            msg = f"There is no directory '{parent}' to copy to."
            raise not_found(msg)
        if path == goal or goal.startswith(path + "/"):
            msg = f"'{path}' cannot be copied onto or into itself."
            raise invalid(msg)
        if row["type"] == FILE:
            self._copy_file(row, goal)
            return
        if not recursive:
            msg = f"'{path}' is a directory: copy it recursively."
            raise invalid(msg)
        self.make_directory(goal)
        for inner in self._inside(path, recursive=True):
            inner_goal = goal + inner["path"][len(path) :]
            if inner["type"] == FILE:
                self._copy_file(inner, inner_goal)
            else:
                self.make_directory(inner_goal)

    def _copy_file(self, row: sqlite3.Row, goal: str) -> None:
        extents = tuple(unpack(row["content"]))
        self.put(NewFile(goal, extents, row["mode"]), overwrite=True)

    def count(self) -> int:
        """Return how many files and directories there are."""
        number: int = self._store.value(
            "SELECT count(*) FROM files WHERE volume_id=?", self._volume
        )
        return number
