"""Access lists of single objects: what those of deployments, pools and blocks share.

API: GET and PUT {object}/access. A PUT replaces the whole list. Everybody is the actor
`*`, and an object without a list reads as one that lets everybody do everything; so
such a list is none, and to delete a list is to write that. There is no call that lists
access lists: each object of the workspace is asked, several at a time.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, TypeAlias, TypeVar
from uuid import UUID

from pydantic import AfterValidator, PlainSerializer

from components.kernel import NotFoundError, Wire

from .base import PrefectArgs, PrefectKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from components.kernel import Location

    from .client import PrefectApi

EVERYBODY: Final = "*"
# As many requests at a time as httpx keeps connections open by default, and no more
# than leave a shared rate limit to others.
PARALLEL: Final = 8


def _id(text: str) -> str:
    return str(UUID(text))


def _actor(text: str) -> str:
    return text if text == EVERYBODY else _id(text)


Actors: TypeAlias = Annotated[
    frozenset[Annotated[str, AfterValidator(_actor)]], PlainSerializer(sorted)
]
"""Users and service accounts by their actors' ids, or `*`."""

Teams: TypeAlias = Annotated[
    frozenset[Annotated[str, AfterValidator(_id)]], PlainSerializer(sorted)
]
"""Teams by their ids."""


class AccessListArgs(PrefectArgs):
    """Who may see an object, and who may change it."""

    manage_actor_ids: Actors = frozenset()
    manage_team_ids: Teams = frozenset()
    view_actor_ids: Actors = frozenset()
    view_team_ids: Teams = frozenset()

    @classmethod
    def rules(cls, known: Mapping[str, Any]) -> Iterable[tuple[Location, str]]:
        """Yield that a list which keeps nobody out is no list."""
        fields = [
            f for f in cls.model_fields if f.endswith(("_actor_ids", "_team_ids"))
        ]
        if all(field in known for field in fields):
            named = {id_ for field in fields for id_ in known[field]}
            if not named - {EVERYBODY}:
                why = (
                    "names nobody, and neither do the other lists; name those who "
                    "keep access, or remove the resource to let everybody in"
                )
                yield ("manage_actor_ids",), why


class RunnableAccessListArgs(AccessListArgs):
    """Who may see, run and change an object."""

    run_actor_ids: Actors = frozenset()
    run_team_ids: Teams = frozenset()


A = TypeVar("A", bound=AccessListArgs)
S = TypeVar("S", bound=AccessListArgs)


class ObjectAccessKind(PrefectKind[A, S]):
    """The life cycle of an access list.

    Must implement: `objects`, `object_of`, `key_of`.

    Attributes:
        levels: What can be allowed.
    """

    levels: ClassVar[tuple[str, ...]]

    @abstractmethod
    def objects(self, api: PrefectApi) -> Iterable[Wire]:
        """Yield every object that can have a list."""

    @abstractmethod
    def object_of(self, api: PrefectApi, args: A) -> Wire:
        """Return what `path` and `key_of` need of the object that a list is for."""

    @abstractmethod
    def path(self, wire: Wire) -> str:
        """Return the object's path."""

    @abstractmethod
    def key_of(self, wire: Wire) -> Wire:
        """Return the field by which a list names its object."""

    def list(self, api: PrefectApi) -> Iterable[Wire]:
        """Yield every object that has a list, and the list."""
        with ThreadPoolExecutor(PARALLEL) as pool:
            objects = [*self.objects(api)]
            for wire in pool.map(lambda each: self._listed(api, each), objects):
                if wire is not None:
                    yield wire

    def parse(self, api: PrefectApi, wire: Wire) -> S:
        """Project one list on its canonical state."""
        named: dict[str, Any] = {}
        for level in self.levels:
            shown = wire["access"][f"{level}_actors"]
            teams = {each["id"] for each in shown if each["type"] == "team"}
            named[f"{level}_team_ids"] = teams
            named[f"{level}_actor_ids"] = {each["id"] for each in shown} - teams
        place = {"workspace_id": api.workspace_id, "id": wire["id"]}
        state: S = self.state.model_validate(place | self.key_of(wire) | named)  # type: ignore[assignment]  # the kind's own model
        return state

    def find(self, api: PrefectApi, args: A, listed: S | None) -> S | None:
        """Ask again: to write a list is to overwrite one that was made meanwhile."""
        if listed is not None:
            return listed
        wire = self._listed(api, self.object_of(api, args))
        return None if wire is None else self.parse(api, wire)

    def create(self, api: PrefectApi, args: A) -> S:
        """Write the list."""
        wire = self.object_of(api, args)
        self._write(api, wire, args.model_dump(mode="json"))
        state: S = self.state.model_validate({**dict(args), "id": wire["id"]})  # type: ignore[assignment]  # the kind's own model
        return state

    def update(self, api: PrefectApi, old: S, new: A) -> S:
        """Write the list anew; the API takes it as a whole."""
        del old
        return self.create(api, new)

    def delete(self, api: PrefectApi, state: S) -> None:
        """Let everybody in again whom a workspace role lets in."""
        everybody = {f"{level}_actor_ids": [EVERYBODY] for level in self.levels}
        self._write(api, self.object_of(api, state), everybody)  # type: ignore[arg-type]  # a state extends its arguments

    def _write(self, api: PrefectApi, wire: Wire, allowed: Mapping[str, Any]) -> None:
        names = [f"{level}_{who}_ids" for level in self.levels for who in _WHO]
        control = {name: allowed.get(name, []) for name in names}
        api.put(f"{self.path(wire)}/access", {"access_control": control})

    def _listed(self, api: PrefectApi, wire: Wire) -> Wire | None:
        """Return the object with its list; None if it has none, or is gone."""
        try:
            access = api.get(f"{self.path(wire)}/access")
        except NotFoundError:
            return None
        shown = (access[f"{level}_actors"] for level in self.levels)
        if {each["id"] for actors in shown for each in actors} <= {EVERYBODY}:
            return None
        return {**wire, "access": access}


_WHO: Final = ("actor", "team")
