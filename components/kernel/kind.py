"""What a kind is: the holes that one sort of remote object fills in the life cycle.

A kind holds no data and is shared by every thread of a provider process. It is made
known by the decorator:

    @kind("prefect:Variable", key=("name",))
    class VariableKind(PrefectKind[VariableArgs, VariableState]): ...
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Generic,
    Protocol,
    TypeAlias,
    TypeVar,
    get_args,
    get_origin,
)

from .model import Args, Local, WriteOnly, canonical_json
from .registry import register

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence

Wire: TypeAlias = dict[str, Any]
"""An object as its service's API writes it, decoded from JSON."""


class Api(Protocol):
    """A connection to a service, bound to the place its objects live in.

    Attributes:
        scope: Tells places apart: a workspace, an account, a repository.
    """

    @property
    def scope(self) -> Hashable:
        """Return what tells this place from others."""


class Config(Protocol):
    """A service's settings: those of its explicit provider in the stack."""

    def get(self, key: str) -> Any:
        """Return a setting, or None where the stack has none."""


ApiT = TypeVar("ApiT", bound=Api)
A = TypeVar("A", bound=Args)
S = TypeVar("S", bound=Args)
KindT = TypeVar("KindT", bound="type[Kind[Any, Any, Any]]")


class Kind(ABC, Generic[ApiT, A, S]):
    """One sort of remote object.

    Must implement: `connect`, `list`, `parse`, `create`, `update`, `delete`.
    May override: `find`, `same`, `unfinished`, `recall`, `describe`.

    Attributes:
        token: The frozen name, `service:Kind`; it is written into every state.
        key: The fields that make up the natural key within a scope.
        args: The model of what a user writes.
        state: The model of what is, which extends `args`; it has a field `id`.
        sees_write_only: Whether `same` compares what is `WriteOnly` too, so that an
            object that is the same can be adopted without a write.
        delete_before_replace: Whether a replacement may take the old one's name, so
            that the old one has to go first.
        deletes_as_listed: Whether `delete` is to be given the object as the service
            has it, by the same list call that serves all of a `destroy`, and not as
            the state remembers it.
    """

    token: ClassVar[str]
    key: ClassVar[tuple[str, ...]]
    args: ClassVar[type[Args]]
    state: ClassVar[type[Args]]
    sees_write_only: ClassVar[bool] = False
    delete_before_replace: ClassVar[bool] = True
    deletes_as_listed: ClassVar[bool] = False

    @abstractmethod
    def connect(self, config: Config, args: A) -> ApiT:
        """Return the (shared, lazy) connection to the place where `args` lives."""

    @abstractmethod
    def list(self, api: ApiT) -> Iterable[Wire]:
        """Yield every object of this kind in the scope.

        Find, read, refresh and discovery all rest on it.
        """

    @abstractmethod
    def parse(self, api: ApiT, wire: Wire) -> S:
        """Project one object, as the API writes it, on the canonical state."""

    @abstractmethod
    def create(self, api: ApiT, args: A) -> S:
        """Make the object.

        Raises:
            AlreadyExistsError: The service has one of this name.
            LostAnswerError: It may have been made.
        """

    @abstractmethod
    def update(self, api: ApiT, old: S, new: A) -> S:
        """Send what differs between `old` and `new`; return the whole new state."""

    @abstractmethod
    def delete(self, api: ApiT, state: S) -> None:
        """Delete the object; one already gone may answer NotFoundError.

        Raises:
            DataLossError: It holds data that nobody has given up explicitly.
        """

    def find(self, api: ApiT, args: A, listed: S | None) -> S | None:
        """Return the object of this natural key, given what the last list call had.

        Override where `create` would overwrite an object made since that call.
        """
        del api, args
        return listed

    def same(self, api: ApiT, found: S, args: A) -> Sequence[str]:
        """Name the fields in which an object differs from what was asked for.

        What the service does not tell cannot be compared and counts as the same.
        Override where it can be compared after all, and set `sees_write_only`.
        """
        del api
        unseen = args.marked(WriteOnly) | args.marked(Local)
        return [field for field in differing(found, args) if field not in unseen]

    def unfinished(self, found: S, args: A) -> bool:
        """Tell whether an object is no more than the beginning of what was asked for.

        Such a one is completed without `adopt`. Override where a create takes several
        calls, so that the next run takes up what an interrupted one has left.
        """
        del found, args
        return False

    def recall(self, state: S, known: A) -> S:
        """Complete what was read by what only the program knows.

        Override where what the program knows decides in which field a value shows.

        Args:
            state: The object as `parse` projected it.
            known: What was asked for, now or by the last update.
        """
        del known
        return state

    @classmethod
    def title(cls) -> str:
        """Name the kind as a sentence would: `work pool`."""
        words = cls.token.split(":")[1]
        return "".join(f" {c.lower()}" if c.isupper() else c for c in words).strip()

    def describe(self, args: Args) -> str:
        """Name one object as a sentence would: `variable 'threshold'`."""
        # Where a read is given nothing but an id, the key is not known yet.
        named = "/".join(str(getattr(args, field, "?")) for field in self.key)
        return f"{self.title()} '{named}'"


def kind(token: str, *, key: tuple[str, ...]) -> Callable[[KindT], KindT]:
    """Register a kind under its frozen token.

    Args:
        token: `service:Kind`; the service is the package that the kind lives in.
        key: The fields that make up its natural key.
    """

    def decorate(cls: KindT) -> KindT:
        cls.token = token
        cls.key = key
        cls.args, cls.state = _models(cls)
        register(cls)
        return cls

    return decorate


def _models(cls: type[Kind[Any, Any, Any]]) -> tuple[type[Args], type[Args]]:
    for base in cls.__orig_bases__:  # type: ignore[attr-defined]  # typing's own
        if isinstance(get_origin(base), type) and issubclass(get_origin(base), Kind):
            args, state = get_args(base)[-2:]
            return args, state
    raise TypeError(f"{cls.__name__} must name its models: Kind[Api, Args, State]")


def differing(old: Args, new: Args) -> list[str]:
    """Name the arguments whose canonical form differs between `old` and `new`.

    Compared as properties, because Python's `1 == 1.0 == True` is not JSON's.
    """
    before, after = old.to_properties(), new.to_properties()
    return [
        field
        for field in type(new).model_fields
        if field != "adopt" and before.get(field) != after.get(field)
    ]


def changed(old: Wire, new: Wire) -> Wire:
    """Keep what a PATCH must send: the entries of `new` that `old` has otherwise."""
    return {
        key: value
        for key, value in new.items()
        if key not in old or canonical_json(old[key]) != canonical_json(value)
    }
