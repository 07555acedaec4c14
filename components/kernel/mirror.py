"""Folders mirrored to a remote store: what mirrors have in common, whatever the store.

What is there of a mirror is its files, below one path of a store. A plan compares
manifests, so an `up` sends what differs, reads nothing back, and calls nobody where
nothing differs.

- A store keeps no SHA-256 that its listing shows. So the state keeps, beside what each
  file was, the stamp that the store gave it when we put it there. A file that still has
  its stamp is what we put; one that has not is read, if it has the same size.
- Files are sent first and removed last, and a mirror that moves is made at the new
  place before it is removed at the old one.
- Nobody's file is destroyed that no plan has named. A new mirror refuses a place that
  has other files (`adopt` gives them up, and they are removed); later ones show as
  drift, by name. Deletion removes only what still has our stamp.
- Files that `ignore` matches are left alone in the store too.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    NamedTuple,
    Protocol,
    TypeVar,
)

from pydantic import Field

from .folder import (
    UNREAD,
    File,
    Ignore,
    Manifest,
    from_program,
    read_folder,
    unchanged,
)
from .kind import Api, Kind, Wire
from .model import Args, Local

if TYPE_CHECKING:
    from collections.abc import Sequence


class MirrorArgs(Args):
    """What every mirror is told.

    Attributes:
        files: What the folder has.
        folder: Where it is, from the program's folder on.
        ignore: What is left out, on both sides.
    """

    files: Annotated[Manifest, Field(min_length=1)]
    folder: Annotated[str, Field(min_length=1), Local]
    ignore: Annotated[tuple[str, ...], Local] = ()


class MirrorState(MirrorArgs):
    """What every mirror is.

    Attributes:
        files: What is there, under whatever paths somebody may have put it.
        stamps: What the store stamped our files with, where they have what we put.
    """

    id: str
    files: dict[str, File]
    stamps: dict[str, str]


class Entry(NamedTuple):
    """A file as a store lists it.

    Attributes:
        size: In bytes.
        stamp: Becomes another one whenever the file is written.
    """

    size: int
    stamp: str


class Place(Api, Protocol):
    """A path of a store, as seen by who knows what should be there.

    Attributes:
        known: The mirror as the program or the state has it.
    """

    @property
    def known(self) -> MirrorArgs:
        """Return the mirror as the program or the state has it."""


PlaceT = TypeVar("PlaceT", bound=Place)
A = TypeVar("A", bound=MirrorArgs)
S = TypeVar("S", bound=MirrorState)


class MirrorKind(Kind[PlaceT, A, S]):
    """The life cycle of a mirror.

    Must implement: `connect`, `where`, `entries`, `digests`, `upload`, `remove`.
    May override: `doubts`, `make_way`.
    """

    state: ClassVar[type[MirrorState]]
    delete_before_replace = False

    @abstractmethod
    def where(self, place: PlaceT) -> dict[str, str]:
        """Return the id and the fields that say which place it is."""

    @abstractmethod
    def entries(self, place: PlaceT) -> dict[str, Entry]:
        """List the files below the place; none if it is not there.

        Raises:
            NotFoundError: What it is in is not there.
        """

    @abstractmethod
    def digests(self, place: PlaceT, paths: Mapping[str, Entry]) -> dict[str, str]:
        """Return the SHA-256 of files as the store has them; not of those gone."""

    @abstractmethod
    def upload(
        self, place: PlaceT, files: Mapping[str, File], local: Mapping[str, Path]
    ) -> dict[str, str]:
        """Put files from where they are locally; return their stamps.

        What somebody else has put there by now must get none.
        """

    @abstractmethod
    def remove(self, place: PlaceT, paths: Collection[str]) -> None:
        """Remove files, some of which may be gone."""

    def doubts(self, place: PlaceT) -> bool:
        """Tell whether every file is to be read, whatever its stamp.

        Override where a file can be written without getting another stamp.
        """
        del place
        return False

    def make_way(
        self, place: PlaceT, sent: Collection[str], extra: Collection[str]
    ) -> None:
        """Remove of what is extra whatever would not let the new files be put.

        Override where a path cannot be a file and a folder at once.
        """
        del place, sent, extra

    def list(self, api: PlaceT) -> Iterable[Wire]:
        """Yield the mirror, if there is a file of it."""
        ignore = Ignore(api.known.ignore)
        live = {
            path: entry for path, entry in self.entries(api).items() if not ignore(path)
        }
        if live:
            yield {**self.where(api), **self._compared(api, live)}

    def _compared(self, place: PlaceT, live: Mapping[str, Entry]) -> Wire:
        """Find out what files are, reading only those that leave a doubt."""
        known: Manifest = getattr(place.known, "files", {})
        # A new mirror takes what is right for its own; else a file that has lost our
        # stamp is somebody's, and stays so however often it is read.
        stamps: Mapping[str, str | None] = getattr(
            place.known, "stamps", dict.fromkeys(known)
        )
        trusted = {} if self.doubts(place) else stamps
        of_size = {
            path: entry
            for path, entry in live.items()
            if path in known
            and known[path].size == entry.size
            and known[path].sha256 != UNREAD
        }
        told = {
            path: known[path].sha256
            for path, entry in of_size.items()
            if trusted.get(path) == entry.stamp
        }
        doubtful = {path: of_size[path] for path in of_size.keys() - told.keys()}
        if doubtful:
            told |= self.digests(place, doubtful)
        right = {path for path in told if told[path] == known[path].sha256}
        return {
            "files": {
                path: known[path]
                if path in right
                else File(sha256=told.get(path, UNREAD), size=entry.size)
                for path, entry in live.items()
            },
            "stamps": {path: live[path].stamp for path in right & stamps.keys()},
        }

    def parse(self, api: PlaceT, wire: Wire) -> S:
        """Return the mirror; what only the program knows of it, nobody asks for."""
        del api
        return self.state.model_construct(**wire)  # type: ignore[return-value]  # S, as `kind` has read it

    def unfinished(self, found: S, args: A) -> bool:
        """Tell whether nothing is there but some of the very files to be put."""
        return all(args.files.get(path) == file for path, file in found.files.items())

    def create(self, api: PlaceT, args: A) -> S:
        """Put the files where none are."""
        nothing: Any = self.parse(api, {**self.where(api), "files": {}, "stamps": {}})
        return self.update(api, nothing, args)

    def update(self, api: PlaceT, old: S, new: A) -> S:
        """Send what differs, then remove what is no more."""
        sent = [p for p, file in new.files.items() if old.files.get(p) != file]
        extra = old.files.keys() - new.files.keys()
        stamps = {
            path: stamp
            for path, stamp in old.stamps.items()
            if path in new.files and path not in sent
        }
        if sent:
            local = unchanged(new.folder, new.files, sent)
            self.make_way(api, sent, extra)
            stamps |= self.upload(api, new.files, local)
        if extra:
            self.remove(api, extra)
        return self.parse(api, {**dict(new), **self.where(api), "stamps": stamps})

    def delete(self, api: PlaceT, state: S) -> None:
        """Remove the files that are as we put them."""
        live = self.entries(api)
        ours = [
            path
            for path, stamp in state.stamps.items()
            if path in live and live[path].stamp == stamp
        ]
        if ours:
            self.remove(api, ours)


def mirrored(
    folder: str | Path, ignore: Sequence[str], *, mode: bool
) -> dict[str, Any]:
    """Return what a resource says of its folder.

    Args:
        folder: Where it is; a relative path starts from the program's folder.
        ignore: What to leave out, as in a .gitignore file.
        mode: Whether it matters which files can be run.

    Raises:
        ConfigurationError: It cannot be read.
    """
    return {
        "files": read_folder(folder, ignore, mode=mode),
        "folder": from_program(folder),
        "ignore": list(ignore),
    }
