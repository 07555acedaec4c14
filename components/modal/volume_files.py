"""A folder mirrored to a Modal volume.

API: VolumeListFiles[2], VolumePutFiles[2] with MountPutFile, BlobCreate and blocks,
VolumeGetFile2, VolumeRemoveFile[2], all by the SDK; VolumeList.
Immutable: the volume, and the path in it. Quirks:

- A listing has sizes and times in seconds, and neither hashes nor modes. The time that
  a file has after our upload is its stamp; one that was written again in that very
  second, in the same size, shows only when `verify` is "full".
- A path cannot be a file and a folder at once: what stands in the way goes first.
- To leave a volume to `modalflow sync`, declare it without files.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import pulumi
from pydantic import AfterValidator

from components.kernel import Config, Immutable, Local, ManagedResource, kind
from components.kernel.apart import apart
from components.kernel.folder import File, inside
from components.kernel.mirror import (
    Entry,
    MirrorArgs,
    MirrorKind,
    MirrorState,
    mirrored,
)

from .base import EnvironmentArgs
from .client import SETTINGS, ModalApi, connect
from .still_there import require_listed
from .volume import ModalVolume
from .volume_content import Listed, VolumeContent
from .volume_uploads import Upload


def _canonical(path: str) -> str:
    stripped = path.strip("/")
    return inside(stripped) if stripped else ""


class VolumeFilesArgs(MirrorArgs, EnvironmentArgs):
    """What a user writes for the files of a volume; see `VolumeFiles`."""

    volume_id: Annotated[str, Immutable]
    path: Annotated[str, AfterValidator(_canonical), Immutable] = ""
    verify: Annotated[Literal["stamps", "full"], Local] = "stamps"


class VolumeFilesState(MirrorState, VolumeFilesArgs):
    """The files of a volume as the control plane has them.

    Attributes:
        id: The volume's and the path in it, whatever the environment is called.
        stamps: When the volume says that each file was put, where nobody else has
            written it since.
    """


class VolumePath:
    """A path of a volume, as seen by who knows what should be there.

    Attributes:
        listed: All that is below it, as it was last listed; None if it never was.
    """

    def __init__(self, api: ModalApi, known: VolumeFilesArgs) -> None:
        self.api = api
        self.known = known
        self.content = VolumeContent(api, known.volume_id)
        self.listed: dict[str, Listed] | None = None

    def list(self) -> dict[str, Listed]:
        """List all that is below it."""
        self.listed = self.content.list(self.known.path)
        return self.listed

    @property
    def scope(self) -> tuple[str, ...]:
        """Return what tells this place from others."""
        return *self.api.scope, self.known.volume_id, self.known.path

    @property
    def prefix(self) -> str:
        """Return what comes before a path in the folder."""
        return f"{self.known.path}/" if self.known.path else ""


@kind("modal:VolumeFiles", key=("volume_id", "path"))
class VolumeFilesKind(MirrorKind[VolumePath, VolumeFilesArgs, VolumeFilesState]):
    """The life cycle of the files of a volume."""

    def connect(self, config: Config, args: VolumeFilesArgs) -> VolumePath:
        """Return the path of the volume."""
        return VolumePath(connect(config, args.environment_name), args)

    def where(self, place: VolumePath) -> dict[str, str]:
        """Return the id and the fields that say which place it is."""
        known = place.known
        return {
            "id": f"{known.volume_id}/{known.path}",
            "environment_name": known.environment_name,
            "volume_id": known.volume_id,
            "path": known.path,
        }

    def entries(self, place: VolumePath) -> dict[str, Entry]:
        """List the files below the path."""
        return {
            path.removeprefix(place.prefix): Entry(entry.size, str(entry.mtime))
            for path, entry in place.list().items()
            if entry.is_file and path.startswith(place.prefix)
        }

    def digests(self, place: VolumePath, paths: Mapping[str, Entry]) -> dict[str, str]:
        """Read files and hash them."""
        read = place.content.sha256([place.prefix + path for path in paths])
        return {
            path.removeprefix(place.prefix): digest for path, digest in read.items()
        }

    def upload(
        self,
        place: VolumePath,
        files: Mapping[str, File],
        local: Mapping[str, Path],
    ) -> dict[str, str]:
        """Put files in one batch; see when the volume says that they were put."""
        place.content.put(
            [Upload(place.prefix + p, at, files[p]) for p, at in local.items()]
        )
        live = self.entries(place)
        return {
            path: live[path].stamp
            for path in local
            if path in live and live[path].size == files[path].size
        }

    def remove(self, place: VolumePath, paths: Collection[str]) -> None:
        """Remove files, and the folders that they alone were in."""
        doomed = {place.prefix + path for path in paths}
        listed = place.list() if place.listed is None else place.listed
        place.content.remove(place.known.path, doomed, listed)

    def doubts(self, place: VolumePath) -> bool:
        """Tell whether every file is to be read."""
        return getattr(place.known, "verify", "") == "full"

    def make_way(
        self, place: VolumePath, sent: Collection[str], extra: Collection[str]
    ) -> None:
        """Remove files where folders are to be, and the other way round."""
        folders = _folders(sent)
        blocking = {
            path for path in extra if path in folders or _folders([path]) & {*sent}
        }
        if blocking:
            self.remove(place, blocking)

    def delete(self, api: VolumePath, state: VolumeFilesState) -> None:
        """Remove the files that are as we put them."""
        volumes = api.api.pages("VolumeList", "items")
        require_listed(({"id": v["volume_id"]} for v in volumes), state.volume_id)
        super().delete(api, state)


def _folders(paths: Collection[str]) -> set[str]:
    return {
        path[:end]
        for path in paths
        for end, character in enumerate(path)
        if character == "/"
    }


class VolumeFiles(ManagedResource, kind=VolumeFilesKind):
    """A folder mirrored to a volume: it has these files below a path, and no others.

    The plan names the files that are added, changed or removed. Files are put in one
    batch and removed last; those that did not change are neither read nor sent.

    Args:
        resource_name: Its name in the program and in state.
        volume: The volume.
        folder: What is mirrored; a relative path starts from the program's folder.
        path: Where in the volume; its root if not given.
        ignore: What is left out, as in a .gitignore file, and left alone in the
            volume. `__pycache__`, `*.pyc`, `.git` and `.DS_Store` are, unless a
            pattern such as `!.git` has them back.
        verify: "full" has every refresh read all files back; "stamps" only those
            whose time has changed.
        adopt: Take over a path that has other files, which are removed.
        opts: Pulumi's resource options.

    Attributes:
        environment_name: The volume's.
        files: The manifest: the SHA-256 and the size of each file by its path, and
            whether it can be run.

    See https://modal.com/docs/guide/volumes.
    """

    settings = SETTINGS
    environment_name: pulumi.Output[str]
    volume_id: pulumi.Output[str]
    path: pulumi.Output[str]
    files: pulumi.Output[dict[str, Any]]

    def __init__(
        self,
        resource_name: str,
        *,
        volume: ModalVolume,
        folder: str | Path,
        path: pulumi.Input[str] = "",
        ignore: Sequence[str] = (),
        verify: Literal["stamps", "full"] = "stamps",
        adopt: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        store = [volume.environment_name, volume.name]
        super().__init__(
            resource_name,
            {
                **mirrored(folder, ignore, mode=True),
                "environment_name": volume.environment_name,
                "volume_id": volume.id,
                "path": apart(resource_name, store, path, ignore),
                "verify": verify,
                "adopt": adopt,
            },
            opts,
        )
