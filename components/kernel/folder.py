"""A local folder as a manifest: which files it has, and what is in each.

A manifest is the same wherever the folder lies and whenever its files were written, so
that a plan names exactly the files that are added, changed or removed.

- Ignored is what gitignore patterns say; as in git, nothing below an ignored folder can
  be had back. What tools leave behind is ignored unless a pattern has it back.
- Links are followed, to files and to folders; one that leads nowhere, or in a circle,
  is an error.
- Empty folders are no part of a manifest; a folder without a file to mirror is an
  error, because it is nearly always a checkout that is not there.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat as modes
import threading
import time
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple, TypeAlias

import pathspec
from pydantic import AfterValidator, Field

from .errors import ConfigurationError, RefusedError
from .model import Part

IGNORED: Final = ("__pycache__/", "*.pyc", ".git", ".DS_Store")
"""What is ignored unless a pattern such as `!.git` has it back."""

UNREAD: Final = ""
"""Stands for the hash of a file that nobody has read."""

# To git one star like the first, but a regex would try for ever. Two may be `**`.
_STARS: Final = re.compile(r"(?<!\\)\*{3,}")

# A file written as recently as this may be written again under the same time stamp.
_SETTLED_NS: Final = 1_000_000_000


class File(Part):
    """One file of a manifest.

    Attributes:
        sha256: Of its content, in hexadecimal; empty where nobody has read it: the
            size alone tells that it is not the one that was put there.
        size: In bytes.
        executable: True if its owner may run it, else None.
    """

    sha256: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")]
    size: Annotated[int, Field(ge=0)]
    executable: bool | None = None


def inside(path: str) -> str:
    """See that a path leads to something below a folder.

    Raises:
        ValueError: It does not.
    """
    if "\0" in path or any(part in {"", ".", ".."} for part in path.split("/")):
        raise ValueError("is not a path below a folder; write it like 'dags/etl.py'")
    return path


FilePath: TypeAlias = Annotated[str, AfterValidator(inside)]
"""A path inside the folder, with slashes on every system."""

Manifest: TypeAlias = dict[FilePath, File]
"""The files of a folder."""


class Ignore:
    """What a folder has that no manifest has.

    Args:
        patterns: As in a .gitignore file; they follow `IGNORED`.

    Raises:
        ConfigurationError: One is no pattern.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        lines = [*IGNORED, *(_STARS.sub("*", pattern) for pattern in patterns)]
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of regex, to those who write one
                self._spec = pathspec.GitIgnoreSpec.from_lines(lines)
        except (ValueError, re.error) as error:
            raise ConfigurationError(
                f"ignore: {str(error)[:1].lower()}{str(error)[1:]}; write patterns as "
                "in a .gitignore file"
            ) from None

    def __call__(self, path: str) -> bool:
        """Tell whether a file is ignored, or any folder that it is in."""
        folders = path.split("/")[:-1]
        above = ("/".join(folders[: depth + 1]) for depth in range(len(folders)))
        return any(self.entry(folder, is_folder=True) for folder in above) or (
            self.entry(path, is_folder=False)
        )

    def entry(self, path: str, *, is_folder: bool) -> bool:
        """Tell whether an entry of a folder that is not ignored is."""
        return self._spec.match_file(f"{path}/" if is_folder else path)


def read_folder(
    folder: str | Path, ignore: Sequence[str] = (), *, mode: bool = True
) -> Manifest:
    """Read a folder.

    Args:
        folder: Where it is; a relative path starts from the program's folder.
        ignore: What to leave out, as in a .gitignore file.
        mode: Whether it matters which files can be run.

    Raises:
        ConfigurationError: It is not there, has no files, or one cannot be read.
    """
    root = Path(folder)
    with _readable(root):
        # No name at all would be the program's own folder, which nobody means by it.
        is_there = bool(str(folder)) and root.is_dir()
    if not is_there:
        raise ConfigurationError(
            f"folder '{folder}' is not there; correct its path, which starts from the "
            "folder of Pulumi.yaml"
        )
    found: Manifest = {}
    for path, file in _walk(root, Ignore(ignore), "", ()):
        with _readable(file), file.open("rb") as content:
            stat = os.fstat(content.fileno())
            found[path] = File(
                sha256=_digest(file, content, stat),
                size=stat.st_size,
                executable=(mode and bool(stat.st_mode & modes.S_IXUSR)) or None,
            )
    if not found:
        raise ConfigurationError(
            f"folder '{folder}' has no files to mirror; put one there, or remove the "
            "resource if what it mirrored may go"
        )
    return found


def from_program(folder: str | Path) -> str:
    """Write where a folder is in a way that is the same on every machine.

    Args:
        folder: Where it is; a relative path starts from the program's folder.
    """
    return Path(os.path.relpath(folder)).as_posix()


def unchanged(
    folder: str, files: Mapping[str, File], paths: Iterable[str]
) -> dict[str, Path]:
    """Return where files of a manifest are, having seen that they still are the same.

    Args:
        folder: As `from_program` wrote it.
        files: The manifest.
        paths: Which of its files.

    Raises:
        RefusedError: One is not what it was when the manifest was made.
    """
    found: dict[str, Path] = {}
    for path in paths:
        file = Path(folder, path)
        if not holds(file, files[path].sha256):
            raise RefusedError(
                f"'{path}' in '{folder}' is not what it was when the plan was made; "
                "run again"
            )
        found[path] = file
    return found


def holds(file: Path, sha256: str) -> bool:
    """Tell whether a file is there and has the content with this hash."""
    try:
        with file.open("rb") as content:
            return _digest(file, content, os.fstat(content.fileno())) == sha256
    except OSError:
        return False


def _walk(
    folder: Path, ignore: Ignore, within: str, above: tuple[tuple[int, int], ...]
) -> Iterator[tuple[str, Path]]:
    """Yield every file below a folder and its path in it, in order."""
    with _readable(folder):
        stat = folder.stat()
        here = (stat.st_dev, stat.st_ino)
        if here in above:
            raise ConfigurationError(
                f"'{folder}' is a link to a folder that it is in; remove it, or "
                "ignore it"
            )
        with os.scandir(folder) as scanned:
            entries = sorted(scanned, key=lambda entry: entry.name)
        for entry in entries:
            path, is_folder = within + entry.name, entry.is_dir()
            if ignore.entry(path, is_folder=is_folder):
                continue
            _written(entry.path)
            if is_folder:
                yield from _walk(Path(entry.path), ignore, f"{path}/", (*above, here))
            elif entry.is_file():
                yield path, Path(entry.path)
            else:
                raise ConfigurationError(
                    f"'{entry.path}' is neither a file nor a folder, nor a link to "
                    "one that is there; remove it, or ignore it"
                )


def _written(path: str) -> None:
    """See that a path can be written as text at all."""
    try:
        path.encode()
    except UnicodeEncodeError:
        raise ConfigurationError(
            f"the name of {os.fsencode(path)!r} is not UTF-8; rename the file"
        ) from None


class _readable:  # noqa: N801  # reads as the context that it is
    """Says which file or folder cannot be read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, _type: object, error: BaseException | None, _tb: object) -> None:
        if isinstance(error, OSError):
            raise ConfigurationError(
                f"'{self._path}' cannot be read ({error.strerror}); make it readable, "
                "or ignore it"
            ) from None


class _Version(NamedTuple):
    """What tells one version of a file from another without reading it."""

    path: str
    device: int
    inode: int
    size: int
    modified_ns: int
    changed_ns: int


_digests: dict[_Version, str] = {}
_remembering = threading.Lock()


def _digest(path: Path, content: Any, stat: os.stat_result) -> str:
    """Return the hash of an open file, read once in a process while it is the same."""
    version = _Version(
        os.path.abspath(path),  # noqa: PTH100  # resolve() asks for every link
        stat.st_dev,
        stat.st_ino,
        stat.st_size,
        stat.st_mtime_ns,
        stat.st_ctime_ns,
    )
    with _remembering:
        known = _digests.get(version)
    if known is not None:
        return known
    digest = hashlib.file_digest(content, hashlib.sha256).hexdigest()
    if time.time_ns() - max(stat.st_mtime_ns, stat.st_ctime_ns) > _SETTLED_NS:
        with _remembering:
            _digests[version] = digest
    return digest
