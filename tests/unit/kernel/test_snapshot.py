"""Snapshots: one list call answers many, and nobody is answered stale twice."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from components.kernel import ServiceError, Wire
from components.kernel.snapshot import (
    MAX_AGE_SECONDS,
    Snapshots,
    Unreadable,
    id_of,
    key_of,
)
from tests.unit.kernel.library import BookArgs, BookKind, BookState, Branch, Library

if TYPE_CHECKING:
    from collections.abc import Iterable

THREADS = 16


class Clock:
    """A clock that stands still unless it is moved."""

    now = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Return a clock of this test's own."""
    return Clock()


@pytest.fixture
def snapshots(clock: Clock) -> Snapshots:
    """Return snapshots of books."""
    return Snapshots(BookKind(), clock)


@pytest.fixture
def branch(library: Library) -> Branch:
    """Return a branch with two books."""
    library.add(title="Emma")
    library.add(title="Persuasion")
    return Branch(library, "main")


def title_of(found: Any) -> str:
    """Return the title of what must have been found."""
    assert isinstance(found, BookState)
    return found.title


def test_one_list_call_answers_many_questions(
    library: Library, snapshots: Snapshots, branch: Branch
) -> None:
    """By id and by key, whatever is asked first."""
    assert title_of(snapshots.by_id(branch, "book-1")) == "Emma"
    assert title_of(snapshots.by_id(branch, "book-3")) == "Persuasion"
    assert title_of(snapshots.by_key(branch, BookArgs(title="Emma"))) == "Emma"
    assert snapshots.by_key(branch, BookArgs(title="Sanditon")) is None
    assert library.calls == ["list"]


@pytest.mark.parametrize("by", ["id", "key"])
def test_asking_twice_is_asking_anew(
    library: Library, snapshots: Snapshots, branch: Branch, by: str
) -> None:
    """Who asks the same again wants to know what is now, not what was."""

    def pages() -> int:
        found: Any = (
            snapshots.by_id(branch, "book-1")
            if by == "id"
            else snapshots.by_key(branch, BookArgs(title="Emma"))
        )
        assert isinstance(found, BookState)
        return found.pages

    assert pages() == 1
    library.change("book-1", pages=2)
    assert pages() == 2
    assert library.calls == ["list", "list"]


def test_a_new_list_forgets_what_was_asked_of_the_old(
    library: Library, snapshots: Snapshots, branch: Branch
) -> None:
    """Each list answers each question once: a second refresh costs one call again."""
    for _ in range(3):
        snapshots.by_id(branch, "book-1")
        snapshots.by_id(branch, "book-3")
    assert library.calls == ["list"] * 3


def test_absence_is_only_said_of_a_fresh_list(
    library: Library, snapshots: Snapshots, branch: Branch
) -> None:
    """Gone takes a resource out of state: what was made since must be found."""
    snapshots.by_id(branch, "book-1")
    made = library.add(title="Sanditon")
    assert title_of(snapshots.by_id(branch, made)) == "Sanditon"
    assert library.calls == ["list", "list"]


def test_what_a_fresh_list_lacks_is_gone(
    library: Library, snapshots: Snapshots, branch: Branch
) -> None:
    """And one call is enough to say so, if it was for this question."""
    assert snapshots.by_id(branch, "book-9") is None
    assert library.calls == ["list"]
    assert snapshots.by_id(branch, "book-8") is None
    assert library.calls == ["list", "list"]


@pytest.mark.parametrize(("age", "calls"), [(0.0, 1), (0.01, 2), (60.0, 2)])
def test_a_list_grows_too_old(
    snapshots: Snapshots, branch: Branch, clock: Clock, age: float, calls: int
) -> None:
    """After half a minute others may have made anything."""
    snapshots.by_id(branch, "book-1")
    clock.now += MAX_AGE_SECONDS + age
    snapshots.by_id(branch, "book-3")
    assert len(branch.library.calls) == calls


def test_a_lists_age_counts_from_before_the_call(
    snapshots: Snapshots, branch: Branch, library: Library, clock: Clock
) -> None:
    """What changed while the pages came in may be missing from it."""
    listing = library.called

    def slow(name: str) -> None:
        listing(name)
        clock.now += MAX_AGE_SECONDS + 1

    library.called = slow  # type: ignore[method-assign]
    snapshots.by_id(branch, "book-1")
    snapshots.by_id(branch, "book-3")
    assert library.calls == ["list", "list"]


def test_half_a_minute_is_the_age(snapshots: Snapshots) -> None:
    """Longer than any refresh reads, shorter than any `up` that takes minutes."""
    assert MAX_AGE_SECONDS == 30
    assert Snapshots(snapshots._kind)._clock() > 0


def test_after_a_write_the_service_itself_is_asked(
    library: Library, snapshots: Snapshots, branch: Branch
) -> None:
    """By id and by key; all else is still answered from the list."""
    snapshots.by_key(branch, BookArgs(title="nothing"))
    snapshots.wrote(branch, BookArgs(title="Emma"), "book-1")
    snapshots.by_id(branch, "book-3")
    assert library.calls == ["list"]
    snapshots.by_id(branch, "book-1")
    assert library.calls == ["list", "list"]
    snapshots.wrote(branch, BookArgs(title="Emma"), "book-1")
    snapshots.by_key(branch, BookArgs(title="Persuasion"))
    assert library.calls == ["list", "list"]
    snapshots.by_key(branch, BookArgs(title="Emma"))
    assert library.calls == ["list", "list", "list"]


def test_a_write_before_any_list_is_no_matter(
    library: Library, snapshots: Snapshots, branch: Branch
) -> None:
    """There is nothing yet that could be stale."""
    snapshots.wrote(branch, BookArgs(title="Emma"), "book-1")
    assert library.calls == []
    assert title_of(snapshots.by_id(branch, "book-1")) == "Emma"


def test_places_are_kept_apart(library: Library, snapshots: Snapshots) -> None:
    """Each has its own list, and equal scopes share one."""
    east = library.add("east", title="Emma")
    west = library.add("west", title="Emma", pages=2)
    assert title_of(snapshots.by_id(Branch(library, "east"), east)) == "Emma"
    found = snapshots.by_key(Branch(library, "west"), BookArgs(title="Emma"))
    assert isinstance(found, BookState)
    assert found.id == west
    assert library.calls == ["list", "list"]
    snapshots.by_key(Branch(library, "east"), BookArgs(title="Emma"))
    assert library.calls == ["list", "list"]


def test_what_cannot_be_read_is_there_but_unnamed(
    library: Library, snapshots: Snapshots, branch: Branch
) -> None:
    """Somebody else's odd object must not stop us from managing ours."""
    odd = library.add(title="Odd", binding="stone")
    found = snapshots.by_id(branch, odd)
    assert isinstance(found, Unreadable)
    assert found.reason == "ValidationError"
    assert title_of(snapshots.by_id(branch, "book-1")) == "Emma"
    assert snapshots.by_key(branch, BookArgs(title="Odd")) is None


@pytest.mark.parametrize(
    "error", [KeyError("x"), IndexError(), TypeError(), ValueError(), AttributeError()]
)
def test_however_odd_an_object_is(
    monkeypatch: pytest.MonkeyPatch, branch: Branch, clock: Clock, error: Exception
) -> None:
    """A field may be missing, null, or of another type."""
    kind = BookKind()
    parse = kind.parse

    def choking(api: Branch, wire: Wire) -> BookState:
        if wire["title"] == "Emma":
            raise error
        return parse(api, wire)

    monkeypatch.setattr(kind, "parse", choking)
    snapshots = Snapshots(kind, clock)
    found = snapshots.by_id(branch, "book-1")
    assert isinstance(found, Unreadable)
    assert found.reason == type(error).__name__
    assert title_of(snapshots.by_id(branch, "book-3")) == "Persuasion"


def test_a_failed_list_is_told_and_not_kept(
    library: Library, snapshots: Snapshots, branch: Branch
) -> None:
    """The next question tries again."""
    library.raises["list"] = ServiceError("down")
    with pytest.raises(ServiceError, match="down"):
        snapshots.by_id(branch, "book-1")
    assert title_of(snapshots.by_id(branch, "book-1")) == "Emma"


def test_the_first_of_a_name_counts(
    library: Library, snapshots: Snapshots, branch: Branch
) -> None:
    """Where a service lets two objects have one name, the answer is always the same."""
    library.add(title="Emma", pages=2)
    found = snapshots.by_key(branch, BookArgs(title="Emma"))
    assert isinstance(found, BookState)
    assert found.id == "book-1"


def test_an_id_is_text_and_a_key_has_all_its_fields() -> None:
    """What the engine and the snapshot know an object by."""
    state = BookState(title="Emma", id="7", branch="east")
    wide = type("K", (BookKind,), {"key": ("branch", "title")})
    assert id_of(state) == "7"
    assert key_of(wide(), state) == ("east", "Emma")
    assert key_of(BookKind(), state) == ("Emma",)


def test_many_threads_share_one_list_call(library: Library) -> None:
    """A refresh asks in parallel; who comes second waits for the first's answer."""
    ids = [library.add(title=f"book {i}") for i in range(THREADS)]
    together = threading.Barrier(THREADS)
    snapshots = Snapshots(BookKind())
    branch = Branch(library, "main")

    def ask(id_: str) -> str:
        together.wait()
        found: Any = snapshots.by_id(branch, id_)
        return str(found.id)

    with ThreadPoolExecutor(THREADS) as pool:
        assert list(pool.map(ask, ids)) == ids
    assert library.calls == ["list"]


def test_a_slow_place_does_not_hold_up_another(library: Library) -> None:
    """Two workspaces are listed at the same time."""
    both = threading.Barrier(2, timeout=20)

    class Meeting(BookKind):
        def list(self, api: Branch) -> Iterable[Wire]:
            both.wait()
            return super().list(api)

    snapshots = Snapshots(Meeting())
    ids = {name: library.add(name, title="Emma") for name in ("east", "west")}
    with ThreadPoolExecutor(2) as pool:
        found = pool.map(
            lambda name: snapshots.by_id(Branch(library, name), ids[name]), ids
        )
        assert [title_of(state) for state in found] == ["Emma", "Emma"]
