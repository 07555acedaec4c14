"""What the kinds of secrets and of variables have in common: where they are listed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, TypeVar

from components.kernel import Wire

from .base import GithubKind, path_of
from .client import PAGE, GithubApi
from .visibility import SharedArgs, shared_from

A = TypeVar("A", bound=SharedArgs)
S = TypeVar("S", bound=SharedArgs)


class EntryKind(GithubKind[A, S]):
    """The life cycle of an entry, as far as secrets and variables share it.

    Attributes:
        collection: The path of all entries below a repository or an organization; an
            environment's has only its last part.
        page: How many of them GitHub lists at a time.
    """

    collection: ClassVar[str]
    page: ClassVar[int] = PAGE

    def entries(self, api: GithubApi) -> str:
        """Return the path of all entries of the place."""
        below = self._word if api.place.environment else self.collection
        return f"{api.place.path}/{below}"

    def list(self, api: GithubApi) -> Iterable[Wire]:
        """Yield every entry of the place, with the repositories selected for it."""
        entries = self.entries(api)
        for wire in api.pages(entries, self._word, self.page):
            yield self.whole(api, path_of(entries, wire["name"]), wire)

    def whole(self, api: GithubApi, path: str, wire: Wire) -> Wire:
        """Complete an entry as GitHub lists it."""
        return {**shared_from(api, path, wire), "id": path}

    def fields_of(self, api: GithubApi, wire: Wire) -> dict[str, Any]:
        """Read the fields that every entry has from a whole one."""
        place = api.place._asdict()
        return {
            **{field: place[field] for field in place.keys() & self.args.model_fields},
            "id": wire["id"],
            "name": wire["name"],
            "visibility": wire.get("visibility"),
            "selected_repositories": frozenset(wire.get("selected_repositories", ())),
        }

    @property
    def _word(self) -> str:
        return self.collection.rpartition("/")[2]
