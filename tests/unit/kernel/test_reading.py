"""Read: the live object as outputs and as inputs, in one batch with all others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from components.kernel import AccessError, Kind, NotFoundError, RefusedError
from components.kernel.lifecycle import CLAIM, FOUND_ID, LOOKUP, Live
from tests.unit.kernel.library import BookArgs, NumberedBookKind, lifecycle
from tests.unit.kernel.test_creating import inputs

if TYPE_CHECKING:
    from components.kernel.lifecycle import Lifecycle
    from components.kernel.model import Properties
    from tests.unit.kernel.library import Library

EVERYTHING: dict[str, Any] = {
    "pages": 3,
    "notes": '{"a":null}',
    "chapters": [{"heading": "h", "figures": "[1]"}],
    "tags": ["a", "b"],
    "shelf": "A1",
    "lock": "1234",
    "owner": "me",
    "keep": True,
    "adopt": True,
}


def read(books: Lifecycle, id_: str, props: Properties) -> Live:
    """Read what is surely there."""
    live = books.read(id_, props)
    assert live is not None
    return live


@pytest.mark.parametrize("fields", [{}, EVERYTHING], ids=["defaults", "everything"])
def test_what_was_created_reads_back_the_same(
    books: Lifecycle, fields: dict[str, Any]
) -> None:
    """A refresh right after an `up` finds no drift: neither outputs nor inputs."""
    wanted = inputs(books, **fields)
    id_, outputs = books.create(wanted)
    assert read(books, id_, outputs) == Live(id_, outputs, wanted)


def test_drift_shows_property_by_property(library: Library, books: Lifecycle) -> None:
    """What somebody else changed, and nothing besides, differs in the inputs."""
    wanted = inputs(books, notes='{"a":1}')
    id_, outputs = books.create(wanted)
    library.change(id_, pages=9, notes={"a": True})
    live = read(books, id_, outputs)
    assert live.inputs == {**wanted, "pages": 9, "notes": '{"a":true}'}
    assert live.outputs["pages"] == 9


def test_where_the_program_is_silent_nothing_drifts(
    library: Library, books: Lifecycle
) -> None:
    """Left to the service, or to somebody else."""
    id_, outputs = books.create(inputs(books))
    library.change(id_, shelf="moved")
    live = read(books, id_, outputs)
    assert "shelf" not in live.inputs
    assert "shelf" not in live.outputs


def test_where_the_program_speaks_the_same_field_drifts(
    library: Library, books: Lifecycle
) -> None:
    """The program's word counts."""
    id_, outputs = books.create(inputs(books, shelf="A1"))
    library.change(id_, shelf="moved")
    assert read(books, id_, outputs).inputs["shelf"] == "moved"


def test_what_somebody_emptied_drifts(library: Library, books: Lifecycle) -> None:
    """That there is nothing any more is a change like others."""
    id_, outputs = books.create(inputs(books, shelf="A1", owner="me-myself"))
    library.change(id_, shelf=None, owner=None)
    live = read(books, id_, outputs)
    for props in (live.inputs, live.outputs):
        assert props.keys().isdisjoint({"shelf", "owner"})


def test_a_foreign_write_makes_the_write_only_unknown(
    library: Library, books: Lifecycle
) -> None:
    """It may have been overwritten: out of state, so that the next `up` writes it."""
    id_, outputs = books.create(inputs(books, lock="1234"))
    library.change(id_)
    live = read(books, id_, outputs)
    assert "lock" not in live.inputs
    assert "lock" not in live.outputs
    assert live.outputs["written"] != outputs["written"]


def test_without_a_foreign_write_the_write_only_stays(books: Lifecycle) -> None:
    """The service's own stamp says that nobody wrote."""
    id_, outputs = books.create(inputs(books, lock="1234"))
    live = read(books, id_, outputs)
    assert (live.inputs["lock"], live.outputs["lock"]) == ("1234", "1234")


def test_state_without_a_stamp_says_nothing_of_foreign_writes(
    books: Lifecycle,
) -> None:
    """State of a version that kept none: the write-only value stays as written."""
    id_, outputs = books.create(inputs(books, lock="1234"))
    del outputs["written"]
    assert read(books, id_, outputs).inputs["lock"] == "1234"


def test_a_minted_secret_stays_whoever_writes(library: Library) -> None:
    """State is the only place that has it; a foreign write does not mint it anew."""
    numbered = lifecycle(library, NumberedBookKind)
    id_, outputs = numbered.create(inputs(numbered))
    library.change(id_, pages=2)
    live = read(numbered, id_, outputs)
    assert live.outputs["barcode"] == outputs["barcode"]
    assert "barcode" not in live.inputs


def test_the_kernels_own_marks_stay(books: Lifecycle) -> None:
    """Claim and `adopt` are state's, and only the latter is an input."""
    id_, outputs = books.create(inputs(books, adopt=True))
    live = read(books, id_, outputs)
    assert (live.outputs["adopt"], live.inputs["adopt"]) == (True, True)
    assert live.outputs[CLAIM] == outputs[CLAIM]
    assert CLAIM not in live.inputs


def test_inputs_are_the_arguments_and_nothing_else(
    library: Library, books: Lifecycle
) -> None:
    """What only the service knows would show as a diff for ever."""
    there = library.add(title="Emma")
    live = read(books, there, {})
    assert live.inputs.keys() <= BookArgs.model_fields.keys()
    assert "written" in live.outputs
    assert "id" not in live.outputs


def test_what_is_gone_is_none(library: Library, books: Lifecycle) -> None:
    """Deleted behind our back: the next `up` makes it again."""
    id_, outputs = books.create(inputs(books))
    del library.books["main"][id_]
    assert books.read(id_, outputs) is None


def test_what_is_gone_with_its_place_is_none(
    library: Library, books: Lifecycle
) -> None:
    """The workspace is gone, and everything in it."""
    id_, outputs = books.create(inputs(books))
    library.raises["list"] = NotFoundError("no such branch", status=404)
    assert books.read(id_, outputs) is None


def test_no_answer_is_not_gone(library: Library, books: Lifecycle) -> None:
    """A refused credential must not empty a stack."""
    id_, outputs = books.create(inputs(books))
    library.raises["list"] = AccessError("bad key", status=401)
    with pytest.raises(AccessError, match="cannot read book 'Emma': bad key"):
        books.read(id_, outputs)


def test_what_this_version_cannot_express_is_told(
    library: Library, books: Lifecycle
) -> None:
    """It is there, so it is not gone; and nobody may guess what it is."""
    id_, outputs = books.create(inputs(books))
    library.change(id_, binding="stone")
    with pytest.raises(RefusedError) as told:
        books.read(id_, outputs)
    assert str(told.value) == (
        "cannot read book 'Emma': it was changed into something this version cannot "
        "express (ValidationError); change it back, or upgrade flowground"
    )


def test_what_only_the_program_knows_completes_what_was_read(
    books: Lifecycle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`recall` is given the old state."""
    id_, outputs = books.create(inputs(books, pages=3))
    monkeypatch.setattr(
        books.kind,
        "recall",
        lambda state, known: state.model_copy(update={"pages": known.pages + 1}),
    )
    assert read(books, id_, outputs).inputs["pages"] == 4


def test_a_batch_of_reads_is_one_list_call(library: Library, books: Lifecycle) -> None:
    """A refresh costs pages, not objects."""
    ids = [library.add(title=f"book {i}") for i in range(9)]
    for id_ in ids:
        assert read(books, id_, {}).id == id_
    assert library.calls == ["list"]


def test_each_place_is_read_by_itself(library: Library, books: Lifecycle) -> None:
    """The branch in state says where to look."""
    east = library.add("east", title="Emma", pages=2)
    west = library.add("west", title="Emma", pages=3)
    assert read(books, east, {"branch": "east"}).outputs["pages"] == 2
    assert read(books, west, {"branch": "west"}).outputs["pages"] == 3
    assert books.read(east, {"branch": "west"}) is None


def test_a_lookup_finds_by_key(library: Library, books: Lifecycle) -> None:
    """What something else owns, with all that it has, by its natural key."""
    there = library.add("east", title="Emma", pages=9, shelf="A1")
    live = read(books, "Emma", {"title": "Emma", "branch": "east", LOOKUP: True})
    assert live.id == there
    assert live.outputs["pages"] == 9
    assert live.outputs["shelf"] == "A1"
    assert live.outputs[LOOKUP] is True
    assert live.outputs[FOUND_ID] == there
    assert live.inputs == live.outputs
    assert live.inputs is not live.outputs
    assert CLAIM not in live.outputs


def test_a_lookup_is_refreshed_by_key(library: Library, books: Lifecycle) -> None:
    """Deleted and made again under its name, it is what was looked up."""
    first = library.add(title="Emma")
    live = read(books, "Emma", {"title": "Emma", LOOKUP: True})
    del library.books["main"][first]
    second = library.add(title="Emma", pages=9)
    again = read(books, live.id, live.outputs)
    assert (again.id, again.outputs["pages"]) == (second, 9)


def test_a_lookup_that_misses_is_an_error(library: Library, books: Lifecycle) -> None:
    """An empty answer would let a program go on with nothing."""
    library.add(title="Persuasion")
    with pytest.raises(NotFoundError) as told:
        books.read("Emma", {"title": "Emma", LOOKUP: True})
    assert str(told.value) == (
        "cannot read book 'Emma': there is none of that name; "
        "correct the name, or create it first"
    )


def test_a_lookup_asks_the_kind(
    library: Library, books: Lifecycle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kind that must look for itself does so here too."""
    there = library.add(title="Emma")
    found = read(books, there, {"title": "Emma", LOOKUP: True})
    monkeypatch.setattr(
        type(books.kind), "find", lambda *_: pytest.fail("asked"), raising=True
    )
    assert Kind.find is not type(books.kind).find
    with pytest.raises(pytest.fail.Exception, match="asked"):
        books.read(found.id, found.outputs)


def test_nothing_is_written_by_reading(library: Library, books: Lifecycle) -> None:
    """Neither by a refresh nor by a lookup."""
    there = library.add(title="Emma")
    books.read(there, {})
    books.read("Emma", {"title": "Emma", LOOKUP: True})
    assert library.writes == []
