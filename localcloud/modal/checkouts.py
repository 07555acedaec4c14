"""A volume as a folder: checked out for a container, committed back, reloaded.

As in Modal a container sees the volume as it was when it was mounted or reloaded
last, and others see its changes once they are committed; of two writers of one file
the later commit wins. A file counts as changed when its size or time of change did.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from localcloud.modal.volume_tree import DIRECTORY, Extent, NewFile, Tree, unpack

if TYPE_CHECKING:
    import sqlite3

    from localcloud.modal.content import Content
    from localcloud.modal.store import Store

CHUNK = 1024 * 1024


class Seen(NamedTuple):
    """What a path was when the folder and the volume last agreed on it."""

    content: bytes
    """The extents of the volume's file; empty for directories and empty files."""
    signature: tuple[int, int]
    """Size and time of change in nanoseconds of the folder's file."""


@dataclass
class Changes:
    """What a commit writes to the volume."""

    files: list[NewFile] = field(default_factory=list)
    directories: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    signatures: dict[str, tuple[int, int]] = field(default_factory=dict)
    """What the files were when they were read, not when they are committed."""


class Checkout:
    """One volume's folder in one container.

    Files are written and read in a thread (`checkout`, `scan`); the database is only
    touched on the event loop (`rows`, `commit`).
    """

    def __init__(self, content: Content, volume_id: str, folder: Path) -> None:
        self._content = content
        self.volume_id = volume_id
        self.folder = folder
        self._seen: dict[str, Seen] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def rows(self, store: Store) -> list[sqlite3.Row]:
        """Return what the volume holds now."""
        return Tree(store, self.volume_id).entries("", recursive=True)

    def checkout(self, rows: list[sqlite3.Row]) -> None:
        """Bring the folder to what the volume holds, but keep uncommitted changes."""
        wanted = {row["path"]: row for row in rows}
        mine = self.scan(hashing=False)
        changed = {file.path for file in mine.files} | set(mine.removed)
        for path in sorted(self._seen.keys() - wanted.keys(), reverse=True):
            if path not in changed:
                self._remove(path)
            del self._seen[path]
        for path, row in wanted.items():
            if path not in changed:
                self._write(path, row)

    def _write(self, path: str, row: sqlite3.Row) -> None:
        place = self.folder / path
        seen = self._seen.get(path)
        if row["type"] == DIRECTORY:
            place.mkdir(exist_ok=True)
            self._seen[path] = Seen(b"", (0, 0))
            return
        if seen and seen.content == row["content"] and place.exists():
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        fresh = place.with_name(place.name + ".checkout")
        with fresh.open("wb") as file:
            for extent in unpack(row["content"]):
                end = file.tell() + extent.length
                for chunk in self._content.read(extent.sha256, 0, extent.length):
                    file.write(chunk)
                file.seek(end)
            file.truncate()
        fresh.chmod(row["mode"] & 0o777)
        os.utime(fresh, (row["mtime"], row["mtime"]))
        fresh.replace(place)
        self._seen[path] = Seen(row["content"], _signature(place.stat()))

    def _remove(self, path: str) -> None:
        place = self.folder / path
        if place.is_dir() and not place.is_symlink():
            if not any(place.iterdir()):
                place.rmdir()
        else:
            place.unlink(missing_ok=True)

    def scan(self, *, hashing: bool = True) -> Changes:
        """Find what differs from what was seen last, storing content if asked to."""
        changes, here = Changes(), set()
        for base, folders, names in os.walk(self.folder):
            relative = Path(base).relative_to(self.folder)
            for name in folders:
                path = (relative / name).as_posix()
                here.add(path)
                if path not in self._seen:
                    changes.directories.append(path)
            for name in names:
                path = (relative / name).as_posix()
                place = self.folder / path
                status = place.stat(follow_symlinks=False)
                if not stat.S_ISREG(status.st_mode):
                    continue
                here.add(path)
                seen = self._seen.get(path)
                if seen is None or seen.signature != _signature(status):
                    changes.files.append(self._file(path, status, hashing=hashing))
                    changes.signatures[path] = _signature(status)
        changes.removed = sorted(self._seen.keys() - here)
        return changes

    def _file(self, path: str, status: os.stat_result, *, hashing: bool) -> NewFile:
        extents: tuple[Extent, ...] = ()
        if hashing and status.st_size:
            with self._content.writing() as (writer, part):
                with (self.folder / path).open("rb") as file:
                    while chunk := file.read(CHUNK):
                        writer.write(chunk)
                writer.flush()
                sha256 = writer.sha256.digest()
                self._content.adopt(part, sha256)
            extents = (Extent(sha256, writer.size),)
        mode = stat.S_IMODE(status.st_mode)
        return NewFile(path, extents, mode, int(status.st_mtime))

    def commit(self, store: Store, workspace_id: str, changes: Changes) -> None:
        """Write changes to the volume, in the caller's transaction."""
        tree = Tree(store, self.volume_id)
        tree.drop(changes.removed)
        for path in changes.directories:
            tree.make_directory(path)
        for file in changes.files:
            for extent in file.extents:
                self._content.know(store, workspace_id, extent.sha256, extent.length)
            tree.put(file, overwrite=True)
        for path in changes.removed:
            self._seen.pop(path, None)
        for path in changes.directories:
            self._seen[path] = Seen(b"", (0, 0))
        for file in changes.files:
            content: bytes = tree.file(file.path)["content"]
            self._seen[file.path] = Seen(content, changes.signatures[file.path])


def _signature(status: os.stat_result) -> tuple[int, int]:
    return status.st_size, status.st_mtime_ns
