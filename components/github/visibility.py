"""Who may use what an organization has: all, private, or selected repositories."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import AfterValidator

from components.kernel import Location, Names, RefusedError, Wire

from .base import EntryArgs
from .client import part

if TYPE_CHECKING:
    from .client import GithubApi


_REPOSITORY: Final = re.compile(r"([A-Za-z0-9_-]+/)?[A-Za-z0-9._-]+")


def _folded(names: frozenset[str]) -> frozenset[str]:
    for name in sorted(names):
        if not _REPOSITORY.fullmatch(name):
            raise ValueError(f"'{name}' is not a repository's name; correct it")
    return frozenset(name.rpartition("/")[2].lower() for name in names)


RepositoryNames = Annotated[
    Names,
    AfterValidator(_folded),
]
"""Repositories of one organization, by name; its own login before them may be left."""


class SharedArgs(EntryArgs):
    """What a secret or variable has that may be an organization's.

    Attributes:
        visibility: Which repositories may use it; an organization's entry is `private`
            if not given, or `selected` if some are selected. None in a repository.
        selected_repositories: Those, with the visibility `selected`.
    """

    visibility: Literal["all", "private", "selected"] | None = None
    selected_repositories: RepositoryNames = frozenset()

    @classmethod
    def derived(cls, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return an organization's visibility, where none is said."""
        if given.get("organization") is None or given.get("repository") is not None:
            return {}
        chosen = given.get("selected_repositories")
        return {"visibility": "selected" if chosen else "private"}

    @classmethod
    def rules(cls, known: Mapping[str, Any]) -> Iterable[tuple[Location, str]]:
        """Yield where what is shared does not fit who shares it."""
        yield from super().rules(known)
        visibility = known.get("visibility")
        if visibility is not None and known.get("repository"):
            yield ("visibility",), "is for an organization's only; remove it"
        if (
            known.get("selected_repositories")
            and "visibility" in known
            and visibility != "selected"
        ):
            yield (
                ("selected_repositories",),
                "needs an organization's visibility 'selected'; set it, or remove this",
            )


def shared_wire(api: GithubApi, args: SharedArgs) -> Wire:
    """Write who may use an entry, as the API takes it.

    Raises:
        RefusedError: A selected repository is not there.
    """
    if args.visibility is None:
        return {}
    wire: Wire = {"visibility": args.visibility}
    if args.visibility == "selected":
        wire["selected_repository_ids"] = [
            _repository_id(api, name) for name in sorted(args.selected_repositories)
        ]
    return wire


def shared_from(api: GithubApi, path: str, wire: Wire) -> Wire:
    """Read who may use an entry; the names of the selected need a call of their own."""
    if wire.get("visibility") != "selected":
        return wire
    chosen = api.pages(f"{path}/repositories", "repositories")
    return {**wire, "selected_repositories": [one["name"] for one in chosen]}


def _repository_id(api: GithubApi, name: str) -> int:
    found = api.look(f"/repos/{part(api.place.organization)}/{part(name)}")
    if found is None:
        raise RefusedError(
            f"GitHub shows no repository '{name}' of the {api.place} to this "
            f"credential; correct the name, or give the credential access"
        )
    return int(found.body["id"])
