"""One object, one resource: renames move it, duplicates are refused."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from components.kernel import NameTakenError, ServiceError
from components.kernel.lifecycle import CLAIM, FOUND_ID, LOOKUP, Claims
from tests.unit.kernel.library import lifecycle
from tests.unit.kernel.test_creating import inputs

if TYPE_CHECKING:
    from components.kernel.lifecycle import Lifecycle
    from tests.unit.kernel.library import Library

TAKEN = (
    "cannot create book 'Emma': another resource of this stack already manages it; "
    "give this one a name of its own, or remove one of the two"
)


def test_two_new_resources_do_not_share_an_object(
    library: Library, books: Lifecycle
) -> None:
    """The second is refused, though it describes the very same."""
    books.create(inputs(books))
    with pytest.raises(NameTakenError) as refused:
        books.create(inputs(books))
    assert str(refused.value) == TAKEN
    assert library.writes == ["create"]


def test_adopt_takes_nothing_from_a_resource_of_the_same_stack(
    library: Library, books: Lifecycle
) -> None:
    """The refusal comes before the object is changed, not after."""
    id_, _ = books.create(inputs(books, pages=1))
    with pytest.raises(NameTakenError) as refused:
        books.create(inputs(books, pages=2, adopt=True))
    assert str(refused.value) == TAKEN
    assert library.writes == ["create"]
    assert library.books["main"][id_]["pages"] == 1


def test_a_new_resource_does_not_share_an_object_with_an_old_one(
    library: Library, books: Lifecycle
) -> None:
    """A resource that stays in the stack keeps its object: its diff says it stays."""
    id_, outputs = books.create(inputs(books))
    next_up = lifecycle(library)
    assert next_up.replaces(id_, outputs, inputs(books)) == []
    with pytest.raises(NameTakenError) as refused:
        next_up.create(inputs(books))
    assert str(refused.value) == TAKEN


def test_renaming_a_resource_moves_the_object(
    library: Library, books: Lifecycle
) -> None:
    """The engine makes the new name, then deletes the old, which is the same book."""
    id_, old = books.create(inputs(books))
    next_up = lifecycle(library)
    moved, new = next_up.create(inputs(books))
    assert moved == id_
    assert new[CLAIM] != old[CLAIM]
    next_up.delete(id_, old)
    assert id_ in library.books["main"]
    assert "delete" not in library.calls
    next_up.delete(id_, new)
    assert id_ not in library.books["main"]


def test_a_resource_without_a_claim_deletes_nothing_that_another_has(
    library: Library, books: Lifecycle
) -> None:
    """State that somebody edited, or an older version wrote."""
    id_, old = books.create(inputs(books))
    del old[CLAIM]
    next_up = lifecycle(library)
    next_up.create(inputs(books))
    next_up.delete(id_, old)
    assert id_ in library.books["main"]


def test_a_deleted_object_may_be_made_again(library: Library, books: Lifecycle) -> None:
    """As a replacement does, within one process."""
    id_, outputs = books.create(inputs(books))
    books.delete(id_, outputs)
    again, _ = books.create(inputs(books))
    assert again != id_
    assert list(library.books["main"]) == [again]


def test_what_is_to_be_replaced_is_given_up(library: Library, books: Lifecycle) -> None:
    """A diff that replaces does not keep the object for the old resource."""
    id_, outputs = books.create(inputs(books))
    next_up = lifecycle(library)
    wanted = inputs(books, binding="cloth")
    assert next_up.replaces(id_, outputs, wanted) == ["binding"]
    assert next_up.claims.take(id_) is not None


@pytest.mark.parametrize(
    "wanted", [{"pages": 2, "adopt": True}, {"lock": "1234"}], ids=["adopt", "lock"]
)
def test_a_failed_adoption_gives_the_object_up(
    library: Library, books: Lifecycle, wanted: dict[str, Any]
) -> None:
    """The next attempt is not refused for what never came about."""
    there = library.add(title="Emma")
    library.raises["update"] = ServiceError("down")
    with pytest.raises(ServiceError, match="down"):
        books.create(inputs(books, **wanted))
    assert books.create(inputs(books, **wanted))[0] == there


def test_a_refused_adoption_gives_the_object_up(
    library: Library, books: Lifecycle
) -> None:
    """Another resource that describes it as it is may have it."""
    there = library.add(title="Emma", pages=9)
    with pytest.raises(NameTakenError):
        books.create(inputs(books))
    assert books.create(inputs(books, pages=9))[0] == there


def test_a_claim_is_each_resources_own() -> None:
    """Claims differ, and only the last to claim may give up."""
    claims = Claims()
    first = claims.take("a")
    assert first
    assert claims.take("a") is None
    assert claims.take("b") not in {None, first}
    assert claims.release("a", "somebody else's") is False
    assert claims.take("a") is None
    assert claims.release("a", first)
    assert claims.take("a")


def test_keeping_an_object_is_telling_who_has_it() -> None:
    """A resource that stays overrules; one without a claim says nothing."""
    claims = Claims()
    claims.keep("a", None)
    assert claims.release("a", None)
    claims.keep("a", "mine")
    assert claims.take("a") is None
    claims.keep("a", None)
    assert not claims.release("a", None)
    assert claims.release("a", "mine")


def test_of_two_at_the_same_time_one_has_the_object(
    library: Library, books: Lifecycle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both looked, and both saw nothing: still one object, and one resource for it."""
    both = threading.Barrier(2, timeout=20)
    one_at_a_time = threading.Lock()
    create = books.kind.create

    def together(api: Any, args: Any) -> Any:
        both.wait()
        with one_at_a_time:
            return create(api, args)

    def make(_: int) -> str:
        try:
            return books.create(inputs(books))[0]
        except NameTakenError as error:
            return str(error)

    monkeypatch.setattr(books.kind, "create", together)
    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(make, range(2)))
    [made] = library.books["main"]
    assert said == [made, TAKEN]


def test_the_kernels_marks_in_state_stay_what_they_are() -> None:
    """They are in every stack's state, and the engine hides what begins like this."""
    assert (CLAIM, LOOKUP, FOUND_ID) == ("__claim", "__lookup", "__id")


def test_what_nobody_claimed_may_be_given_up() -> None:
    """A destroy sees no diff: nobody says that anything stays."""
    assert Claims().release("a", "mine")
    assert Claims().release("a", None)
