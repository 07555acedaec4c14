"""A mirror converges from wherever it is, and destroys nothing that no plan named.

The store is in memory and stamps each write by counting, as none but S3 with versions
does; what services do instead is in the contract tests of their kinds.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.kernel import (
    Immutable,
    Local,
    NameTakenError,
    ServiceError,
    kind,
    registry,
)
from components.kernel.lifecycle import LOOKUP, Lifecycle
from components.kernel.mirror import (
    Entry,
    MirrorArgs,
    MirrorKind,
    MirrorState,
    mirrored,
)
from tests.support.mirrors import told, write

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from components.kernel.folder import File

TOKEN = "unit:Shelf"
PATHS = st.sampled_from(["a", "b/c", "b/d", "e.log", "f"])
FOLDERS = st.dictionaries(PATHS, st.sampled_from(["1", "2", "33"]), min_size=1)


class ShelfArgs(MirrorArgs):
    """A mirror on a shelf."""

    shelf: Annotated[str, Immutable] = "shelf"
    verify: Annotated[str, Local] = "stamps"


class ShelfState(MirrorState, ShelfArgs):
    """A mirror that is there."""


class CutError(ServiceError):
    """The connection was lost, and the run with it."""


class Store:
    """A store: content and stamp by path, and what was done to it."""

    def __init__(self) -> None:
        self.files: dict[str, tuple[str, int]] = {}
        self.done: list[tuple[str, str]] = []
        self.cut_after = 10**9
        self._writes = 0

    def put(self, path: str, text: str) -> None:
        """Write a file, unless there is a folder, or a file where a folder must be."""
        assert not any(_within(path, other) for other in self.files)
        self._writes += 1
        self.files[path] = (text, self._writes)

    def act(self, verb: str, path: str) -> None:
        """Note what is done, as long as the connection holds."""
        if len(self.done) == self.cut_after:
            raise CutError("the connection was lost")
        self.done.append((verb, path))

    @property
    def text(self) -> dict[str, str]:
        """What each file says."""
        return {path: text for path, (text, _) in self.files.items()}

    def did(self, *verbs: str) -> list[str]:
        """Return to which files something was done."""
        return [path for verb, path in self.done if verb in verbs]


def _within(one: str, other: str) -> bool:
    return one.startswith(f"{other}/") or other.startswith(f"{one}/")


class ShelfPlace:
    """The store, as seen by who knows what should be there."""

    scope = "shelf"

    def __init__(self, store: Store, known: ShelfArgs) -> None:
        self.store = store
        self.known = known


@kind(TOKEN, key=("shelf",))
class ShelfKind(MirrorKind[ShelfPlace, ShelfArgs, ShelfState]):
    """The life cycle of a mirror on a shelf."""

    store: Store

    def connect(self, config: Any, args: ShelfArgs) -> ShelfPlace:
        """Return the place."""
        return ShelfPlace(config["store"], args)

    def where(self, place: ShelfPlace) -> dict[str, str]:
        """Return which shelf it is."""
        return {"id": place.known.shelf, "shelf": place.known.shelf}

    def entries(self, place: ShelfPlace) -> dict[str, Entry]:
        """List the files."""
        return {
            path: Entry(len(text), str(stamp))
            for path, (text, stamp) in place.store.files.items()
        }

    def doubts(self, place: ShelfPlace) -> bool:
        """Tell whether every file is to be read."""
        return getattr(place.known, "verify", "") == "full"

    def digests(self, place: ShelfPlace, paths: Mapping[str, Entry]) -> dict[str, str]:
        """Read files."""
        for path in paths:
            place.store.act("read", path)
        return {
            path: hashlib.sha256(place.store.files[path][0].encode()).hexdigest()
            for path in paths
        }

    def upload(
        self, place: ShelfPlace, files: Mapping[str, File], local: Mapping[str, Path]
    ) -> dict[str, str]:
        """Put files, one at a time."""
        for path, file in local.items():
            place.store.act("put", path)
            place.store.put(path, file.read_text())
            assert len(place.store.text[path]) == files[path].size
        return {path: str(place.store.files[path][1]) for path in local}

    def make_way(
        self, place: ShelfPlace, sent: Collection[str], extra: Collection[str]
    ) -> None:
        """Remove what is a file where a folder has to be, or the other way round."""
        self.remove(place, [old for old in extra if any(_within(old, p) for p in sent)])

    def remove(self, place: ShelfPlace, paths: Collection[str]) -> None:
        """Remove files, one at a time."""
        for path in sorted(paths):
            place.store.act("remove", path)
            place.store.files.pop(path, None)


del registry._kinds[TOKEN]


class Stack:
    """What the engine does with one mirror, its state included."""

    def __init__(self, store: Store) -> None:
        self.life = Lifecycle(ShelfKind(), {"store": store})
        self.store = store
        self.state: dict[str, Any] | None = None
        self.inputs: dict[str, Any] = {}

    def up(self, folder: Path, **more: Any) -> None:
        """Plan and do, as `pulumi up` does; a cut leaves the state as it was."""
        checked, failures = self.life.check({**told(folder), **more}, olds=self.inputs)
        assert not failures
        self.store.done.clear()
        if self.state is None:
            _, self.state = self.life.create(checked)
        elif checked != self.inputs:
            self.state = self.life.update("shelf", self.state, checked)
        self.inputs = checked

    def refresh(self) -> dict[str, Any] | None:
        """Take what is there into the state."""
        assert self.state is not None
        self.store.done.clear()
        live = self.life.read("shelf", self.state)
        self.state = live.outputs if live else None
        self.inputs = live.inputs if live else {}
        return self.inputs.get("files")


@pytest.fixture
def store() -> Store:
    """Return an empty store."""
    return Store()


@pytest.fixture
def stack(store: Store) -> Stack:
    """Return a stack without a mirror yet."""
    return Stack(store)


@given(before=FOLDERS, after=FOLDERS, cut=st.integers(0, 8), theirs=FOLDERS)
def test_an_interrupted_run_is_taken_up_by_the_next(
    before: dict[str, str], after: dict[str, str], cut: int, theirs: dict[str, str]
) -> None:
    """Wherever it was cut, the store ends as the folder is; nothing else is lost."""
    root = Path(tempfile.mkdtemp())
    try:
        store = Store()
        stack = Stack(store)
        for path, text in theirs.items():
            store.put(f"ours.log/{path}", text)  # ignored, and so nobody's of ours
        for name, files in (("before", before), ("after", after)):
            folder = write(root / name, files)
            store.done.clear()
            store.cut_after = cut
            try:
                stack.up(folder, ignore=["*.log/"])
            except CutError:
                store.cut_after = 10**9
                stack.up(folder, ignore=["*.log/"])
            store.cut_after = 10**9
            kept = {p: t for p, t in store.text.items() if "ours.log/" not in p}
            assert kept == files
            assert set(theirs) == {
                p.removeprefix("ours.log/") for p in store.files.keys() - kept.keys()
            }
            assert stack.refresh() == stack.inputs["files"] == told(folder)["files"]
    finally:
        shutil.rmtree(root)


@given(before=FOLDERS, after=FOLDERS)
def test_only_what_differs_is_sent_and_nothing_is_removed_before(
    before: dict[str, str], after: dict[str, str]
) -> None:
    """An update is as large as the change; the old files stay until the new are there.

    And one without a change calls nobody.
    """
    root = Path(tempfile.mkdtemp())
    try:
        stack = Stack(Store())
        stack.up(write(root / "before", before))
        stack.up(write(root / "after", after))
        sent = {path for path, text in after.items() if before.get(path) != text}
        assert set(stack.store.did("put")) == sent
        assert set(stack.store.did("remove")) == before.keys() - after.keys()
        assert stack.store.did("read") == []
        verbs = [verb for verb, _ in stack.store.done]
        assert verbs == sorted(verbs)  # "put" comes before "remove"
        stack.up(root / "after", verify="full")
        assert stack.store.done == []
    finally:
        shutil.rmtree(root)


def test_a_file_becomes_a_folder_and_a_folder_a_file(
    store: Store, stack: Stack, tmp_path: Path
) -> None:
    """Of the files that go, those in the way go before; all others last."""
    stack.up(write(tmp_path / "one", {"a": "1", "b/c": "1", "d": "1"}))
    stack.up(write(tmp_path / "two", {"a/x": "1", "b": "1"}))
    assert store.text == {"a/x": "1", "b": "1"}
    ways = [("remove", "a"), ("remove", "b/c")]
    puts = [("put", "a/x"), ("put", "b")]
    assert store.done[:4] == ways + puts
    assert store.done[-1] == ("remove", "d")


def test_what_left_the_mirror_is_no_longer_ours(
    store: Store, stack: Stack, tmp_path: Path
) -> None:
    """Put back by somebody, it stays, though the store stamps by content."""
    stack.up(write(tmp_path / "one", {"a": "1", "b": "1"}))
    put = store.files["b"]
    stack.up(write(tmp_path / "two", {"a": "1"}))
    store.files["b"] = put
    assert stack.state is not None
    stack.life.delete("shelf", stack.state)
    assert store.text == {"b": "1"}


def test_what_can_be_run_does_not_drift(
    store: Store, stack: Stack, tmp_path: Path
) -> None:
    """A store does not list it: a file that is as we put it, is so in all."""
    (write(tmp_path, {"a": "1"}) / "a").chmod(0o700)
    stack.up(tmp_path)
    wanted = stack.inputs["files"]
    assert wanted["a"]["executable"] is True
    assert stack.refresh() == wanted
    assert store.done == []


def test_a_lookup_tells_which_files_are_there(store: Store, stack: Stack) -> None:
    """By name and size; nobody has read them."""
    store.put("a", "11")
    live = stack.life.read("shelf", {"shelf": "shelf", LOOKUP: True})
    assert live is not None
    assert live.outputs["files"] == {"a": {"sha256": "", "size": 2}}
    assert store.done == []


def test_a_place_with_other_files_is_refused(
    store: Store, stack: Stack, tmp_path: Path
) -> None:
    """Nobody's files go unless `adopt` gives them up; what is right stays."""
    folder = write(tmp_path, {"a": "1", "b": "2"})
    for path, text in {"a": "1", "theirs": "3"}.items():
        store.put(path, text)
    with pytest.raises(NameTakenError, match="already there and differs in files; set"):
        stack.up(folder)
    assert store.text == {"a": "1", "theirs": "3"}
    stack.up(folder, adopt=True)
    assert store.text == {"a": "1", "b": "2"}
    assert store.did("put") == ["b"]


def test_a_file_that_would_be_overwritten_is_other(
    store: Store, stack: Stack, tmp_path: Path
) -> None:
    """The same size does not make it the same file."""
    store.put("a", "2")
    with pytest.raises(NameTakenError, match="differs in files"):
        stack.up(write(tmp_path, {"a": "1"}))
    assert store.text == {"a": "2"}


def test_drift_is_the_files_that_changed(
    store: Store, stack: Stack, tmp_path: Path
) -> None:
    """By name; a file only touched is none, and what changed size is not read."""
    files = {"a": "1", "b": "1", "c": "1", "d": "1"}
    stack.up(write(tmp_path, files))
    wanted = stack.inputs["files"]
    for path, text in {"a": "2", "b": "1", "c": "333", "e": "5"}.items():
        store.put(path, text)
    del store.files["d"]
    live = stack.refresh()
    assert live is not None
    assert sorted(store.did("read")) == ["a", "b"]
    assert live["b"] == wanted["b"]
    assert live["a"]["sha256"] == hashlib.sha256(b"2").hexdigest()
    assert live["c"] == {"sha256": "", "size": 3}
    assert live["e"] == {"sha256": "", "size": 1}
    assert "d" not in live
    stack.up(tmp_path)
    assert store.text == files
    assert set(store.did("put")) == {"a", "c", "d"}
    assert store.did("remove") == ["e"]
    assert stack.refresh() == wanted
    assert store.done == []


def test_a_mirror_without_any_of_its_files_is_gone(
    store: Store, stack: Stack, tmp_path: Path
) -> None:
    """Then it is made anew, and is not one that lost its files one by one."""
    stack.up(write(tmp_path, {"a": "1"}), ignore=["*.log"])
    del store.files["a"]
    store.put("b.log", "3")  # ignored, and so nothing of the mirror
    stack.refresh()
    assert stack.state is None
    Stack(store).up(tmp_path, ignore=["*.log"])
    assert store.text == {"a": "1", "b.log": "3"}


def test_what_is_somebodys_stays_somebodys(
    store: Store, stack: Stack, tmp_path: Path
) -> None:
    """However often a refresh sees it: it does not become ours to delete."""
    stack.up(write(tmp_path, {"a": "1", "b": "1"}))
    store.put("b", "2")
    store.put("theirs", "3")
    for _ in range(3):
        live = stack.refresh()
        assert live is not None
        assert live["b"]["sha256"] == hashlib.sha256(b"2").hexdigest()
        assert live["theirs"] == {"sha256": "", "size": 1}
        assert store.did("read") == ["b"]
    assert stack.state is not None
    stack.life.delete("shelf", stack.state)
    assert store.text == {"b": "2", "theirs": "3"}


def test_full_verification_trusts_no_stamp(
    store: Store, stack: Stack, tmp_path: Path
) -> None:
    """What was written without a new stamp is found by reading all."""
    stack.up(write(tmp_path, {"a": "1", "b": "1"}))
    store.files["a"] = ("2", store.files["a"][1])
    wanted = stack.inputs["files"]
    assert stack.refresh() == wanted
    assert store.done == []
    stack.up(tmp_path, verify="full")
    live = stack.refresh()
    assert live is not None
    assert live["a"]["sha256"] == hashlib.sha256(b"2").hexdigest()
    assert sorted(store.did("read")) == ["a", "b"]


def test_a_stamp_is_trusted_unless_a_kind_has_doubts(
    store: Store, stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refresh where nothing was written reads nothing."""
    monkeypatch.delattr(ShelfKind, "doubts")
    stack.up(write(tmp_path, {"a": "1"}))
    wanted = stack.inputs["files"]
    assert stack.refresh() == wanted
    assert store.done == []


def test_deletion_removes_what_was_put_and_nothing_else(
    store: Store, stack: Stack, tmp_path: Path
) -> None:
    """What others added or overwrote since is theirs, seen by a refresh or not."""
    stack.up(write(tmp_path, {"a": "1", "b": "1", "c": "1"}))
    store.put("b", "2")
    store.put("theirs", "3")
    assert stack.state is not None
    stale = dict(stack.state)
    stack.refresh()
    for state in (stale, stack.state):
        Stack(store).life.delete("shelf", state)
        assert store.text == {"b": "2", "theirs": "3"}


def test_what_changed_since_the_plan_stops_it(
    store: Store, stack: Stack, tmp_path: Path
) -> None:
    """Then nothing is sent at all."""
    planned = told(write(tmp_path, {"a": "1", "b": "1"}))
    write(tmp_path, {"b": "2"})
    with pytest.raises(
        Exception, match=r"'b' in '.*' is not what it was when the plan"
    ):
        stack.life.create(stack.life.check(planned)[0])
    assert store.done == []


def test_a_resource_says_what_its_folder_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a plan compares: the same wherever the checkout lies."""
    monkeypatch.chdir(tmp_path)
    folder = write(tmp_path / "dags", {"run.sh": "", "b.log": ""})
    (folder / "run.sh").chmod(0o700)
    for mode, executable in ((True, True), (False, None)):
        said = mirrored(folder, ("*.log",), mode=mode)
        [(path, file)] = said.pop("files").items()
        assert (path, file.executable) == ("run.sh", executable)
        assert said == {"folder": "dags", "ignore": ["*.log"]}
