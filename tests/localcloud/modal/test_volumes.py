"""Volumes of both versions: as objects, and as trees of files."""

from __future__ import annotations

import hashlib
import io
import os

import modal
import pytest
from modal.exception import (
    AlreadyExistsError,
    InvalidError,
    NotFoundError,
)
from modal.types import FileEntryType

MIB = 1024 * 1024


@pytest.fixture(params=[1, 2], ids=["v1", "v2"])
def volume(request, client, environment):
    """An empty volume of each version."""
    return modal.Volume.from_name(
        "vol",
        environment_name=environment,
        version=request.param,
        create_if_missing=True,
        client=client,
    ).hydrate()


def put(volume, files, *, force=False):
    with volume.batch_upload(force=force) as batch:
        for path, data in files.items():
            batch.put_file(io.BytesIO(data), path)


def read(volume, path):
    return b"".join(volume.read_file(path))


def listing(volume, path="/", *, recursive=True):
    return {entry.path for entry in volume.listdir(path, recursive=recursive)}


@pytest.mark.parametrize(
    "size",
    [0, 1, 4 * MIB - 64, 4 * MIB - 1, 4 * MIB, 8 * MIB - 1, 8 * MIB, 8 * MIB + 1],
)
def test_files_of_every_size_come_back_as_they_went(volume, tmp_path, size):
    """Content survives at every border: inline, blob, one block, several parts."""
    data = os.urandom(size)
    (tmp_path / "f").write_bytes(data)
    with volume.batch_upload() as batch:
        batch.put_file(tmp_path / "f", "/d/f")
    assert hashlib.sha256(read(volume, "d/f")).digest() == hashlib.sha256(data).digest()
    (entry,) = volume.listdir("d")
    assert (entry.path, entry.size, entry.type) == ("d/f", size, FileEntryType.FILE)


@pytest.mark.parametrize(
    "data",
    [
        bytes(100),
        bytes(8 * MIB),
        b"x" + bytes(9 * MIB),
        bytes(8 * MIB) + b"end",
        bytes(16 * MIB),
    ],
    ids=["small", "a block", "zero tail", "zero head", "two blocks"],
)
def test_zero_bytes_are_neither_lost_nor_added(volume, data):
    """Blocks are stored without their trailing zeros; readers get them all the same."""
    put(volume, {"zeros": data})
    assert read(volume, "zeros") == data
    assert volume.listdir("zeros")[0].size == len(data)


def test_listings_show_directories_and_honour_recursion(volume):
    """A listing has the directories on the way, without leading slashes."""
    put(volume, {"a.txt": b"1", "d/b.txt": b"2", "d/e/c.txt": b"3"})
    assert listing(volume, recursive=False) == {"a.txt", "d"}
    assert listing(volume) == {"a.txt", "d", "d/b.txt", "d/e", "d/e/c.txt"}
    assert listing(volume, "/d", recursive=False) == {"d/b.txt", "d/e"}
    assert listing(volume, "d/b.txt") == {"d/b.txt"}
    kinds = {entry.path: entry.type for entry in volume.listdir("/", recursive=True)}
    assert kinds["d/e"] == FileEntryType.DIRECTORY
    with pytest.raises(NotFoundError):
        volume.listdir("absent")


def test_directory_name_is_no_prefix_of_its_siblings(volume):
    """Listing or removing `d` leaves `d.txt`, `d-x` and `d0` alone."""
    put(volume, {"d/f": b"1", "d.txt": b"2", "d-x/f": b"3", "d0": b"4"})
    assert listing(volume, "d") == {"d/f"}
    volume.remove_file("d", recursive=True)
    assert listing(volume) == {"d.txt", "d-x", "d-x/f", "d0"}


def test_overwriting_needs_force_and_a_batch_is_atomic(volume):
    """Without force a taken path fails the batch as a whole."""
    put(volume, {"f": b"old"})
    with pytest.raises(FileExistsError):
        put(volume, {"new": b"1", "f": b"2"})
    assert listing(volume) == {"f"}
    put(volume, {"new": b"1", "f": b"2"}, force=True)
    assert read(volume, "f") == b"2"


def test_path_is_never_both_file_and_directory(volume):
    """Neither can take the other's place, forced or not."""
    put(volume, {"d/f": b"1", "g": b"2"})
    with pytest.raises(FileExistsError):
        put(volume, {"d": b"3"}, force=True)
    with pytest.raises(InvalidError):
        put(volume, {"g/h": b"4"}, force=True)
    assert listing(volume) == {"d", "d/f", "g"}


def test_removal_of_directories_must_be_recursive(volume):
    """A file goes at once, a directory only recursively, an absent path never."""
    put(volume, {"d/f": b"1", "g": b"2"})
    volume.remove_file("g")
    with pytest.raises(InvalidError):
        volume.remove_file("d")
    volume.remove_file("d", recursive=True)
    assert listing(volume) == set()
    with pytest.raises(FileNotFoundError):
        volume.remove_file("d", recursive=True)


def test_reading_what_is_not_a_file_fails(volume):
    """An absent path is FileNotFoundError; a directory is invalid."""
    put(volume, {"d/f": b"1"})
    with pytest.raises(FileNotFoundError):
        read(volume, "absent")
    with pytest.raises(InvalidError):
        read(volume, "d")


def test_paths_cannot_leave_the_volume(volume):
    """Dots are resolved inside the volume."""
    put(volume, {"/d/../e/./f": b"1"})
    assert listing(volume) == {"e", "e/f"}
    assert read(volume, "../../e/f") == b"1"


def test_copies_follow_cp(volume):
    """Into a directory, to a new name, and several only into a directory."""
    put(volume, {"a": b"1", "b": b"2", "d/c": b"3"})
    volume.copy_files(["a"], "a2")
    volume.copy_files(["a", "b"], "d")
    assert listing(volume) == {"a", "a2", "b", "d", "d/a", "d/b", "d/c"}
    assert read(volume, "d/b") == b"2"
    with pytest.raises(InvalidError):
        volume.copy_files(["a", "b"], "absent")
    with pytest.raises(NotFoundError):
        volume.copy_files(["absent"], "x")


def test_version_two_copies_directories(client, environment):
    """Directories are copied recursively, and not otherwise."""
    volume = modal.Volume.from_name(
        "v",
        environment_name=environment,
        version=2,
        create_if_missing=True,
        client=client,
    ).hydrate()
    put(volume, {"d/e/f": b"1"})
    with pytest.raises(InvalidError):
        volume.copy_files(["d"], "d2")
    volume.copy_files(["d"], "d2", recursive=True)
    assert read(volume, "d2/e/f") == b"1"


def test_directory_upload_and_many_files(volume, tmp_path):
    """A folder of many files arrives whole, below the given path."""
    for number in range(300):
        path = tmp_path / f"d{number % 7}" / f"f{number}"
        path.parent.mkdir(exist_ok=True)
        path.write_text(str(number))
    with volume.batch_upload() as batch:
        batch.put_directory(tmp_path, "/root")
    entries = volume.listdir("/", recursive=True)
    assert sum(entry.type == FileEntryType.FILE for entry in entries) == 300
    assert read(volume, "root/d3/f10") == b"10"


def test_rename_keeps_the_id_and_the_content(client, environment, volume):
    """A renamed volume is the same object under another name, if that is free."""
    put(volume, {"f": b"1"})
    modal.Volume.rename("vol", "vol2", environment_name=environment, client=client)
    renamed = modal.Volume.from_name(
        "vol2", environment_name=environment, client=client
    ).hydrate()
    assert renamed.object_id == volume.object_id
    assert read(renamed, "f") == b"1"
    modal.Volume.objects.create("taken", environment_name=environment, client=client)
    with pytest.raises(AlreadyExistsError):
        modal.Volume.rename(
            "vol2", "taken", environment_name=environment, client=client
        )


def test_version_is_fixed_at_creation(client, environment):
    """The default is version 1; asking for another one later is the client's error."""
    modal.Volume.objects.create("v", environment_name=environment, client=client)
    for version, fails in [(None, False), (1, False), (2, True)]:
        found = modal.Volume.from_name(
            "v", environment_name=environment, version=version, client=client
        )
        if fails:
            with pytest.raises(InvalidError, match="version v1"):
                found.hydrate()
        else:
            assert found.hydrate().info().name == "v"


def test_deleted_volume_is_gone_with_its_content(client, environment, volume):
    """A new volume of the same name starts empty."""
    put(volume, {"f": b"1"})
    modal.Volume.objects.delete("vol", environment_name=environment, client=client)
    with pytest.raises(NotFoundError):
        volume.listdir("/")
    again = modal.Volume.from_name(
        "vol", environment_name=environment, create_if_missing=True, client=client
    ).hydrate()
    assert again.listdir("/") == []


def test_ephemeral_volume_has_no_name_and_lives_while_it_is_used(client):
    """An ephemeral volume is in no listing and works as any other."""
    with modal.Volume.ephemeral(client=client) as volume:
        put(volume, {"f": b"1"})
        assert read(volume, "f") == b"1"
        names = [one.name for one in modal.Volume.objects.list(client=client)]
        assert volume.object_id not in names
        assert modal.Volume.from_id(volume.object_id, client=client).info().name is None
