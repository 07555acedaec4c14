"""What is in a Modal volume: listed, read, put and removed by the SDK's own means."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any, Final, NamedTuple, TypeVar

from components.kernel import NotFoundError, ServiceError

from .client import ModalApi
from .volume import version_of
from .volume_by_hash import LARGE, put_by_hash
from .volume_in_blocks import put_in_blocks
from .volume_uploads import Upload

T = TypeVar("T")
R = TypeVar("R")

# Calls at once: enough to hide the way to Modal and back, and as the SDK's own uploads.
AT_ONCE: Final = 16


class Listed(NamedTuple):
    """One entry of a volume.

    Attributes:
        size: In bytes.
        mtime: When it was last written, in seconds.
        is_file: Or a folder.
    """

    size: int
    mtime: int
    is_file: bool


class VolumeContent:
    """The files of one volume, of either version.

    Args:
        api: The connection.
        volume_id: The volume.
    """

    def __init__(self, api: ModalApi, volume_id: str) -> None:
        self._api = api
        self._id = volume_id

    @cached_property
    def _version(self) -> int:
        told = self._api.call("VolumeGetById", volume_id=self._id)
        return version_of(told["metadata"])

    @cached_property
    def _volume(self) -> Any:
        version = self._version
        import modal  # noqa: PLC0415  # a second of imports, for who calls it
        from modal_proto import api_pb2  # noqa: PLC0415  # as above

        with self._api.sdk() as client:
            # As `hydrate` does it, which would ask for the version again.
            return modal.Volume._new_hydrated(  # noqa: SLF001  # see above
                self._id,
                client,
                api_pb2.VolumeMetadata(version=version),  # type: ignore[arg-type]  # it is one
            )

    def list(self, path: str) -> dict[str, Listed]:
        """Return all that is below a path, by its path in the volume.

        Raises:
            NotFoundError: There is no such volume.
        """
        volume = self._volume
        try:
            with self._telling():
                listed = volume.listdir(f"/{path}", recursive=True)
        except NotFoundError:
            return {}
        return {
            entry.path.strip("/"): Listed(
                entry.size, entry.mtime, entry.type.name == "FILE"
            )
            for entry in listed
        }

    def sha256(self, paths: Collection[str]) -> dict[str, str]:
        """Read files and return their hashes; not of those that are gone."""
        volume = self._volume

        def read(path: str) -> str | None:
            digest = hashlib.sha256()
            try:
                with self._telling():
                    for block in volume.read_file(path):
                        digest.update(block)
            except NotFoundError:
                return None
            return digest.hexdigest()

        found = zip(paths, _at_once(read, paths), strict=True)
        return {path: digest for path, digest in found if digest is not None}

    def put(self, uploads: Collection[Upload]) -> None:
        """Put files, all in one batch, over those that are there.

        On a volume of version 1 large files are a batch of their own.
        """
        if self._version != 1:
            self._put(put_in_blocks, uploads)
            return
        large = [one for one in uploads if one.file.size >= LARGE]
        if large:
            volume = self._volume
            with self._telling(), volume.batch_upload(force=True) as batch:
                for one in large:
                    batch.put_file(one.local, f"/{one.path}", mode=one.mode)
        small = [one for one in uploads if one.file.size < LARGE]
        if small:
            self._put(put_by_hash, small)

    def _put(self, put: Callable[..., Any], uploads: Collection[Upload]) -> None:
        from modal._utils.async_utils import synchronizer  # noqa: PLC0415  # as above

        with self._telling() as client:
            synchronizer.create_blocking(put)(client, self._id, uploads)

    def remove(
        self, within: str, doomed: Collection[str], listed: Mapping[str, Listed]
    ) -> None:
        """Remove files, and the folders that they alone were in.

        Args:
            within: The path that they are below, and which may go with them.
            doomed: Their paths; those gone already are fine.
            listed: What is below the path, asked a moment ago.
        """
        volume = self._volume

        def remove(path: str, *, folder: bool) -> None:
            with self._telling(gone_is_fine=True):
                volume.remove_file(f"/{path}", recursive=folder)

        goals = removals(listed, doomed, within)
        _at_once(lambda path: remove(path, folder=path not in doomed), goals)

    @contextmanager
    def _telling(self, *, gone_is_fine: bool = False) -> Iterator[Any]:
        """Tell the SDK's errors as ours, those too that it has as a file's."""
        with self._api.sdk() as client:
            try:
                yield client
            except FileNotFoundError as error:
                if not gone_is_fine:
                    raise NotFoundError(str(error)) from None
            except FileExistsError as error:
                raise ServiceError(f"Modal says: {error}") from None


def removals(
    listed: Mapping[str, Listed], doomed: Collection[str], within: str
) -> list[str]:
    """Return what to remove: folders in which nothing stays, else the files.

    Args:
        listed: All that is below `within`.
        doomed: The files that shall go.
        within: The topmost folder that may go.
    """
    files = {path for path, entry in listed.items() if entry.is_file}
    staying = {
        folder for path in files.difference(doomed) for folder in _folders(path, within)
    }
    return sorted(
        {
            next((f for f in _folders(path, within) if f not in staying), path)
            for path in files.intersection(doomed)
        }
    )


def _folders(path: str, within: str) -> list[str]:
    """Return the folders that a file is in, from `within` on; not the volume itself."""
    above = [folder.as_posix() for folder in PurePosixPath(path).parents]
    outside = {folder.as_posix() for folder in PurePosixPath(within).parents} | {"."}
    return [folder for folder in reversed(above) if folder not in outside]


def _at_once(work: Callable[[T], R], items: Collection[T]) -> list[R]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(work, items))
