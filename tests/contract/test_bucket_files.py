"""The traps of files in buckets: dates, versions, runs cut short, and other people."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.mirrors import told, write
from tests.support.servicer import CallError, Servicer
from tests.support.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.contract.conftest import Worlds
    from tests.support.proxy import Call
    from tests.support.s3_world import S3World
    from tests.support.servicer import Object

BUCKET = "s3:Bucket"
FILES = "s3:BucketFiles"
MEBIBYTE = 1024 * 1024

Mirror = Callable[..., dict[str, Any]]


@pytest.fixture
def world(worlds: Worlds) -> S3World:
    """Return an account."""
    return worlds.of(FILES)


@pytest.fixture
def bucket(world: S3World, unique: str) -> str:
    """Return the name of an empty bucket that keeps versions."""
    inputs = {"name": unique, "versioning": True, "force_destroy": True}
    return str(world.make(BUCKET, inputs).outputs["name"])


@pytest.fixture
def mirror(bucket: str, tmp_path: Path) -> Mirror:
    """Return what makes the inputs of a mirror: it has these files, and no others."""

    def inputs(files: dict[str, str], **more: Any) -> dict[str, Any]:
        folder = write(tmp_path / str(len([*tmp_path.iterdir()])), files)
        return {**told(folder, mode=False), "bucket": bucket, **more}

    return inputs


def _put(world: S3World, bucket: str, key: str, text: str) -> None:
    where = {"Bucket": bucket, "Key": key}
    world.call("s3", "put_object", {**where, "Body": text.encode()})


def _keys(world: S3World, bucket: str) -> set[str]:
    listed = world.call("s3", "list_objects_v2", {"Bucket": bucket})
    return {one["Key"] for one in listed.get("Contents", ())}


def _text(world: S3World, bucket: str, key: str, **version: str) -> str:
    where = {"Bucket": bucket, "Key": key, **version}
    return str(world.call("s3", "get_object", where)["Body"].read().decode())


def _of(calls: list[Call], method: str) -> list[str]:
    """Return the keys that were asked for by a method; a listing asks for none."""
    found = [call.path[1:].partition("/")[2] for call in calls if call.method == method]
    return [path.partition("?x-id=")[0] for path in found if path]


def test_a_same_size_edit_with_an_old_date_is_sent(
    world: S3World, bucket: str, mirror: Mirror, tmp_path: Path
) -> None:
    """What `aws s3 sync` misses: checkouts and zips set the dates of their files."""
    made = world.servicer.create(FILES, mirror({"a.py": "x = 1", "b.py": "y = 1"}))
    edited = tmp_path / "0" / "a.py"
    edited.write_text("x = 2")
    os.utime(edited, (1, 1))
    wanted = {**made.inputs, **told(tmp_path / "0", mode=False)}
    assert world.servicer.diff(made, wanted) == (["files"], [])
    with world.recording() as calls:
        world.servicer.update(made, wanted)
    assert _of(calls, "PUT") == ["a.py"]
    assert _text(world, bucket, "a.py") == "x = 2"


def test_files_that_did_not_change_are_neither_read_nor_sent(
    world: S3World, mirror: Mirror
) -> None:
    """One changed file of many costs what one costs; a refresh only lists."""
    files = {f"{i}.py": f"print({i})" for i in range(30)}
    made = world.servicer.create(FILES, mirror(files))
    with world.recording() as calls:
        made = world.servicer.update(made, mirror({**files, "7.py": "changed"}))
    assert _of(calls, "PUT") == ["7.py"]
    assert len(calls) == 1
    with world.recording() as calls:
        assert world.servicer.read(made) is not None
    assert [call.method for call in calls] == ["GET"]
    assert _of(calls, "GET") == []


def test_files_are_put_first_and_removed_last(
    world: S3World, bucket: str, mirror: Mirror
) -> None:
    """Whoever reads meanwhile finds old files or new ones, and never none."""
    made = world.servicer.create(FILES, mirror({"old.py": "", "same.py": "s"}))
    with world.recording() as calls:
        world.servicer.update(made, mirror({"new.py": "", "same.py": "s"}))
    assert [call.method for call in calls if call.writes] == ["PUT", "POST"]
    assert _keys(world, bucket) == {"new.py", "same.py"}


def test_versions_let_one_undo(world: S3World, bucket: str, mirror: Mirror) -> None:
    """What was replaced, what was removed and what was destroyed can be had back."""
    made = world.servicer.create(FILES, mirror({"a.py": "1", "b.py": "1"}))
    made = world.servicer.update(made, mirror({"a.py": "2"}))
    world.servicer.delete(made)
    assert _keys(world, bucket) == set()
    listed = world.call("s3", "list_object_versions", {"Bucket": bucket})
    kept = {
        (one["Key"], _text(world, bucket, one["Key"], VersionId=one["VersionId"]))
        for one in listed["Versions"]
    }
    assert kept == {("a.py", "1"), ("a.py", "2"), ("b.py", "1")}


def test_an_interrupted_create_is_taken_up(
    world: S3World, bucket: str, mirror: Mirror
) -> None:
    """What it has put is told by its ETag, neither read nor sent again."""
    _put(world, bucket, "dags/a.py", "a")
    wanted = mirror({"a.py": "a", "b.py": "b"}, prefix="dags/")
    with world.recording() as calls:
        made = world.servicer.create(FILES, wanted)
    assert _of(calls, "PUT") == ["dags/b.py"]
    assert _of(calls, "GET") == _of(calls, "HEAD") == []
    live = world.servicer.read(made)
    assert live is not None
    assert live.inputs == made.inputs


def test_a_killed_upload_is_taken_up(
    world: S3World, bucket: str, mirror: Mirror
) -> None:
    """What the dead process has put is not sent again, whatever it was doing."""
    wanted = mirror({f"{i}.py": f"print({i})" for i in range(400)})
    killed = Servicer(world.env)
    with world.recording() as calls, ThreadPoolExecutor() as pool:
        create = pool.submit(killed.create, FILES, wanted)
        until(lambda: len(_keys(world, bucket)) > 20, what="an upload")
        killed._process.kill()
        with pytest.raises(CallError):
            create.result()
    killed.close()
    there = len(_keys(world, bucket))
    assert len(_of(calls, "PUT")) < 400
    with world.recording() as calls:
        world.servicer.create(FILES, wanted)
    assert 0 < len(_of(calls, "PUT")) <= 400 - there
    assert len(_keys(world, bucket)) == 400


def test_an_interrupted_update_is_taken_up(
    world: S3World, bucket: str, mirror: Mirror
) -> None:
    """The state is the old one, and part of the new files are there already.

    Of many files that is looked up; a few are sent again, which takes less.
    """
    names = [f"{i}.py" for i in range(150)]
    made = world.servicer.create(FILES, mirror(dict.fromkeys(names, "1")))
    for name in names[:5]:
        _put(world, bucket, name, "2")
    with world.recording() as calls:
        made = world.servicer.update(made, mirror(dict.fromkeys(names, "2")))
    assert sorted(_of(calls, "PUT")) == sorted(names[5:])
    live = world.servicer.read(made)
    assert live is not None
    assert live.inputs == made.inputs


def test_a_lost_answer_to_an_upload_is_no_failure(
    world: S3World, bucket: str, mirror: Mirror
) -> None:
    """It is sent once more, and the file is there once."""
    wanted = mirror({f"{i}.py": str(i) for i in range(20)})
    world.lose_one_answer(lambda call: call.path.endswith("7.py"))
    made = world.servicer.create(FILES, wanted)
    assert len(_keys(world, bucket)) == 20
    live = world.servicer.read(made)
    assert live is not None
    assert live.inputs == made.inputs


def test_other_files_are_not_removed_by_surprise(
    world: S3World, bucket: str, mirror: Mirror
) -> None:
    """A prefix in use is refused; `adopt` gives up what is there and differs."""
    for key, text in {"a.py": "a", "theirs.csv": "1,2,3"}.items():
        _put(world, bucket, key, text)
    wanted = mirror({"a.py": "a", "b.py": "b"})
    with pytest.raises(CallError, match="already there and differs in files; set adop"):
        world.servicer.create(FILES, wanted)
    assert _keys(world, bucket) == {"a.py", "theirs.csv"}
    with world.recording() as calls:
        world.servicer.create(FILES, {**wanted, "adopt": True})
    assert _of(calls, "PUT") == ["b.py"]
    assert _keys(world, bucket) == {"a.py", "b.py"}


def test_what_was_put_again_is_no_drift(
    world: S3World, bucket: str, mirror: Mirror, tmp_path: Path
) -> None:
    """Another ETag and the same content, as with KMS: told by S3's checksum, or read.

    And not by the folder, which may have moved on by then.
    """
    made = world.servicer.create(FILES, mirror({"ours.py": "1", "theirs.py": "1"}))
    _put(world, bucket, "theirs.py", "1")
    for path in made.outputs["stamps"]:
        made.outputs["stamps"][path] = "another"
    write(tmp_path / "0", {"ours.py": "2", "theirs.py": "2"})
    with world.recording() as calls:
        live = world.servicer.read(made)
    assert live is not None
    assert live.inputs == made.inputs
    assert sorted(_of(calls, "HEAD")) == ["ours.py", "theirs.py"]
    assert _of(calls, "GET") == ["theirs.py"]


def test_drift_is_the_files_that_changed(
    world: S3World, bucket: str, mirror: Mirror
) -> None:
    """By name, whatever keys people think of; the next `up` has the folder again."""
    files = {"a.py": "1", "b.py": "1"}
    made = world.servicer.create(FILES, mirror(files))
    for key, text in {"a.py": "2", "odd//key": "", "../x": "", "folder/": ""}.items():
        _put(world, bucket, key, text)
    live = world.servicer.read(made)
    assert live is not None
    assert live.inputs["files"].keys() == {"a.py", "b.py", "odd//key", "../x"}
    assert live.inputs["files"]["b.py"] == made.inputs["files"]["b.py"]
    again = world.servicer.read(live)
    assert again is not None
    repaired = world.servicer.update(again, made.inputs)
    assert _keys(world, bucket) == {"a.py", "b.py", "folder/"}  # a marker is no file
    assert repaired.outputs["files"] == made.outputs["files"]


def test_deletion_leaves_what_others_put(
    world: S3World, bucket: str, mirror: Mirror
) -> None:
    """Neither objects beside ours go, nor ours that somebody has overwritten."""
    made = world.servicer.create(FILES, mirror({"a.py": "a", "b.py": "b", "c.log": ""}))
    for key in ("b.py", "theirs.py", "__pycache__/a.pyc"):
        _put(world, bucket, key, "theirs")
    world.servicer.delete(made)
    assert _keys(world, bucket) == {"b.py", "theirs.py", "__pycache__/a.pyc"}


def test_what_is_ignored_is_left_alone_in_the_bucket(
    world: S3World, bucket: str, mirror: Mirror
) -> None:
    """A mounted bucket gets caches beside what is imported: no drift, not removed."""
    made = world.servicer.create(FILES, mirror({"a.py": "a"}, ignore=["*.log"]))
    theirs = {"__pycache__/a.pyc", "today.log"}
    for key in theirs:
        _put(world, bucket, key, "theirs")
    live = world.servicer.read(made)
    assert live is not None
    assert live.inputs == made.inputs
    world.servicer.update(live, mirror({"b.py": "b"}, ignore=["*.log"]))
    assert _keys(world, bucket) == {"b.py", *theirs}


def test_many_files_are_removed_a_thousand_a_call(
    world: S3World, mirror: Mirror
) -> None:
    """Those already gone are no failure."""
    made = world.servicer.create(FILES, mirror({"a.py": "a"}))
    known = made.outputs["files"]
    made.outputs["files"] = {**known, **{f"{i}": known["a.py"] for i in range(2001)}}
    with world.recording() as calls:
        world.servicer.update(made, made.inputs)
    assert [call.method for call in calls] == ["POST", "POST", "POST"]


def test_what_may_not_be_removed_is_one_sentence(
    world: S3World, bucket: str, mirror: Mirror
) -> None:
    """S3 answers with success and a list of refusals, which is easily overlooked."""
    made = world.servicer.create(FILES, mirror({"a.py": "a", "kept.py": "k"}))
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:DeleteObject",
        "Resource": f"arn:aws:s3:::{bucket}/kept.py",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    world.call("s3", "put_bucket_policy", {"Bucket": bucket, "Policy": policy})
    with pytest.raises(
        CallError, match=r"AWS does not delete 'kept.py' \(AccessDenied"
    ):
        world.servicer.delete(made)
    assert _keys(world, bucket) == {"kept.py"}


def test_what_changed_since_the_plan_is_not_put(
    world: S3World, bucket: str, mirror: Mirror, tmp_path: Path
) -> None:
    """The bucket gets what was approved, or nothing."""
    inputs = mirror({"a.py": "a", "b.py": "b"})
    (tmp_path / "0" / "b.py").write_text("c")
    with pytest.raises(CallError, match=r"'b.py' in '.*' is not what it was when the"):
        world.servicer.create(FILES, inputs)
    assert _keys(world, bucket) == set()


def test_another_prefix_gets_its_files_before_the_old_one_loses_them(
    world: S3World, bucket: str, mirror: Mirror
) -> None:
    """A replacement makes first and deletes then (see `diff`)."""
    old = world.servicer.create(FILES, mirror({"a.py": "a"}, prefix="old/"))
    moved = mirror({"a.py": "a"}, prefix="new/")
    assert world.servicer.diff(old, moved)[1] == ["prefix"]
    world.servicer.create(FILES, moved)
    assert _keys(world, bucket) == {"old/a.py", "new/a.py"}
    world.servicer.delete(old)
    assert _keys(world, bucket) == {"new/a.py"}


def test_prefixes_are_apart(world: S3World, bucket: str, mirror: Mirror) -> None:
    """`dags/` has nothing to do with `dags-old/`."""
    one = world.servicer.create(FILES, mirror({"a.py": "a"}, prefix="dags/"))
    two = world.servicer.create(FILES, mirror({"a.py": "b"}, prefix="dags-old/"))
    for made in (one, two):
        live = world.servicer.read(made)
        assert live is not None
        assert live.inputs == made.inputs
    world.servicer.delete(one)
    assert _keys(world, bucket) == {"dags-old/a.py"}


def test_keys_may_have_any_characters(
    world: S3World, bucket: str, mirror: Mirror
) -> None:
    """What a URL or XML would write otherwise arrives as it is."""
    names = {"a b+c%20d.py", "é&<>'\"#?.py", "=;,@:$.py", "~!*().py"}
    made = world.servicer.create(FILES, mirror(dict.fromkeys(names, "x")))
    assert _keys(world, bucket) == names
    live = world.servicer.read(made)
    assert live is not None
    assert live.inputs == made.inputs
    world.servicer.delete(made)
    assert _keys(world, bucket) == set()


def test_a_large_file_goes_in_parts_and_is_known_by_its_etag(
    world: S3World, mirror: Mirror, tmp_path: Path
) -> None:
    """Another run neither sends it again nor reads it back to adopt it."""
    inputs = mirror({"small": "s"})
    with (tmp_path / "0" / "large").open("wb") as large:
        large.truncate(65 * MEBIBYTE)
    inputs |= told(tmp_path / "0", mode=False)
    made = world.servicer.create(FILES, inputs)
    assert made.outputs["stamps"]["large"].endswith("-2")
    with world.recording() as calls:
        adopted = world.another.create(FILES, inputs)
    assert adopted.outputs["stamps"] == made.outputs["stamps"]
    assert {call.method for call in calls} == {"GET"}
    assert _of(calls, "GET") == []


def test_files_are_gone_with_their_bucket(
    world: S3World, unique: str, mirror: Mirror
) -> None:
    """A read says so, a delete has nothing to do, and a create says what is missing."""
    name = f"{unique}-gone"
    world.call("s3", "create_bucket", {"Bucket": name})
    inputs = mirror({"a.py": "a"}, bucket=name)
    made: Object = world.servicer.create(FILES, inputs)
    world.call("s3", "delete_object", {"Bucket": name, "Key": "a.py"})
    world.call("s3", "delete_bucket", {"Bucket": name})
    assert world.servicer.read(made) is None
    world.servicer.delete(made)
    with pytest.raises(CallError, match="NoSuchBucket"):
        world.servicer.create(FILES, inputs)
