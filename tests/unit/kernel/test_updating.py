"""Check, diff, update and delete, as the engine strings them together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from components.kernel import DataLossError, NotFoundError, ServiceError
from components.kernel.lifecycle import CLAIM, Lifecycle
from tests.unit.kernel.library import BookKind, NumberedBookKind, lifecycle
from tests.unit.kernel.test_creating import inputs
from tests.unit.kernel.test_reading import EVERYTHING, read

if TYPE_CHECKING:
    from components.kernel.model import Properties
    from tests.unit.kernel.library import Library


def up(
    books: Lifecycle, id_: str, outputs: Properties, olds: Properties, **fields: Any
) -> tuple[list[str], Properties]:
    """Check, diff and update; return what changed and the new outputs."""
    news, failures = books.check({"title": "Emma", **fields}, olds=olds)
    assert not failures
    assert books.replaces(id_, outputs, news) == []
    changes = sorted(k for k in {*olds, *news} if olds.get(k) != news.get(k))
    return changes, books.update(id_, outputs, news)


def test_adopt_is_looked_at_only_while_creating(books: Lifecycle) -> None:
    """Adding or removing it later is no change."""
    with_it = inputs(books, adopt=True)
    without = inputs(books)
    assert books.check({"title": "Emma"}, olds=with_it)[0] == with_it
    assert books.check({"title": "Emma", "adopt": True}, olds=without)[0] == without
    assert books.check({"title": "Emma", "adopt": True}, olds={})[0] == with_it
    assert books.check({"title": "Emma", "adopt": True})[0] == with_it


def test_an_adopt_that_is_unknown_yet_stays_unknown(books: Lifecycle) -> None:
    """It is neither filled in from the old inputs nor told to be wrong."""
    old = inputs(books, adopt=True)
    checked, failures = books.check({"title": "Emma"}, unknown=("adopt",), olds=old)
    assert failures == []
    assert "adopt" not in checked


def test_check_hands_on_what_is_unknown(books: Lifecycle) -> None:
    """What is not known yet is not missing."""
    checked, failures = books.check({"pages": 2}, unknown=("title",))
    assert failures == []
    assert checked["pages"] == 2
    assert books.check({"pages": 2})[1]


def test_only_immutable_changes_replace(books: Lifecycle) -> None:
    """Each by name, in order; the engine finds all other changes itself."""
    wanted = inputs(books)
    id_, outputs = books.create(wanted)
    assert books.replaces(id_, outputs, wanted) == []
    assert books.replaces(id_, outputs, {**wanted, "pages": 9}) == []
    moved = {**wanted, "branch": "east", "binding": "cloth", "pages": 9}
    assert books.replaces(id_, outputs, moved) == ["binding", "branch"]


def test_an_immutable_value_that_is_unknown_yet_replaces(books: Lifecycle) -> None:
    """A preview must not promise to keep what may have to go."""
    wanted = inputs(books)
    id_, outputs = books.create(wanted)
    left_out = {k: v for k, v in wanted.items() if k not in {"branch", "pages"}}
    no_known_value = {**wanted, "branch": object(), "pages": object()}
    for partly in (left_out, no_known_value):
        assert books.replaces(id_, outputs, partly) == ["branch"]


def test_a_change_is_sent_and_nothing_besides(
    library: Library, books: Lifecycle
) -> None:
    """The object keeps its id, and what the program does not manage."""
    old = inputs(books)
    id_, outputs = books.create(old)
    library.change(id_, shelf="moved")
    changes, updated = up(books, id_, outputs, old, pages=2)
    assert changes == ["pages"]
    assert library.writes == ["create", "update"]
    assert library.books["main"][id_]["pages"] == 2
    assert library.books["main"][id_]["shelf"] == "moved"
    assert updated["pages"] == 2
    assert "shelf" not in updated


def test_outputs_are_whole_after_an_update(books: Lifecycle) -> None:
    """They are what a read right after would find."""
    old = inputs(books)
    id_, outputs = books.create(old)
    _, updated = up(books, id_, outputs, old, **{**EVERYTHING, "adopt": False})
    assert updated[CLAIM] == outputs[CLAIM]
    assert "id" not in updated
    assert read(books, id_, updated).outputs == updated


@pytest.mark.parametrize("fields", [{}, EVERYTHING], ids=["defaults", "everything"])
def test_nothing_changed_nothing_sent(
    library: Library, books: Lifecycle, fields: dict[str, Any]
) -> None:
    """An update that the engine asks for needlessly costs no call at all."""
    old = inputs(books, **fields)
    id_, outputs = books.create(old)
    library.calls.clear()
    changes, updated = up(books, id_, outputs, old, **fields)
    assert changes == []
    assert library.calls == []
    assert updated == outputs


def test_a_field_given_back_to_the_service_is_no_reason_to_write(
    library: Library, books: Lifecycle
) -> None:
    """Silent from now on: what is there stays, and leaves the state."""
    old = inputs(books, shelf="A1")
    id_, outputs = books.create(old)
    changes, updated = up(books, id_, outputs, old)
    assert changes == ["shelf"]
    assert library.writes == ["create"]
    assert "shelf" not in updated


def test_a_write_only_change_is_sent(library: Library, books: Lifecycle) -> None:
    """State says what was written last, so a new value is a change."""
    old = inputs(books, lock="1234")
    id_, outputs = books.create(old)
    changes, updated = up(books, id_, outputs, old, lock="5678")
    assert changes == ["lock"]
    assert library.locks[id_] == "5678"
    assert updated["lock"] == "5678"


def test_a_write_only_value_taken_away_leaves_the_state(
    library: Library, books: Lifecycle
) -> None:
    """Removed in the program, removed in the service."""
    old = inputs(books, lock="1234")
    id_, outputs = books.create(old)
    _, updated = up(books, id_, outputs, old)
    assert library.locks[id_] is None
    assert "lock" not in updated


def test_what_a_foreign_write_put_in_doubt_is_written_again(
    library: Library, books: Lifecycle
) -> None:
    """Drift of what nobody can read: refresh, then `up`, and it is ours again."""
    old = inputs(books, lock="1234")
    id_, outputs = books.create(old)
    library.change(id_)
    library.locks[id_] = "foreign"
    live = read(books, id_, outputs)
    changes, updated = up(books, id_, live.outputs, live.inputs, lock="1234")
    assert changes == ["lock"]
    assert library.locks[id_] == "1234"
    assert read(books, id_, updated).inputs == old


def test_a_minted_secret_survives_updates(library: Library) -> None:
    """The service does not tell it again."""
    numbered = lifecycle(library, NumberedBookKind)
    old = inputs(numbered)
    id_, outputs = numbered.create(old)
    _, updated = up(numbered, id_, outputs, old, pages=2)
    assert updated["barcode"] == outputs["barcode"] == "printed-2"
    _, again = up(numbered, id_, updated, inputs(numbered, pages=2), pages=2)
    assert again["barcode"] == outputs["barcode"]


def test_a_minted_secret_that_an_update_mints_anew_is_kept(library: Library) -> None:
    """What the service told last is what counts."""
    numbered = lifecycle(library, NumberedBookKind)
    old = inputs(numbered)
    id_, outputs = numbered.create(old)
    del outputs["barcode"]
    _, updated = up(numbered, id_, outputs, old, pages=2)
    assert updated["barcode"] == "printed-3"


def test_a_local_change_is_kept_in_state(books: Lifecycle) -> None:
    """Flowground's own setting goes where it belongs."""
    old = inputs(books, keep=True)
    id_, outputs = books.create(old)
    changes, updated = up(books, id_, outputs, old)
    assert changes == ["keep"]
    assert updated["keep"] is False
    assert read(books, id_, updated).inputs["keep"] is False


def test_adopt_in_state_stays_through_updates(books: Lifecycle) -> None:
    """It is part of inputs and outputs alike, or it would show as a change."""
    old = inputs(books, adopt=True)
    id_, outputs = books.create(old)
    changes, updated = up(books, id_, outputs, old, pages=2)
    assert changes == ["pages"]
    assert updated["adopt"] is True


def test_after_an_update_the_service_itself_is_asked(
    library: Library, books: Lifecycle
) -> None:
    """What was listed before is no longer so."""
    old = inputs(books)
    id_, outputs = books.create(old)
    read(books, id_, outputs)
    _, updated = up(books, id_, outputs, old, pages=2)
    assert read(books, id_, updated).outputs["pages"] == 2
    assert library.calls.count("list") == 3


def test_what_was_updated_is_not_read_from_an_older_list(
    library: Library, books: Lifecycle
) -> None:
    """Even if nobody has asked that list for it."""
    old = inputs(books)
    id_, outputs = books.create(old)
    read(books, library.add(title="other"), {})
    _, updated = up(books, id_, outputs, old, pages=2)
    assert read(books, id_, updated).outputs["pages"] == 2


def test_what_the_program_no_longer_says_leaves_the_state(books: Lifecycle) -> None:
    """Left to the service from now on, or not there at all."""
    old = inputs(books, shelf="A1", lock="1234", owner="me-myself")
    id_, outputs = books.create(old)
    changes, updated = up(books, id_, outputs, old, pages=2)
    assert changes == ["lock", "owner", "pages", "shelf"]
    assert updated.keys().isdisjoint({"lock", "owner", "shelf"})


def test_a_minted_secret_outlives_an_update(library: Library) -> None:
    """It was told once, and state is the only place that has it."""
    numbered = lifecycle(library, NumberedBookKind)
    old = inputs(numbered)
    id_, outputs = numbered.create(old)
    _, updated = up(numbered, id_, outputs, old, pages=2)
    assert updated["barcode"] == outputs["barcode"]


def test_a_name_given_up_is_free_for_another(
    library: Library, books: Lifecycle
) -> None:
    """Renamed, it must not be found under its old name from an older list."""
    old = inputs(books)
    id_, outputs = books.create(old)
    books.create(inputs(books, title="other"))
    renamed = {**old, "title": "Persuasion"}
    assert read(books, id_, outputs).inputs["title"] == "Emma"
    assert books.replaces(id_, outputs, renamed) == []
    books.update(id_, outputs, renamed)
    another, _ = books.create(inputs(books))
    assert another != id_
    assert {b["title"] for b in library.books["main"].values()} == {
        "Emma",
        "Persuasion",
        "other",
    }


def test_a_failed_update_is_told(library: Library, books: Lifecycle) -> None:
    """One sentence about one object, of the error's own class and status."""
    old = inputs(books)
    id_, outputs = books.create(old)
    library.raises["update"] = ServiceError("down", status=503)
    with pytest.raises(ServiceError) as told:
        books.update(id_, outputs, {**old, "pages": 2})
    assert str(told.value) == "cannot update book 'Emma': down"
    assert told.value.status == 503


def test_a_delete_deletes(library: Library, books: Lifecycle) -> None:
    """And a read afterwards asks the service itself."""
    id_, outputs = books.create(inputs(books))
    read(books, id_, outputs)
    books.delete(id_, outputs)
    assert library.books["main"] == {}
    assert books.read(id_, outputs) is None


def test_what_was_deleted_is_not_found_in_an_older_list(
    library: Library, books: Lifecycle
) -> None:
    """Neither by its key nor by its id: a replacement would adopt a ghost."""
    id_, outputs = books.create(inputs(books))
    other = library.add(title="other")
    read(books, other, {})
    books.delete(id_, outputs)
    again, outputs = books.create(inputs(books))
    assert again != id_
    for _ in range(2):  # the second time it is listed anew
        read(books, other, {})
    books.delete(again, outputs)
    assert books.read(again, outputs) is None


def test_what_was_adopted_is_not_read_from_an_older_list(
    library: Library, books: Lifecycle
) -> None:
    """Before the adoption it was something else."""
    there = library.add(title="Emma", pages=9)
    wanted = inputs(books, adopt=True)
    _, outputs = books.create(wanted)
    assert read(books, there, outputs).inputs == wanted


def test_a_delete_knows_the_state(
    library: Library, books: Lifecycle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kind may look at any output, and at what is local."""
    id_, outputs = books.create(inputs(books, keep=True, pages=3))
    seen: list[Any] = []
    monkeypatch.setattr(books.kind, "delete", lambda _, state: seen.append(state))
    books.delete(id_, outputs)
    [state] = seen
    assert (state.id, state.keep, state.pages) == (id_, True, 3)
    assert state.written == library.books["main"][id_]["written"]


def test_a_kind_may_be_given_what_is_there_to_delete(
    library: Library, books: Lifecycle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of a destroy by one list call; what is not listed, as the state has it."""
    made = [books.create(inputs(books, title=f"{n}", pages=n)) for n in range(3)]
    for id_, _ in made[:2]:
        library.books["main"][id_]["pages"] = 9
    del library.books["main"][made[2][0]]
    seen: list[Any] = []
    monkeypatch.setattr(books.kind, "deletes_as_listed", True)  # its value
    monkeypatch.setattr(books.kind, "delete", lambda _, state: seen.append(state))
    library.calls.clear()
    for id_, outputs in made[:2]:
        books.delete(id_, outputs)
    assert library.calls == ["list"]
    books.delete(*made[2])
    assert [state.pages for state in seen] == [9, 9, 2]


def test_a_delete_tolerates_what_is_gone(library: Library, books: Lifecycle) -> None:
    """A delete whose answer was lost can be repeated."""
    id_, outputs = books.create(inputs(books))
    books.delete(id_, outputs)
    books.delete(id_, outputs)
    assert library.writes == ["create", "delete", "delete"]


def test_a_refused_delete_is_told(library: Library, books: Lifecycle) -> None:
    """Data that nobody gave up stays, and so does the claim's owner in state."""
    id_, outputs = books.create(inputs(books))
    library.raises["delete"] = DataLossError("it holds data; set force_destroy=True")
    with pytest.raises(DataLossError) as told:
        books.delete(id_, outputs)
    assert str(told.value) == (
        "cannot delete book 'Emma': it holds data; set force_destroy=True"
    )


def test_after_a_failed_delete_the_service_itself_is_asked(
    library: Library, books: Lifecycle
) -> None:
    """It may have been carried out."""
    id_, outputs = books.create(inputs(books))
    read(books, id_, outputs)
    library.raises["delete"] = ServiceError("down")
    with pytest.raises(ServiceError):
        books.delete(id_, outputs)
    assert books.read(id_, outputs) is None


def test_a_life_cycle_without_settings_has_none() -> None:
    """A provider that was never configured reads settings as absent."""
    assert Lifecycle(BookKind()).config.get("library") is None


def test_an_update_of_what_is_gone_is_told(
    books: Lifecycle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a delete tolerates it: an update would pretend to have written."""

    def gone(*_: object) -> None:
        raise NotFoundError("there is no such book", status=404)

    old = inputs(books)
    id_, outputs = books.create(old)
    monkeypatch.setattr(books.kind, "update", gone)
    with pytest.raises(NotFoundError, match="cannot update book 'Emma': there is no"):
        books.update(id_, outputs, {**old, "pages": 2})
