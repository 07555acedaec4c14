"""The journal: a stack's own unfinished objects, told from somebody else's."""

from __future__ import annotations

import errno
import resource
from typing import TYPE_CHECKING, Any

import pytest

from components.kernel import ConfigurationError, NameTakenError, ServiceError
from components.kernel.journal import VARIABLE, Journal, mark_of
from tests.unit.kernel.library import BookKind, NumberedBookKind, lifecycle, lost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from components.kernel.lifecycle import Lifecycle
    from components.kernel.model import Properties
    from tests.unit.kernel.library import Lending, Library


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the journal's file, which the engine's caller has named."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "journal"))
    return tmp_path / "journal"


def inputs(books: Lifecycle, **fields: Any) -> Properties:
    """Return checked inputs."""
    return books.check({"title": "Emma", **fields})[0]


def test_what_a_killed_run_made_is_taken_up_whatever_became_of_it(
    library: Library, path: Path
) -> None:
    """The next run may ask for something else: a key was made anew, say."""
    killed = lifecycle(library)
    id_, _ = killed.create(inputs(killed, pages=1))
    assert Journal(path).was_cut_short
    books = lifecycle(library)
    assert books.create(inputs(books, pages=2))[0] == id_
    assert library.books["main"][id_]["pages"] == 2
    assert path.stat().st_mode & 0o777 == 0o600
    # Noted as begun, as made, and as made again: one object.
    noted = path.read_text().split()
    assert [line[:1] for line in noted] == ["+", "=", "="]
    assert len({line[1:] for line in noted}) == 1


def test_what_a_run_was_making_when_it_was_killed_is_taken_up(
    library: Library, path: Path
) -> None:
    """It was noted before, and that it was made no longer."""
    library.raises["create"] = ServiceError("the power is gone")
    killed = lifecycle(library)
    with pytest.raises(ServiceError):
        killed.create(inputs(killed, pages=1))
    assert len(path.read_text().split()) == 1
    books = lifecycle(library)
    id_, _ = books.create(inputs(books, pages=2))
    assert list(library.books["main"]) == [id_]


@pytest.mark.parametrize(
    ("fields", "of"),
    [
        ({"title": "Persuasion"}, BookKind),
        ({"branch": "east"}, BookKind),
        ({}, NumberedBookKind),
    ],
    ids=["another name", "another place", "another kind"],
)
@pytest.mark.usefixtures("path")
def test_a_note_is_of_one_object(
    library: Library, fields: dict[str, Any], of: type[Lending[Any, Any]]
) -> None:
    """Of another kind, place or name, it is still somebody else's."""
    killed = lifecycle(library)
    id_, _ = killed.create(inputs(killed))
    del library.books["main"][id_]
    there = {"branch": "main", "title": "Emma", **fields}
    library.add(**there, pages=9)
    books = lifecycle(library, of)
    with pytest.raises(NameTakenError, match="differs in pages"):
        books.create(books.check(there)[0])


def test_without_a_journal_it_is_refused(library: Library) -> None:
    """Nothing tells it from somebody else's."""
    killed = lifecycle(library)
    killed.create(inputs(killed, pages=1))
    books = lifecycle(library)
    with pytest.raises(NameTakenError, match="differs in pages"):
        books.create(inputs(books, pages=2))


def test_the_object_is_noted_before_it_is_made(library: Library, path: Path) -> None:
    """A kill may come while the service acts."""
    killed = lifecycle(library)
    seen: list[str] = []
    create = killed.kind.create

    def watched(*given: Any) -> Any:
        seen.append(path.read_text())
        return create(*given)

    killed.kind.create = watched  # type: ignore[method-assign]  # to look inside
    killed.create(inputs(killed))
    assert seen[0].startswith("+")


def test_somebody_elses_object_stays_somebody_elses(
    library: Library, path: Path
) -> None:
    """Refused once, it is refused by every run that follows."""
    library.add(title="Emma", pages=9)
    for _ in range(2):
        books = lifecycle(library)
        with pytest.raises(NameTakenError):
            books.create(inputs(books))
    assert not path.exists() or "+" not in path.read_text()


def test_an_object_made_by_others_meanwhile_is_not_ours(
    library: Library, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """We looked, noted, were refused by the service: the note is taken back."""
    books = lifecycle(library)
    create = books.kind.create

    def late(*given: Any) -> Any:
        library.add(title="Emma", pages=9)
        return create(*given)

    monkeypatch.setattr(books.kind, "create", late)
    with pytest.raises(NameTakenError):
        books.create(inputs(books))
    assert [line[:1] for line in path.read_text().splitlines()] == ["+", "-"]
    monkeypatch.undo()
    monkeypatch.setenv(VARIABLE, str(path))
    again = lifecycle(library)
    with pytest.raises(NameTakenError):
        again.create(inputs(again))


def test_what_cannot_be_changed_is_not_changed(library: Library, path: Path) -> None:
    """Ours or not, replacing it may lose data, so a person decides."""
    killed = lifecycle(library)
    killed.create(inputs(killed, binding="cloth"))
    for _ in range(2):  # and it stays ours
        books = lifecycle(library)
        with pytest.raises(NameTakenError, match="binding cannot be changed"):
            books.create(inputs(books, pages=2))
    assert "-" not in path.read_text()


def test_a_lost_answer_leaves_the_note(library: Library, path: Path) -> None:
    """It may have been made: the next run finds out."""
    library.raises["create"] = lost()
    books = lifecycle(library)
    books.create(inputs(books))
    assert path.read_text().splitlines()[0].startswith("+")


def test_a_mark_tells_kinds_places_and_names_apart() -> None:
    """And says none of them."""
    marks = {
        mark_of(token, scope, key)
        for token in ("a:A", "a:B")
        for scope in ("x", "y")
        for key in (("1",), ("2",), ("1", "2"))
    }
    assert len(marks) == 12
    assert {len(mark) for mark in marks} == {64}


def test_marks_outlive_the_process_and_can_be_withdrawn(tmp_path: Path) -> None:
    """The last word about a mark counts."""
    first = Journal(tmp_path / "j")
    for mark in ("a", "b"):
        first.begin(mark)
    first.withdraw("a")
    second = Journal(tmp_path / "j")
    assert (second.has("a"), second.has("b")) == (False, True)
    second.begin("a")
    assert Journal(tmp_path / "j").has("a")


def test_what_a_run_has_made_is_dropped_when_its_state_is_written(
    tmp_path: Path,
) -> None:
    """Not what it may have made, nor what a run made that was killed before."""
    killed = Journal(tmp_path / "j")
    killed.begin("killed")
    killed.made("killed")
    assert Journal(tmp_path / "j").was_cut_short
    before, run = Journal(tmp_path / "j"), Journal(tmp_path / "j")
    for mark in ("made", "lost"):
        run.begin(mark)
    run.made("made")
    before.settle()
    after = Journal(tmp_path / "j")
    assert [after.has(m) for m in ("killed", "made", "lost")] == [True, False, True]
    assert after.was_cut_short
    after.clear()
    assert not Journal(tmp_path / "j").was_cut_short


def test_a_run_that_takes_up_what_was_made_settles_it(tmp_path: Path) -> None:
    """Then it is in its state."""
    killed = Journal(tmp_path / "j")
    killed.begin("a")
    killed.made("a")
    before, run = Journal(tmp_path / "j"), Journal(tmp_path / "j")
    run.made("a")
    before.settle()
    assert not Journal(tmp_path / "j").was_cut_short


@pytest.mark.parametrize(
    ("noted", "lasting"),
    [(Journal.begin, True), (Journal.made, False), (Journal.withdraw, True)],
)
def test_what_tells_ours_from_others_outlives_a_power_cut(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    noted: Callable[[Journal, str], None],
    lasting: bool,
) -> None:
    """It is on the disk before anything is done; that it was done can be found out."""
    file, mark = tmp_path / "j", mark_of("a:A", "here", ("1",))
    on_disk: list[str] = []
    monkeypatch.setattr("os.fsync", lambda _: on_disk.append(file.read_text()))
    noted(Journal(file), mark)
    assert [text.strip()[1:] for text in on_disk] == ([mark] if lasting else [])


@pytest.fixture
def full_disk(path: Path) -> Iterator[Callable[[int], None]]:
    """Return what leaves so many bytes of room in any file as the journal has now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def leave(room: int) -> None:
        there = path.stat().st_size if path.exists() else 0
        resource.setrlimit(resource.RLIMIT_FSIZE, (there + room, hard))

    yield leave
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("room", [0, 1, 20])
def test_nothing_is_made_that_cannot_be_noted(
    library: Library, path: Path, full_disk: Callable[[int], None], room: int
) -> None:
    """On a full disk the error names the file; half a line harms no other."""
    Journal(path).begin("before")
    full_disk(room)
    books = lifecycle(library)
    with pytest.raises(ConfigurationError) as told:
        books.create(inputs(books))
    assert str(told.value).endswith(
        f"the journal {path}, in which flowground notes what it makes, cannot be "
        "written (File too large); make room on that disk and see who may use the "
        f"file, or name another by {VARIABLE}"
    )
    assert library.books["main"] == {}
    full_disk(1000)
    again = lifecycle(library)
    id_, _ = again.create(inputs(again))
    assert Journal(path).has("before")
    assert len(library.books["main"]) == 1
    assert id_ in library.books["main"]
    begun, made = path.read_text().splitlines()[-2:]
    assert (begun[0], made[0], begun[1:]) == ("+", "=", made[1:])


def test_what_was_made_counts_where_that_cannot_be_noted(
    library: Library, full_disk: Callable[[int], None]
) -> None:
    """The engine must learn of it; the next run finds it begun."""
    full_disk(70)  # one line's
    books = lifecycle(library)
    id_, _ = books.create(inputs(books, pages=1))
    again = lifecycle(library)
    assert again.create(inputs(again, pages=2))[0] == id_


def test_a_full_disk_leaves_the_journal_as_it_was(
    path: Path, full_disk: Callable[[int], None]
) -> None:
    """Settling writes it anew: better too much in it than nothing."""
    before, run = Journal(path), Journal(path)
    for mark in ("made", "lost"):
        run.begin(mark)
    run.made("made")
    full_disk(-path.stat().st_size)
    before.settle()
    assert Journal(path).has("made")
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_folder_that_takes_no_file_leaves_the_journal_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run has ended well, and is not told to have failed."""

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    before = Journal(tmp_path / "j")
    before.begin("lost")
    monkeypatch.setattr("pathlib.Path.write_text", refuse)
    before.settle()
    assert Journal(tmp_path / "j").has("lost")


def test_a_journal_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """What is in it is not known, so nothing is made as if it were empty."""
    with pytest.raises(ConfigurationError) as told:
        Journal(tmp_path)
    assert str(told.value) == (
        f"the journal {tmp_path}, in which flowground notes what it makes, cannot be "
        "read (Is a directory); make room on that disk and see who may use the file, "
        f"or name another by {VARIABLE}"
    )


def test_what_a_power_cut_left_in_a_journal_harms_no_other_line(
    tmp_path: Path,
) -> None:
    """Whether it is text or not; a line says one thing, at its beginning."""
    (tmp_path / "j").write_bytes(b"+before\n\0\xff +within\n+after\n")
    journal = Journal(tmp_path / "j")
    marks = ("before", "within", "after")
    assert [journal.has(mark) for mark in marks] == [True, False, True]


def test_a_journal_without_a_file_keeps_nothing() -> None:
    """Whoever runs the engine without naming one is asked for nothing more."""
    journal = Journal(None)
    journal.begin("a")
    journal.made("a")
    journal.settle()
    journal.clear()
    assert not journal.has("a")
    assert not journal.was_cut_short


def test_a_journal_that_is_not_there_yet_can_be_cleared(tmp_path: Path) -> None:
    """A run that made nothing has written none."""
    Journal(tmp_path / "j").clear()
    assert list(tmp_path.iterdir()) == []
