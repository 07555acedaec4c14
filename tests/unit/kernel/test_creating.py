"""Create: made once, adopted where that is right, refused with the reason otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from components.kernel import (
    AccessError,
    AlreadyExistsError,
    LostAnswerError,
    NameTakenError,
    ServiceError,
)
from components.kernel.lifecycle import CLAIM
from tests.unit.kernel.library import SERVICE_PICKS, NumberedBookKind, lifecycle, lost

if TYPE_CHECKING:
    from components.kernel.lifecycle import Lifecycle
    from components.kernel.model import Properties
    from tests.unit.kernel.library import Library


def inputs(books: Lifecycle, **fields: Any) -> Properties:
    """Return checked inputs."""
    checked, failures = books.check({"title": "Emma", **fields})
    assert not failures
    return checked


def test_a_new_object_is_made_as_asked(library: Library, books: Lifecycle) -> None:
    """One look, one write, and outputs that complete the inputs."""
    wanted = inputs(books, pages=3, notes='{"a":null}', tags=["b", "a"], keep=True)
    id_, outputs = books.create(wanted)
    assert library.calls == ["list", "create"]
    made = library.books["main"][id_]
    assert (made["pages"], made["notes"], made["tags"]) == (3, {"a": None}, ["a", "b"])
    assert outputs.pop(CLAIM)
    assert outputs == {**wanted, "written": made["written"]}


def test_the_id_is_no_output(books: Lifecycle) -> None:
    """The engine has it beside the outputs, and refuses a property of that name."""
    id_, outputs = books.create(inputs(books))
    assert id_.startswith("book-")
    assert "id" not in outputs


def test_what_the_service_chose_is_not_claimed_as_ours(books: Lifecycle) -> None:
    """A field that the program is silent about stays out of outputs."""
    assert "shelf" not in books.create(inputs(books))[1]


def test_what_the_program_chose_is_an_output(
    library: Library, books: Lifecycle
) -> None:
    """The same field, once the program says something."""
    id_, outputs = books.create(inputs(books, shelf="A1"))
    assert outputs["shelf"] == "A1"
    assert library.books["main"][id_]["shelf"] == "A1"


def test_what_the_service_never_tells_is_kept_as_written(
    library: Library, books: Lifecycle
) -> None:
    """Write-only and local values come from the inputs."""
    id_, outputs = books.create(inputs(books, lock="1234", keep=True))
    assert (outputs["lock"], outputs["keep"]) == ("1234", True)
    assert library.locks[id_] == "1234"


def test_an_identical_object_is_adopted_without_a_write(
    library: Library, books: Lifecycle
) -> None:
    """What a crashed run left behind is what this one would have made."""
    there = library.add(title="Emma")
    id_, outputs = books.create(inputs(books))
    assert id_ == there
    assert library.writes == []
    assert outputs["title"] == "Emma"
    assert outputs[CLAIM]


def test_a_different_object_is_refused_with_the_differences(
    library: Library, books: Lifecycle
) -> None:
    """Somebody else's object is left alone, and the sentence says the way out."""
    library.add(title="Emma", pages=9, tags=["x"], binding="cloth")
    with pytest.raises(NameTakenError) as refused:
        books.create(inputs(books))
    assert str(refused.value) == (
        "cannot create book 'Emma': one of that name is already there and differs in "
        "binding, pages, tags; set adopt=True to take it over and change it, "
        "or choose another name"
    )
    assert library.writes == []


def test_adopt_takes_a_different_object_over(
    library: Library, books: Lifecycle
) -> None:
    """Asked for by word, the object keeps its identity and becomes what was asked."""
    there = library.add(title="Emma", pages=9)
    id_, outputs = books.create(inputs(books, pages=2, adopt=True))
    assert id_ == there
    assert library.writes == ["update"]
    assert library.books["main"][there]["pages"] == 2
    assert (outputs["pages"], outputs["adopt"]) == (2, True)


def test_adopt_cannot_change_what_is_immutable(
    library: Library, books: Lifecycle
) -> None:
    """Neither adopted nor replaced: it is somebody's, so a person must decide."""
    library.add(title="Emma", pages=9, binding="cloth")
    with pytest.raises(NameTakenError) as refused:
        books.create(inputs(books, adopt=True))
    assert str(refused.value) == (
        "cannot create book 'Emma': one of that name is already there and cannot be "
        "adopted, because its binding cannot be changed; "
        "delete it, or describe it as it is"
    )
    assert library.writes == []


def test_an_object_is_adopted_whatever_it_has_where_the_program_is_silent(
    library: Library, books: Lifecycle
) -> None:
    """A field left to the service is no difference."""
    there = library.add(title="Emma", shelf="somewhere")
    assert books.create(inputs(books))[0] == there
    assert library.writes == []
    assert library.books["main"][there]["shelf"] == "somewhere"


def test_the_same_field_differs_once_the_program_speaks(
    library: Library, books: Lifecycle
) -> None:
    """What the program says must be so."""
    library.add(title="Emma", shelf="somewhere")
    with pytest.raises(NameTakenError, match="differs in shelf;"):
        books.create(inputs(books, shelf="A1"))


def test_a_write_only_value_is_written_again_on_adoption(
    library: Library, books: Lifecycle
) -> None:
    """The service does not tell it, so only writing it makes sure."""
    there = library.add(title="Emma")
    id_, outputs = books.create(inputs(books, lock="1234"))
    assert id_ == there
    assert library.writes == ["update"]
    assert library.locks[there] == "1234"
    assert outputs["lock"] == "1234"


def test_a_secret_that_the_service_mints_is_an_output(library: Library) -> None:
    """It is told once: state is the only place that has it."""
    numbered = lifecycle(library, NumberedBookKind)
    _, outputs = numbered.create(inputs(numbered))
    assert outputs["barcode"] == "printed-2"
    assert library.writes == ["create"]


def test_a_minted_secret_is_minted_anew_on_adoption(library: Library) -> None:
    """What the service gave to somebody else, or to a crashed run, cannot be had."""
    there = library.add(title="Emma")
    numbered = lifecycle(library, NumberedBookKind)
    id_, outputs = numbered.create(inputs(numbered))
    assert id_ == there
    assert library.writes == ["update"]
    assert outputs["barcode"] == "printed-3"


def test_a_local_setting_is_no_difference(library: Library, books: Lifecycle) -> None:
    """The service has never heard of it."""
    library.add(title="Emma")
    assert books.create(inputs(books, keep=True))[1]["keep"] is True
    assert library.writes == []


@pytest.mark.parametrize("branch", ["east", "west"])
def test_a_name_is_taken_only_within_its_place(
    library: Library, books: Lifecycle, branch: str
) -> None:
    """The same title in another branch is another book."""
    library.add("main", title="Emma", pages=9)
    id_, _ = books.create(inputs(books, branch=branch))
    assert library.books[branch][id_]["pages"] == 1


def test_a_lost_answer_makes_no_duplicate(library: Library, books: Lifecycle) -> None:
    """The service acted, the answer never came: the object is found and adopted."""
    library.raises["create"] = lost()
    id_, outputs = books.create(inputs(books, pages=3, lock="1234"))
    assert list(library.books["main"]) == [id_]
    assert library.calls == ["list", "create", "list", "update"]
    assert outputs["lock"] == "1234"


def test_a_lost_request_is_told(
    library: Library, books: Lifecycle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing there afterwards: the failure is the service's, unchanged in kind."""

    def refuse(*_: object) -> None:
        raise lost()

    monkeypatch.setattr(books.kind, "create", refuse)
    with pytest.raises(LostAnswerError, match="cannot create book 'Emma': the library"):
        books.create(inputs(books))
    assert library.books["main"] == {}
    assert library.calls == ["list", "list"]


def test_an_object_made_meanwhile_is_adopted(
    library: Library, books: Lifecycle
) -> None:
    """Made by a crashed run's retry after we looked: the 409 has us look again."""
    books.create(inputs(books, title="other"))
    there = library.add(title="Emma")
    assert books.create(inputs(books))[0] == there
    assert library.calls == ["list", "create", "create", "list"]


def test_a_different_object_made_meanwhile_is_refused(
    library: Library, books: Lifecycle
) -> None:
    """The same, but it is not ours."""
    books.create(inputs(books, title="other"))
    library.add(title="Emma", pages=9)
    with pytest.raises(NameTakenError, match="differs in pages;"):
        books.create(inputs(books))


def test_a_taken_name_that_cannot_be_seen_is_told(
    library: Library, books: Lifecycle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A 409 for something that the list does not show stays a 409."""
    library.add(title="Emma")
    monkeypatch.setattr(books.kind, "find", lambda *_: None)
    with pytest.raises(AlreadyExistsError) as told:
        books.create(inputs(books))
    assert str(told.value) == "cannot create book 'Emma': there is a 'Emma'"
    assert told.value.status == 409


@pytest.mark.parametrize("error", [AccessError("no", status=403), ServiceError("down")])
def test_any_other_failure_is_not_looked_behind(
    library: Library, books: Lifecycle, error: ServiceError
) -> None:
    """A refusal is no lost answer: the object that is there may be anybody's."""
    library.raises["create"] = error
    with pytest.raises(type(error), match="cannot create book 'Emma': "):
        books.create(inputs(books))
    assert library.calls == ["list", "create"]


def test_a_kind_may_look_for_itself(
    library: Library, books: Lifecycle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where create would overwrite, a kind looks anew, given what the list had."""
    there = library.add(title="Emma")
    listed: list[Any] = []

    def find(api: Any, args: Any, found: Any) -> Any:
        listed.append((api.name, args.title, found.id))
        return found

    monkeypatch.setattr(books.kind, "find", find)
    books.create(inputs(books))
    assert listed == [("main", "Emma", there)]


def test_a_kind_may_compare_for_itself(
    library: Library, books: Lifecycle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the service can compare what it does not tell."""
    library.add(title="Emma")
    monkeypatch.setattr(
        books.kind, "same", lambda api, found, args: [api.name, found.id, args.lock]
    )
    with pytest.raises(NameTakenError, match=r"differs in 1234, book-1, main;"):
        books.create(inputs(books, lock="1234"))


def test_all_that_cannot_be_changed_is_named(
    library: Library, books: Lifecycle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At once, in one sentence."""
    library.add(title="Emma")
    monkeypatch.setattr(books.kind, "same", lambda *_: ["branch", "pages", "binding"])
    with pytest.raises(NameTakenError, match="its binding, branch cannot be changed;"):
        books.create(inputs(books, adopt=True))


def test_a_kind_that_sees_the_write_only_adopts_without_a_write(
    library: Library, books: Lifecycle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Compared and found the same, there is nothing to make sure of."""
    there = library.add(title="Emma")
    monkeypatch.setattr(books.kind, "sees_write_only", True, raising=False)
    id_, outputs = books.create(inputs(books, lock="1234"))
    assert id_ == there
    assert library.writes == []
    assert outputs["lock"] == "1234"


def test_what_only_the_program_knows_completes_what_was_found(
    library: Library, books: Lifecycle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`recall` is asked before the comparison, with what is asked for."""
    library.add(title="Emma", pages=9)
    monkeypatch.setattr(
        books.kind,
        "recall",
        lambda state, known: state.model_copy(update={"pages": known.pages}),
    )
    assert books.create(inputs(books, pages=3))[1]["pages"] == 3
    assert library.writes == []


def test_another_process_sees_what_this_one_made(
    library: Library, books: Lifecycle
) -> None:
    """The next `up` after a crash converges on the same object."""
    first, _ = books.create(inputs(books, shelf="A1"))
    second, _ = lifecycle(library).create(inputs(books, shelf="A1"))
    assert first == second
    assert library.writes == ["create"]
    assert library.books["main"][first]["shelf"] != SERVICE_PICKS
