"""The traps of files on volumes: what is sent, what is kept, what stands in the way."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import modal_files
from tests.support.mirrors import told, write
from tests.support.servicer import CallError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.contract.conftest import Worlds
    from tests.support.modal_world import ModalWorld
    from tests.support.servicer import Object

ENVIRONMENT = "modal:Environment"
FILES = "modal:VolumeFiles"
VOLUME = "modal:Volume"
MEBIBYTE = 1024 * 1024


@pytest.fixture
def world(worlds: Worlds) -> ModalWorld:
    """Return an environment of a control plane."""
    return worlds.of(FILES)


@pytest.fixture
def volume(world: ModalWorld, unique: str) -> Object:
    """Return an empty volume."""
    return world.make(VOLUME, {"name": unique, "force_destroy": True})


@pytest.fixture
def mirror(
    world: ModalWorld, volume: Object, tmp_path: Path
) -> Callable[..., dict[str, Any]]:
    """Return what makes the inputs of a mirror: it has these files, and no others."""

    def inputs(files: dict[str, str], **more: Any) -> dict[str, Any]:
        folder = tmp_path / str(len([*tmp_path.iterdir()]))
        where = {**world.place, "volume_id": volume.id}
        return {**told(write(folder, files)), **where, **more}

    return inputs


def _on(world: ModalWorld, volume: Object) -> set[str]:
    return set(modal_files.listed(world, volume.id))


def test_files_are_put_first_and_removed_last(
    world: ModalWorld, volume: Object, mirror: Callable[..., dict[str, Any]]
) -> None:
    """A function that starts meanwhile finds old files or new ones, and never none."""
    made = world.servicer.create(FILES, mirror({"old.py": "", "same.py": "s"}))
    with world.recording() as calls:
        world.servicer.update(made, mirror({"new.py": "", "same.py": "s"}))
    writes = [call.path for call in calls if call.writes]
    assert writes.index("VolumePutFiles") < writes.index("VolumeRemoveFile")
    assert _on(world, volume) == {"new.py", "same.py"}


def test_a_volume_is_asked_for_its_version_and_its_files_once(
    world: ModalWorld, mirror: Callable[..., dict[str, Any]]
) -> None:
    """Besides the files themselves, a first upload takes five calls."""
    with world.recording() as calls:
        world.servicer.create(FILES, mirror({f"{i}.py": str(i) for i in range(30)}))
    paths = [call.path for call in calls]
    assert [path for path in paths if path != "MountPutFile"] == [
        "VolumeGetById",
        "VolumeListFiles",
        "MountBatchedCheckExistence",
        "VolumePutFiles",
        "VolumeListFiles",
    ]
    assert paths.count("MountPutFile") == 30


def test_files_that_did_not_change_are_neither_read_nor_sent(
    world: ModalWorld, mirror: Callable[..., dict[str, Any]]
) -> None:
    """One changed file of many costs what one costs; a refresh reads none back."""
    files = {f"{i}.py": f"print({i})" for i in range(30)}
    made = world.servicer.create(FILES, mirror(files))
    with world.recording() as calls:
        made = world.servicer.update(made, mirror({**files, "7.py": "changed"}))
    paths = [call.path for call in calls]
    assert paths.count("MountPutFile") == 1
    assert paths.count("VolumePutFiles") == 1
    assert "VolumeGetFile2" not in paths
    with world.recording() as calls:
        assert world.servicer.read(made) is not None
    assert [call.path for call in calls] == ["VolumeGetById", "VolumeListFiles"]


def test_what_modal_has_already_is_not_sent(
    world: ModalWorld, volume: Object, mirror: Callable[..., dict[str, Any]]
) -> None:
    """Contents are known by their hashes: one call asks of all, and moves are free."""
    files = {f"{i}.py": f"print({i})" for i in range(30)}
    made = world.servicer.create(FILES, mirror(files))
    moved = {f"lib/{path}": text for path, text in files.items()}
    with world.recording() as calls:
        world.servicer.update(made, mirror(moved))
    paths = [call.path for call in calls]
    assert paths.count("MountBatchedCheckExistence") == 1
    assert paths.count("MountPutFile") == 0
    assert _on(world, volume) == set(moved)


def _as_if_put_earlier(made: Object) -> None:
    """Let all seem to have been put an hour ago: volumes tell time in seconds."""
    for path, stamp in made.outputs["stamps"].items():
        made.outputs["stamps"][path] = str(int(stamp) - 3600)


def test_what_was_only_touched_is_no_drift(
    world: ModalWorld, mirror: Callable[..., dict[str, Any]]
) -> None:
    """Another time and the same content: it is read once, and then known."""
    made = world.servicer.create(FILES, mirror({"a.py": "a", "b.py": "b"}))
    _as_if_put_earlier(made)
    with world.recording() as calls:
        live = world.servicer.read(made)
    assert live is not None
    assert live.inputs == made.inputs
    assert [call.path for call in calls].count("VolumeGetFile2") == 2
    with world.recording() as calls:
        world.servicer.read(live)
    assert "VolumeGetFile2" not in [call.path for call in calls]


def test_a_same_size_change_is_told_by_its_hash(
    world: ModalWorld, volume: Object, mirror: Callable[..., dict[str, Any]]
) -> None:
    """Exactly the file that somebody changed shows, and `up` puts it back."""
    made = world.servicer.create(FILES, mirror({"a.py": "a", "b.py": "b"}))
    _as_if_put_earlier(made)
    modal_files.put(world, volume.id, "a.py", "x")
    live = world.servicer.read(made)
    assert live is not None
    assert live.inputs["files"]["b.py"] == made.inputs["files"]["b.py"]
    assert live.inputs["files"]["a.py"] != made.inputs["files"]["a.py"]
    with world.recording() as calls:
        repaired = world.servicer.update(live, made.inputs)
    assert [call.path for call in calls].count("VolumePutFiles") == 1
    full = {**repaired.outputs, "verify": "full"}
    repaired.outputs = full
    again = world.servicer.read(repaired)
    assert again is not None
    assert again.inputs["files"] == made.inputs["files"]


def test_other_files_are_not_removed_by_surprise(
    world: ModalWorld, volume: Object, mirror: Callable[..., dict[str, Any]]
) -> None:
    """A volume in use is refused; `adopt` gives up what is there."""
    modal_files.put(world, volume.id, "data/theirs.csv", "1,2,3")
    with pytest.raises(CallError, match="already there and differs in files; set adop"):
        world.servicer.create(FILES, mirror({"a.py": "a"}))
    assert _on(world, volume) == {"data/theirs.csv"}
    world.servicer.create(FILES, mirror({"a.py": "a"}, adopt=True))
    assert _on(world, volume) == {"a.py"}


def test_an_interrupted_create_is_taken_up(
    world: ModalWorld, volume: Object, mirror: Callable[..., dict[str, Any]]
) -> None:
    """Some of the very files are there and no others: the rest follows."""
    modal_files.put(world, volume.id, "dags/a.py", "a")
    made = world.servicer.create(FILES, mirror({"a.py": "a", "b.py": "b"}, path="dags"))
    assert _on(world, volume) == {"dags/a.py", "dags/b.py"}
    live = world.servicer.read(made)
    assert live is not None
    assert live.inputs == made.inputs


def test_a_lost_connection_leaves_the_old_files(
    world: ModalWorld, volume: Object, mirror: Callable[..., dict[str, Any]]
) -> None:
    """Nothing is removed unless all was put; the same update again converges."""
    made = world.servicer.create(FILES, mirror({"old.py": "old"}))
    wanted = mirror({"new.py": "new"})
    world.lose_one_answer(lambda call: call.path == "VolumePutFiles")
    updated = world.servicer.update(made, wanted)
    assert _on(world, volume) == {"new.py"}
    again = world.servicer.update(made, wanted)  # as if the state had been lost
    assert again.outputs["files"] == updated.outputs["files"]
    assert _on(world, volume) == {"new.py"}


def test_deletion_leaves_what_others_put(
    world: ModalWorld, volume: Object, mirror: Callable[..., dict[str, Any]]
) -> None:
    """Neither files beside ours go, nor ours that somebody has overwritten."""
    made = world.servicer.create(FILES, mirror({"a.py": "a", "lib/b.py": "b"}))
    modal_files.put(world, volume.id, "lib/theirs.py", "")
    made.outputs["stamps"]["a.py"] = "1"  # as if it had been written since
    world.servicer.delete(made)
    assert _on(world, volume) == {"a.py", "lib/theirs.py"}


def test_deletion_leaves_no_empty_folders(
    world: ModalWorld, mirror: Callable[..., dict[str, Any]]
) -> None:
    """A folder whose files all go is removed whole, in one call."""
    files = {f"pkg/deep/{i}.py": "" for i in range(20)}
    made = world.servicer.create(FILES, mirror({**files, "b.py": ""}))
    with world.recording() as calls:
        world.servicer.delete(made)
    assert [call.path for call in calls].count("VolumeRemoveFile") == 2
    assert world.servicer.read(made) is None
    world.servicer.create(FILES, mirror({"pkg": "a file where the folder was"}))


def test_what_is_ignored_is_left_alone_on_the_volume(
    world: ModalWorld, volume: Object, mirror: Callable[..., dict[str, Any]]
) -> None:
    """Functions write caches beside what they import: no drift, and not removed."""
    made = world.servicer.create(FILES, mirror({"a.py": "a"}, ignore=["*.log"]))
    theirs = {"__pycache__/a.cpython-311.pyc", "today.log"}
    for path in theirs:
        modal_files.put(world, volume.id, path, "theirs")
    live = world.servicer.read(made)
    assert live is not None
    assert live.inputs == made.inputs
    world.servicer.update(live, mirror({"b.py": "b"}, ignore=["*.log"]))
    assert _on(world, volume) == {"b.py", *theirs}


def test_a_file_can_become_a_folder_and_back(
    world: ModalWorld, volume: Object, mirror: Callable[..., dict[str, Any]]
) -> None:
    """What stands in the way goes first; all else still goes last."""
    made = world.servicer.create(FILES, mirror({"a": "file", "z.py": ""}))
    made = world.servicer.update(made, mirror({"a/b.py": "", "a/c/d.py": ""}))
    assert _on(world, volume) == {"a/b.py", "a/c/d.py"}
    world.servicer.update(made, mirror({"a": "file"}))
    assert _on(world, volume) == {"a"}


def test_what_changed_since_the_plan_is_not_put(
    world: ModalWorld,
    volume: Object,
    mirror: Callable[..., dict[str, Any]],
    tmp_path: Path,
) -> None:
    """The volume gets what was approved, or nothing."""
    inputs = mirror({"a.py": "a", "b.py": "b"})
    (tmp_path / "0" / "b.py").write_text("c")
    with pytest.raises(CallError, match=r"'b.py' in '.*' is not what it was when the"):
        world.servicer.create(FILES, inputs)
    assert _on(world, volume) == set()


def test_another_path_gets_its_files_before_the_old_one_loses_them(
    world: ModalWorld, volume: Object, mirror: Callable[..., dict[str, Any]]
) -> None:
    """A replacement makes first and deletes then (see `diff`)."""
    old = world.servicer.create(FILES, mirror({"a.py": "a"}, path="old"))
    moved = mirror({"a.py": "a"}, path="new")
    assert world.servicer.diff(old, moved)[1] == ["path"]
    world.servicer.create(FILES, moved)
    assert _on(world, volume) == {"old/a.py", "new/a.py"}
    world.servicer.delete(old)
    assert _on(world, volume) == {"new/a.py"}


def test_files_survive_the_renaming_of_their_environment(
    world: ModalWorld, unique: str, mirror: Callable[..., dict[str, Any]]
) -> None:
    """The replacement that follows neither removes nor sends anything."""
    made = world.servicer.create(ENVIRONMENT, {"name": unique})
    there = {"environment_name": unique}
    volume = world.servicer.create(VOLUME, {"name": "data", **there})
    inputs = mirror({"a.py": "a"}, volume_id=volume.id, **there)
    old = world.servicer.create(FILES, inputs)
    world.servicer.update(made, {"name": f"{unique}-new"})
    world.servicer.delete(old)
    assert _on(world, volume) == {"a.py"}
    with world.recording() as calls:
        moved = {**inputs, "environment_name": f"{unique}-new"}
        new = world.servicer.create(FILES, moved)
    assert new.id == old.id
    assert "VolumePutFiles" not in [call.path for call in calls]


def test_files_are_gone_with_their_volume(
    world: ModalWorld, volume: Object, mirror: Callable[..., dict[str, Any]]
) -> None:
    """A read says so, and a delete finds nothing to do."""
    made = world.servicer.create(FILES, mirror({"a.py": "a"}))
    world.call("rpc", "VolumeDelete", {"volume_id": volume.id})
    assert world.servicer.read(made) is None
    world.servicer.delete(made)


@pytest.mark.parametrize("version", [1, 2])
def test_files_of_every_size_arrive_whole(
    world: ModalWorld, unique: str, tmp_path: Path, version: int
) -> None:
    """Below and above what goes into a message, and over the border of a block."""
    volume = world.make(VOLUME, {"name": unique, "version": version})
    for size in (0, 1, 4 * MEBIBYTE - 1, 4 * MEBIBYTE, 8 * MEBIBYTE + 1):
        (tmp_path / f"{size}.bin").write_bytes(os.urandom(size))
    (tmp_path / "zeros.bin").write_bytes(bytes(8 * MEBIBYTE))
    (tmp_path / "ends.bin").write_bytes(b"1" + bytes(8 * MEBIBYTE))
    (tmp_path / "twin.bin").write_bytes((tmp_path / "1.bin").read_bytes())
    inputs = {**world.place, **told(tmp_path), "volume_id": volume.id, "verify": "full"}
    made = world.servicer.create(FILES, inputs)
    live = world.servicer.read(made)
    assert live is not None
    assert live.inputs == made.inputs
    (tmp_path / "1.bin").write_bytes(b"2")
    updated = world.servicer.update(made, {**inputs, **told(tmp_path)})
    live = world.servicer.read(updated)
    assert live is not None
    assert live.inputs == updated.inputs
    world.servicer.delete(updated)
    assert world.servicer.read(updated) is None
