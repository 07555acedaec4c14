"""A kind and its service, all in memory: what the kernel's tests put through life.

The kernel knows no service, so any will do. This one lends books: titles are unique in
a branch, the service picks a shelf mark unless told, never tells the combination of a
book's lock, and stamps what it writes.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import Field

from components.kernel import (
    AlreadyExistsError,
    Args,
    FlowgroundError,
    Immutable,
    Json,
    Kind,
    Local,
    LostAnswerError,
    Names,
    NotFoundError,
    Part,
    Secret,
    Stamp,
    UnmanagedIfUnset,
    Wire,
    WriteOnly,
    changed,
    kind,
    registry,
)
from components.kernel.lifecycle import Lifecycle

if TYPE_CHECKING:
    from collections.abc import Iterable

TOKEN = "unit:Book"
SERVICE_PICKS = "service-picked"


class Chapter(Part):
    """A structured value with a JSON value inside."""

    heading: str
    figures: Json = None


class BookArgs(Args):
    """One field for each sort that the kernel tells apart."""

    branch: Annotated[str, Immutable] = "main"
    title: str
    binding: Annotated[Literal["paper", "cloth"], Immutable] = "paper"
    pages: int = 1
    notes: Json = Field(default_factory=dict)
    chapters: tuple[Chapter, ...] = ()
    tags: Names = frozenset()
    shelf: Annotated[str | None, UnmanagedIfUnset] = None
    lock: Annotated[str | None, WriteOnly] = None
    owner: Annotated[str | None, Secret] = None
    keep: Annotated[bool, Local] = False


class BookState(BookArgs):
    """A book as the library has it."""

    id: str
    written: Annotated[int, Stamp] = 0


class NumberedState(BookState):
    """A book with a barcode, which the library tells once, when it makes it."""

    barcode: Annotated[str | None, WriteOnly] = None


class Library:
    """The service.

    Attributes:
        calls: What was asked of it, in order.
        raises: An error for the next call of a name, raised once it was carried out.
        locks: The combinations, which it never tells.
    """

    def __init__(self) -> None:
        self.books: dict[str, dict[str, Wire]] = {}
        self.locks: dict[str, str | None] = {}
        self.calls: list[str] = []
        self.raises: dict[str, FlowgroundError] = {}
        self._counter = itertools.count(1)

    @property
    def writes(self) -> list[str]:
        """Return the calls that change something."""
        return [call for call in self.calls if call != "list"]

    def add(self, branch: str = "main", **fields: Any) -> str:
        """Put a book there, as somebody else would."""
        id_ = f"book-{next(self._counter)}"
        plain = {
            "id": id_,
            "binding": "paper",
            "pages": 1,
            "notes": {},
            "chapters": [],
            "tags": [],
            "shelf": SERVICE_PICKS,
            "owner": None,
            "written": next(self._counter),
        }
        self.books.setdefault(branch, {})[id_] = {**plain, **fields}
        return id_

    def change(self, id_: str, branch: str = "main", **fields: Any) -> None:
        """Change a book, as somebody else would."""
        book = self.books[branch][id_]
        book |= {**fields, "written": next(self._counter)}

    def called(self, name: str) -> None:
        """Note a call."""
        self.calls.append(name)

    def answer(self, name: str) -> None:
        """Let a call that was carried out fail nevertheless, if a test wants it."""
        if name in self.raises:
            raise self.raises.pop(name)


class Branch:
    """A connection to one branch of the library."""

    def __init__(self, library: Library, name: str) -> None:
        self.library = library
        self.name = name
        self.books = library.books.setdefault(name, {})

    @property
    def scope(self) -> str:
        """Return what tells branches apart."""
        return self.name


def to_wire(args: BookArgs) -> Wire:
    """Write a book as the library takes it."""
    hidden = {"adopt", "branch", "keep", "lock", "id", "written", "barcode"}
    wire = args.model_dump(exclude=hidden)
    return {k: v for k, v in wire.items() if k != "shelf" or v is not None}


A = TypeVar("A", bound=BookArgs)
S = TypeVar("S", bound=BookState)


class Lending(Kind[Branch, A, S]):
    """What all sorts of books have in common."""

    def connect(self, config: Any, args: A) -> Branch:
        """Return the branch that the book is in."""
        return Branch(config.get("library"), args.branch)

    def list(self, api: Branch) -> Iterable[Wire]:
        """Yield every book of the branch."""
        api.library.called("list")
        api.library.answer("list")
        return list(api.books.values())

    def parse(self, api: Branch, wire: Wire) -> S:
        """Project one book."""
        model: Any = self.state
        state: S = model(branch=api.name, **wire)
        return state

    def create(self, api: Branch, args: A) -> S:
        """Buy the book."""
        api.library.called("create")
        if any(wire["title"] == args.title for wire in api.books.values()):
            raise AlreadyExistsError(f"there is a '{args.title}'", status=409)
        id_ = api.library.add(api.name, **to_wire(args))
        api.library.locks[id_] = args.lock
        api.library.answer("create")
        return self.parse(api, api.books[id_])

    def update(self, api: Branch, old: S, new: A) -> S:
        """Change what differs."""
        api.library.called("update")
        api.library.change(old.id, api.name, **changed(to_wire(old), to_wire(new)))
        api.library.locks[old.id] = new.lock
        api.library.answer("update")
        return self.parse(api, api.books[old.id])

    def delete(self, api: Branch, state: S) -> None:
        """Sell the book."""
        api.library.called("delete")
        if state.id not in api.books:
            raise NotFoundError("there is no such book", status=404)
        del api.books[state.id]
        api.library.answer("delete")


@kind(TOKEN, key=("title",))
class BookKind(Lending[BookArgs, BookState]):
    """The life cycle of a book."""


@kind("unit:NumberedBook", key=("title",))
class NumberedBookKind(Lending[BookArgs, NumberedState]):
    """The life cycle of a book with a barcode, which the library tells only once."""

    def create(self, api: Branch, args: BookArgs) -> NumberedState:
        """Buy the book, and print its barcode."""
        return _printed(super().create(api, args))

    def update(self, api: Branch, old: NumberedState, new: BookArgs) -> NumberedState:
        """Change what differs; print another barcode if nobody knows the first."""
        updated = super().update(api, old, new)
        return _printed(updated) if old.barcode is None else updated


def _printed(state: NumberedState) -> NumberedState:
    return state.model_copy(update={"barcode": f"printed-{state.written}"})


# Registered only where a test asks for it: the contract suite is about real kinds.
for _kind in (BookKind, NumberedBookKind):
    del registry._kinds[_kind.token]


def lost() -> LostAnswerError:
    """Return what a client raises when the answer never came."""
    return LostAnswerError("the library did not answer")


def lifecycle(library: Library, of: type[Lending[Any, Any]] = BookKind) -> Lifecycle:
    """Return the life cycle of books, as one provider process has it."""
    return Lifecycle(of(), {"library": library})
